/* SPDX-License-Identifier: MIT */
/* Inside the SMB door: one connection, its log-ons, its sessions in the table. */
#ifndef DAEMON_SMB_CONNECTION_H
#define DAEMON_SMB_CONNECTION_H

#include "auth/acceptor.h"
#include "net/listener.h"
#include "net/stream.h"
#include "daemon/refresh.h"
#include "srvsvc/server.h"
#include "smb2_server/server.h"

/* What the connections of a door have in common. */
struct smb_connections {
	struct net_loop *loop;
	struct srvsvc_server *service;
	struct refresh *refresh;
	struct smb2_server_settings smb;
	struct auth_acceptor_settings *acceptor_settings; /* held */
	struct smb_connection *first;
	unsigned count;
	bool is_draining;
	void (*connection_ended)(void *context); /* count went down */
	void *context;
};

struct smb_connection;

/* Takes socket. Without memory it is closed. */
void smb_connection_start(struct smb_connections *all, int socket);
/* At once. */
void smb_connection_end(struct smb_connection *client);
/* Ends it if nothing of an answer is left to be sent. */
void smb_connection_end_if_answered(struct smb_connection *client);
struct smb_connection *smb_connection_next(const struct smb_connection *client);
/* Since when nothing happens that counts: it was last heard of, or, where nobody is logged on, it
 * came or the last one left. */
int64_t smb_connection_idle_since_ms(const struct smb_connection *client);
bool smb_connection_has_session(const struct smb_connection *client);

#endif
