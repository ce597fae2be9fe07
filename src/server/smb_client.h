/* SPDX-License-Identifier: MIT */
/* Inside the SMB door: one connection, its log-ons, its sessions in the table. */
#ifndef SERVER_SMB_CLIENT_H
#define SERVER_SMB_CLIENT_H

#include "auth/acceptor.h"
#include "net/listener.h"
#include "net/stream.h"
#include "server/freshness.h"
#include "service/service.h"
#include "smbserver/smbserver.h"

/* What the connections of a door have in common. */
struct smb_clients {
	struct net_loop *loop;
	struct service *service;
	struct freshness *freshness;
	struct smbserver_settings smb;
	struct auth_acceptance *acceptance; /* held */
	struct smb_client *first;
	unsigned count;
	bool is_draining;
	void (*one_left)(void *context); /* count went down */
	void *context;
};

struct smb_client;

/* Takes socket. Without memory it is closed. */
void smb_client_start(struct smb_clients *all, int socket);
/* At once. */
void smb_client_end(struct smb_client *client);
/* Ends it if nothing of an answer is left to be sent. */
void smb_client_end_if_answered(struct smb_client *client);
struct smb_client *smb_client_next(const struct smb_client *client);
/* Since when nothing happens that counts: it was last heard of, or, where nobody is logged on, it
 * came or the last one left. */
int64_t smb_client_idle_since_ms(const struct smb_client *client);
bool smb_client_has_logged_on(const struct smb_client *client);

#endif
