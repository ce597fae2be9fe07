/* SPDX-License-Identifier: MIT */
/* The way to netsessiond, for as long as netsession-samba runs: it is connected to, waited for, and
 * connected to again. */
#ifndef SAMBA_PUBLISHER_CONNECTION_H
#define SAMBA_PUBLISHER_CONNECTION_H

#include <netsession.h>
#include "net/loop.h"

struct publisher_connection_handler {
	const struct netsession_publisher_handler *events;
	void (*opened)(void *context);
	void (*received)(void *context); /* behind what was said, all that had come of it */
	void (*lost)(void *context);     /* the feed is still there, and of no use any more */
};

struct publisher_connection;

/* Begins to connect to socket, copied; NULL: the default one. Keeps loop, handler and context,
 * which is that of handler->said as well. NULL: out of memory. */
struct publisher_connection *
publisher_connection_new(struct net_loop *loop, const char *socket,
                         const struct publisher_connection_handler *handler, void *context);
/* NULL is allowed. Calls nobody. */
void publisher_connection_free(struct publisher_connection *c);

/* NULL: it is not connected. */
struct netsession_publisher *publisher_connection_get(const struct publisher_connection *c);
/* Why not; "": it is. */
const char *publisher_connection_error(const struct publisher_connection *c);

#endif
