/* SPDX-License-Identifier: MIT */
/* The way to netsessiond, for as long as netsession-samba runs: it is connected to, waited for, and
 * connected to again. */
#ifndef SAMBA_FEED_CONNECTION_H
#define SAMBA_FEED_CONNECTION_H

#include <netsession.h>
#include "net/loop.h"

struct feed_connection_handler {
	const struct netsession_feed_handler *said;
	void (*opened)(void *context);
	void (*heard)(void *context); /* behind what was said, all that had come of it */
	void (*lost)(void *context);  /* the feed is still there, and of no use any more */
};

struct feed_connection;

/* Begins to connect to socket, copied; NULL: the default one. Keeps loop, handler and context,
 * which is that of handler->said as well. NULL: out of memory. */
struct feed_connection *feed_connection_new(struct net_loop *loop, const char *socket,
                                            const struct feed_connection_handler *handler,
                                            void *context);
/* NULL is allowed. Calls nobody. */
void feed_connection_free(struct feed_connection *c);

/* NULL: it is not connected. */
struct netsession_feed *feed_connection_feed(const struct feed_connection *c);
/* Why not; "": it is. */
const char *feed_connection_story(const struct feed_connection *c);

#endif
