/* SPDX-License-Identifier: MIT */
/* The connection to netsessiond for as long as netsession-samba runs: made, and made again whenever
 * it is lost. */
#ifndef SAMBA_PUBLISHER_CONNECTION_H
#define SAMBA_PUBLISHER_CONNECTION_H

#include <netsession.h>
#include "net/loop.h"

struct publisher_connection_handler {
	const struct netsession_publisher_handler *events;
	void (*opened)(void *context);
	void (*received)(void *context); /* events were called for all that had arrived */
	void (*lost)(void *context);     /* the publisher is closed next */
};

struct publisher_connection;

/* Begins to connect to socket, copied; NULL: the default one. Keeps loop, handler and context,
 * which handler->events gets, too. NULL: out of memory. */
struct publisher_connection *
publisher_connection_new(struct net_loop *loop, const char *socket,
                         const struct publisher_connection_handler *handler, void *context);
/* Calls no handler. NULL is allowed. */
void publisher_connection_free(struct publisher_connection *c);

/* NULL: not connected. */
struct netsession_publisher *publisher_connection_get(const struct publisher_connection *c);
/* Why there is no connection; "": there is one. */
const char *publisher_connection_error(const struct publisher_connection *c);

#endif
