/* SPDX-License-Identifier: MIT */
/* The local door: a Unix socket by which programs of this computer ask, in plain DCE/RPC. The
 * kernel says who they are. */
#ifndef DAEMON_LOCAL_ENDPOINT_H
#define DAEMON_LOCAL_ENDPOINT_H

#include "base/err.h"
#include "net/loop.h"
#include "daemon/refresh.h"
#include "srvsvc/server.h"

struct local_endpoint_settings {
	const char *path;         /* of the socket; borrowed */
	int socket;               /* that listens there already, taken; -1: none */
	unsigned max_connections; /* more wait; one user but root has a quarter of them at most */
	uint32_t idle_timeout_s;  /* after which a connection is closed on which nothing is asked */
};

struct local_endpoint;

/* Begins to listen. Keeps loop, service and freshness. NULL: see err. */
struct local_endpoint *local_endpoint_new(struct net_loop *loop, struct srvsvc_server *service,
                                          struct refresh *freshness,
                                          const struct local_endpoint_settings *settings,
                                          struct err *err);
/* New settings, for who is there too; where it listens stays as it was. */
void local_endpoint_configure(struct local_endpoint *d,
                              const struct local_endpoint_settings *settings);
/* No more callers; each one's connection ends when it has been answered. */
void local_endpoint_drain(struct local_endpoint *d);
/* Those that are there. */
unsigned local_endpoint_connections(const struct local_endpoint *d);
/* At once. NULL is allowed. */
void local_endpoint_free(struct local_endpoint *d);

#endif
