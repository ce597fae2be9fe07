/* SPDX-License-Identifier: MIT */
/* One enumeration over the network: moves the bytes of a conversation, has its tokens made, and
 * keeps its deadline. */
#ifndef CLIENT_CALL_H
#define CLIENT_CALL_H

#include <netsession.h>
#include "net/loop.h"

struct netsession_call;

/* Keeps loop, and the query's credentials, handler and context until on_end, the last thing that
 * is called; never from here. Gives the call, which is gone then. NULL: out of memory. */
struct netsession_call *call_start(struct net_loop *loop, const struct netsession_query *query,
                                   const struct netsession_handler *handler, void *context);

#endif
