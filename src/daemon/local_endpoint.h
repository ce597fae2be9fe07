/* SPDX-License-Identifier: MIT */
/* The local endpoint: a Unix socket at which programs of this computer ask in plain DCE/RPC. The
 * kernel tells which user a program belongs to. */
#ifndef DAEMON_LOCAL_ENDPOINT_H
#define DAEMON_LOCAL_ENDPOINT_H

#include "base/err.h"
#include "daemon/refresh.h"
#include "net/loop.h"
#include "srvsvc/server.h"

struct local_endpoint_settings {
	const char *path; /* of the socket; borrowed */
	int socket;       /* one that listens already instead, taken; -1: none */
	/* More are refused. One user other than root may have a quarter of them; an eighth is for
	 * root and for users who may list sessions. */
	unsigned max_connections;
	uint32_t idle_timeout_s; /* after which a connection without a call is closed */
};

struct local_endpoint;

/* Begins to listen. Keeps loop, service and refresh. NULL: see err. */
struct local_endpoint *local_endpoint_new(struct net_loop *loop, struct srvsvc_server *service,
                                          struct refresh *refresh,
                                          const struct local_endpoint_settings *settings,
                                          struct err *err);
/* New settings, for existing connections, too; the socket stays as it was. The callers are looked
 * up again. */
void local_endpoint_configure(struct local_endpoint *e,
                              const struct local_endpoint_settings *settings);
/* Accepts no more connections, and closes each one when its calls are answered. */
void local_endpoint_drain(struct local_endpoint *e);
/* How many connections there are. */
unsigned local_endpoint_connections(const struct local_endpoint *e);
/* Closes all at once. NULL is allowed. */
void local_endpoint_free(struct local_endpoint *e);

#endif
