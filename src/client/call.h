/* SPDX-License-Identifier: MIT */
/* One call over the network: what it asks, its deadline, its cancellation, its end. */
#ifndef CLIENT_CALL_H
#define CLIENT_CALL_H

#include <netsession.h>
#include "net/loop.h"

enum call_kind {
	CALL_ENUM,
	CALL_DEL,
	CALL_CONNECT, /* as far as the server's IPC$, and no further */
};

/* Keeps loop, and the query's credentials, handler and context until on_end, the last thing that
 * is called; never from here. Gives the call, which is gone then. NULL: out of memory. */
struct netsession_call *call_start(struct net_loop *loop, enum call_kind kind,
                                   const struct netsession_query *query,
                                   const struct netsession_handler *handler, void *context);

/* The time that a query allows for a call. */
uint32_t call_timeout_ms(const struct netsession_query *query);

#endif
