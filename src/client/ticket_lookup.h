/* SPDX-License-Identifier: MIT */
/* Whose Kerberos tickets the caller holds now, asked on a worker thread. */
#ifndef CLIENT_TICKET_LOOKUP_H
#define CLIENT_TICKET_LOOKUP_H

#include "net/loop.h"

struct ticket_lookup;

/* told: with the principal, borrowed; "" when there are none. Gives the question, which is gone
 * when told returns; NULL: out of memory or threads. */
struct ticket_lookup *ticket_lookup_start(struct net_loop *loop,
                                          void (*told)(void *context, const char *principal),
                                          void *context);
/* told will not be called. NULL is allowed. */
void ticket_lookup_cancel(struct ticket_lookup *question);

#endif
