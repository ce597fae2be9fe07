/* SPDX-License-Identifier: MIT */
/* A file server at the feed door: its connection, and its sessions in the table. */
#ifndef DAEMON_PUBLISHER_H
#define DAEMON_PUBLISHER_H

#include <stdbool.h>
#include <sys/types.h>
#include "sessions/key_map.h"
#include "local/publish_message.h"
#include "net/loop.h"
#include "net/stream.h"
#include "daemon/refresh.h"
#include "daemon/local_identity.h"
#include "srvsvc/server.h"

enum publisher_step {
	PUBLISHER_IDENTIFYING,    /* who is it? */
	PUBLISHER_AWAITING_HELLO, /* it has to say HELLO */
	PUBLISHER_OPEN,
	PUBLISHER_CLOSING, /* its connection is gone, and its sessions go */
};

struct publisher_bounds {
	uint32_t max_sessions;
	uint32_t max_changes_per_s; /* what comes faster waits in the socket; 1 at least */
};

struct publisher;

struct publisher_handler {
	/* It has said HELLO. Returns 0, and the bounds: it may feed; else the status to refuse it
	 * with. */
	NET_API_STATUS (*asked)(void *context, struct publisher *f,
	                        struct publisher_bounds *bounds);
	/* Its sessions are gone, too, and so is f when this returns. */
	void (*gone)(void *context, struct publisher *f);
};

struct publisher {
	struct publisher *before, *next; /* the door's */
	uid_t uid;
	struct identity *who; /* NULL: not known yet */
	enum publisher_step step;
	char *name; /* by its HELLO */
	/* The rest is feeder.c's own. */
	struct net_loop *loop;
	struct srvsvc_server *service;
	const struct publisher_handler *handler;
	void *context;
	int socket; /* until it is known who that is; then -1 */
	struct local_identity_lookup *lookup;
	struct net_stream *stream;
	struct net_timer
		*timer; /* until HELLO is due; until it is read on; until more sessions go */
	struct net_timer *speak; /* when out is due */
	struct publisher_bounds bounds;
	struct publish_input input;
	struct wire_writer out;  /* what it is told next */
	uint32_t unacknowledged; /* bytes that it gets a TAKEN for */
	int64_t busy_until_us;   /* by its changes so far, of the service's clock */
	bool is_resting;         /* it was too fast */
	struct session_owner owner;
	struct refresh *refresh;
	struct refresh_source source; /* where it is to be asked */
	struct key_map ids;           /* of its sessions in the table, by its own keys */
	struct key_map groups;        /* of keys whose sessions end together with others */
	uint32_t removed_slots;       /* of ids: those before are gone */
};

/* Takes socket, also after a failure, at whose other end is uid; keeps the rest. NULL: out of
 * memory. */
struct publisher *publisher_new(struct net_loop *loop, struct srvsvc_server *service,
                                struct refresh *freshness, int socket, uid_t uid,
                                const struct publisher_handler *handler, void *context);
/* Ends the connection, for the reason that status says: gone is called when the sessions are gone,
 * too, which happens now if there are few. */
void publisher_close(struct publisher *f, NET_API_STATUS status);
/* All at once, and gone is not called. */
void publisher_free(struct publisher *f);

#endif
