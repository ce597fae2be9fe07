/* SPDX-License-Identifier: MIT */
/* A file server at the feed door: its connection, and its sessions in the table. */
#ifndef SERVER_FEEDER_H
#define SERVER_FEEDER_H

#include <stdbool.h>
#include <sys/types.h>
#include "feed/key_map.h"
#include "feed/message.h"
#include "net/loop.h"
#include "net/stream.h"
#include "server/freshness.h"
#include "server/local_identity.h"
#include "service/service.h"

enum feeder_step {
	FEEDER_IDENTIFYING, /* who is it? */
	FEEDER_GREETING,    /* it has to say HELLO */
	FEEDER_FEEDING,
	FEEDER_LEAVING, /* its connection is gone, and its sessions go */
};

struct feeder_bounds {
	uint32_t max_sessions;
	uint32_t max_changes_per_s; /* what comes faster waits in the socket; 1 at least */
};

struct feeder;

struct feeder_handler {
	/* It has said HELLO. Returns 0, and the bounds: it may feed; else the status to refuse it
	 * with. */
	NET_API_STATUS (*asked)(void *context, struct feeder *f, struct feeder_bounds *bounds);
	/* Its sessions are gone, too, and so is f when this returns. */
	void (*gone)(void *context, struct feeder *f);
};

struct feeder {
	struct feeder *before, *next; /* the door's */
	uid_t uid;
	struct identity *who; /* NULL: not known yet */
	enum feeder_step step;
	char *name; /* by its HELLO */
	/* The rest is feeder.c's own. */
	struct net_loop *loop;
	struct service *service;
	const struct feeder_handler *handler;
	void *context;
	int socket; /* until it is known who that is; then -1 */
	struct local_identity_lookup *lookup;
	struct net_stream *stream;
	struct net_timer
		*timer; /* until HELLO is due; until it is read on; until more sessions go */
	struct net_timer *speak; /* when out is due */
	struct feeder_bounds bounds;
	struct feed_input input;
	struct wire_writer out;  /* what it is told next */
	uint32_t unacknowledged; /* bytes that it gets a TAKEN for */
	int64_t busy_until_us;   /* by its changes so far, of the service's clock */
	bool is_resting;         /* it was too fast */
	struct session_owner owner;
	struct freshness *freshness;
	struct freshness_source source; /* where it is to be asked */
	struct feed_key_map ids;        /* of its sessions in the table, by its own keys */
	struct feed_key_map groups;     /* of keys whose sessions end together with others */
	uint32_t removed_slots;         /* of ids: those before are gone */
};

/* Takes socket, also after a failure, at whose other end is uid; keeps the rest. NULL: out of
 * memory. */
struct feeder *feeder_new(struct net_loop *loop, struct service *service,
                          struct freshness *freshness, int socket, uid_t uid,
                          const struct feeder_handler *handler, void *context);
/* Ends the connection, for the reason that status says: gone is called when the sessions are gone,
 * too, which happens now if there are few. */
void feeder_end(struct feeder *f, NET_API_STATUS status);
/* All at once, and gone is not called. */
void feeder_free(struct feeder *f);

#endif
