/* SPDX-License-Identifier: MIT */
/* The feed door: a Unix socket by which file servers of this computer publish their sessions. The
 * kernel says who they are, the access policy whether they may. */
#ifndef DAEMON_PUBLISH_ENDPOINT_H
#define DAEMON_PUBLISH_ENDPOINT_H

#include <stdbool.h>
#include "base/err.h"
#include "net/loop.h"
#include "daemon/refresh.h"
#include "srvsvc/server.h"

struct publish_endpoint_settings {
	const char *path;                   /* of the socket; borrowed */
	int socket;                         /* that listens there already, taken; -1: none */
	unsigned max_publishers;            /* more are refused: ERROR_REQ_NOT_ACCEP */
	uint32_t max_sessions_of_publisher; /* of those that come from now on */
	uint32_t max_changes_per_s;         /* of one feeder; what comes faster waits */
};

struct publish_endpoint;

/* Begins to listen. Keeps loop, service and freshness. NULL: see err. */
struct publish_endpoint *publish_endpoint_new(struct net_loop *loop, struct srvsvc_server *service,
                                              struct refresh *freshness,
                                              const struct publish_endpoint_settings *settings,
                                              struct err *err);
/* New settings, for who is there too, but for max_sessions_per_feeder; where it listens stays as it
 * was. Those whom the service's policy does not let feed any more are sent away. */
void publish_endpoint_configure(struct publish_endpoint *d,
                                const struct publish_endpoint_settings *settings);
/* No more feeders; those that are there are sent away, and their sessions go. */
void publish_endpoint_drain(struct publish_endpoint *d);
/* Those that feed, or whose sessions still go. */
unsigned publish_endpoint_connections(const struct publish_endpoint *d);
/* At once. NULL is allowed. */
void publish_endpoint_free(struct publish_endpoint *d);

#endif
