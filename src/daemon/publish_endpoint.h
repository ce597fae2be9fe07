/* SPDX-License-Identifier: MIT */
/* The publish endpoint: a Unix socket at which file servers of this computer publish their
 * sessions. The kernel tells which user a file server runs as, and the access policy whether that
 * user may publish. */
#ifndef DAEMON_PUBLISH_ENDPOINT_H
#define DAEMON_PUBLISH_ENDPOINT_H

#include "base/err.h"
#include "daemon/refresh.h"
#include "net/loop.h"
#include "srvsvc/server.h"

/* Connections whose HELLO was not accepted yet. */
#define PUBLISH_ENDPOINT_MAX_PENDING 64

struct publish_endpoint_settings {
	const char *path;                   /* of the socket; borrowed */
	int socket;                         /* one that listens already instead, taken; -1: none */
	unsigned max_publishers;            /* more are refused: ERROR_REQ_NOT_ACCEP */
	uint32_t max_sessions_of_publisher; /* of those that connect from now on */
	uint32_t max_changes_per_s;         /* of one publisher; further changes wait */
	uint32_t hello_timeout_ms;          /* within which a client must send its HELLO */
};

struct publish_endpoint;

/* Begins to listen. Keeps loop, service and refresh. NULL: see err. */
struct publish_endpoint *publish_endpoint_new(struct net_loop *loop, struct srvsvc_server *service,
                                              struct refresh *refresh,
                                              const struct publish_endpoint_settings *settings,
                                              struct err *err);
/* New settings, for existing publishers, too, but for max_sessions_of_publisher; the socket stays
 * as it was. Publishers that the service's policy does not allow any more are disconnected. */
void publish_endpoint_configure(struct publish_endpoint *e,
                                const struct publish_endpoint_settings *settings);
/* Accepts no more publishers. Existing ones are disconnected, and their sessions removed. */
void publish_endpoint_drain(struct publish_endpoint *e);
/* How many publishers there are, with those whose sessions are still being removed. */
unsigned publish_endpoint_connections(const struct publish_endpoint *e);
/* Closes all at once. NULL is allowed. */
void publish_endpoint_free(struct publish_endpoint *e);

#endif
