/* SPDX-License-Identifier: MIT */
/* The SMB door: remote callers log on, open the pipe srvsvc of IPC$, and are themselves the first
 * sessions of the table. */
#ifndef SERVER_SMB_DOOR_H
#define SERVER_SMB_DOOR_H

#include <sys/socket.h>
#include "auth/acceptor.h"
#include "base/err.h"
#include "net/loop.h"
#include "server/freshness.h"
#include "service/service.h"
#include "smbserver/smbserver.h"

#define SMB_DOOR_MAX_LISTENERS 16

struct smb_door_settings {
	/* Where it listens. It listens at sockets that are given, taken, instead of addresses. */
	struct sockaddr_storage addresses[SMB_DOOR_MAX_LISTENERS];
	unsigned address_count;
	int sockets[SMB_DOOR_MAX_LISTENERS];
	unsigned socket_count;

	unsigned max_connections; /* more wait */
	uint32_t idle_timeout_s;  /* after which a connection is closed on which nothing is asked */
	enum smbserver_encryption encryption;
	struct auth_acceptance *acceptance; /* held */
};

struct smb_door;

/* Begins to listen. Keeps loop, service and freshness. NULL: see err. */
struct smb_door *smb_door_new(struct net_loop *loop, struct service *service,
                              struct freshness *freshness, const struct smb_door_settings *settings,
                              struct err *err);
/* New settings, for connections and log-ons to come; where it listens stays as it was. */
void smb_door_configure(struct smb_door *d, const struct smb_door_settings *settings);
/* No more connections; each one ends when it has been answered. */
void smb_door_drain(struct smb_door *d);
/* Those that are there. */
unsigned smb_door_connections(const struct smb_door *d);
/* At once. NULL is allowed. */
void smb_door_free(struct smb_door *d);

#endif
