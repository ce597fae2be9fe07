/* SPDX-License-Identifier: MIT */
/* The feed door: a Unix socket by which file servers of this computer publish their sessions. The
 * kernel says who they are, the access policy whether they may. */
#ifndef SERVER_FEED_DOOR_H
#define SERVER_FEED_DOOR_H

#include <stdbool.h>
#include "base/err.h"
#include "net/loop.h"
#include "server/freshness.h"
#include "service/service.h"

struct feed_door_settings {
	const char *path;                 /* of the socket; borrowed */
	int socket;                       /* that listens there already, taken; -1: none */
	unsigned max_feeders;             /* more are refused: ERROR_REQ_NOT_ACCEP */
	uint32_t max_sessions_per_feeder; /* of those that come from now on */
	uint32_t max_changes_per_s;       /* of one feeder; what comes faster waits */
};

struct feed_door;

/* Begins to listen. Keeps loop, service and freshness. NULL: see err. */
struct feed_door *feed_door_new(struct net_loop *loop, struct service *service,
                                struct freshness *freshness,
                                const struct feed_door_settings *settings, struct err *err);
/* New settings, for who is there too, but for max_sessions_per_feeder; where it listens stays as it
 * was. Those whom the service's policy does not let feed any more are sent away. */
void feed_door_configure(struct feed_door *d, const struct feed_door_settings *settings);
/* No more feeders; those that are there are sent away, and their sessions go. */
void feed_door_drain(struct feed_door *d);
/* Those that feed, or whose sessions still go. */
unsigned feed_door_connections(const struct feed_door *d);
/* At once. NULL is allowed. */
void feed_door_free(struct feed_door *d);

#endif
