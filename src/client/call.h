/* SPDX-License-Identifier: MIT */
/* One call of <netsession.h>: its request, its deadline, its cancellation, its end. */
#ifndef CLIENT_CALL_H
#define CLIENT_CALL_H

#include <stdbool.h>
#include <netsession.h>
#include "net/loop.h"

enum call_kind {
	CALL_ENUM,
	CALL_DEL,
	CALL_CONNECT, /* logs on and connects to IPC$, and calls nothing */
};

/* Starts a call. Keeps loop, the query's credentials, handler and context until on_end, which is
 * called last, and never from here. Gives the call, which is freed after on_end. NULL: out of
 * memory. */
struct netsession_call *call_start(struct net_loop *loop, enum call_kind kind,
                                   const struct netsession_query *query,
                                   const struct netsession_handler *handler, void *context);

/* Runs a call, on a loop that nothing else runs on, until on_end was called. False: out of memory,
 * and nothing was called. */
bool call_run(struct net_loop *loop, enum call_kind kind, const struct netsession_query *query,
              const struct netsession_handler *handler, void *context);

/* The time that a query allows for a call. */
uint32_t call_timeout_ms(const struct netsession_query *query);

#endif
