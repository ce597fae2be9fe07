/* SPDX-License-Identifier: MIT */
/* The way to a server's pipe: a kept contact, or look-up, dial and log-on; then the bytes of its
 * conversation. The one place where a conversation meets a socket and worker threads. */
#ifndef CLIENT_CONNECTION_H
#define CLIENT_CONNECTION_H

#include "client/idle_connection.h"
#include "net/loop.h"

struct connection;

/* Each returns false when it closed or parked the link. */
struct connection_handler {
	bool (*ready)(void *context);    /* the pipe is open, and nothing is asked: ask */
	bool (*rows)(void *context);     /* CLIENT_EVENT_ROWS */
	bool (*answered)(void *context); /* CLIENT_EVENT_ANSWER */
	/* The last call: connection_close. err is borrowed. */
	void (*failed)(void *context, const struct err *err);
};

/* Copies key, keeps the rest. NULL: out of memory. */
struct connection *connection_new(struct net_loop *loop, const struct connection_key *key,
                                  const struct connection_handler *handler, void *context);

/* Goes there. handler is called from here, too. */
void connection_open(struct connection *link);

/* There is one from ready on. */
struct client_state *connection_state(struct connection *link);

/* TREE_CONNECT succeeded. */
bool connection_has_tree(const struct connection *link);

/* What it is about at present: static text. */
const char *connection_step(const struct connection *link);

/* Ends it, at whatever step. Takes link; NULL is allowed. */
void connection_close(struct connection *link);

/* Keeps its connection for the next call, if it is fit for that. Takes link. */
void connection_release(struct connection *link);

#endif
