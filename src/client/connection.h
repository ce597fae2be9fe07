/* SPDX-License-Identifier: MIT */
/* A connection to a server's pipe: an idle one out of the pool, or look-up, dial and log-on; then
 * the bytes of its state machine. The one place where the state machine meets a socket and worker
 * threads. */
#ifndef CLIENT_CONNECTION_H
#define CLIENT_CONNECTION_H

#include "client/connection_pool.h"
#include "net/loop.h"

struct connection;

/* Those that return a value return false when they closed or released the connection. */
struct connection_handler {
	void (*logged_on)(void *context); /* CLIENT_EVENT_LOGGED_ON; may be NULL */
	bool (*ready)(void *context);    /* the pipe is open, and no call is under way: begin one */
	bool (*rows)(void *context);     /* CLIENT_EVENT_ROWS */
	bool (*answered)(void *context); /* CLIENT_EVENT_ANSWER */
	/* The last call: connection_close. err is borrowed. */
	void (*failed)(void *context, const struct err *err);
};

/* Copies key, keeps the rest. NULL: out of memory. */
struct connection *connection_new(struct net_loop *loop, const struct connection_key *key,
                                  const struct connection_handler *handler, void *context);

/* Connects. handler is called from here, too. */
void connection_open(struct connection *c);

/* There is one from ready on. */
struct client_state *connection_state(struct connection *c);

/* TREE_CONNECT succeeded. */
bool connection_has_tree(const struct connection *c);

/* The step that is under way, as errors name it. Static text. */
const char *connection_step(const struct connection *c);

/* Ends the connection, at whatever step. Takes c; NULL is allowed. */
void connection_close(struct connection *c);

/* Gives the connection to the pool where it is fit for another call; else closes it. Takes c. */
void connection_release(struct connection *c);

#endif
