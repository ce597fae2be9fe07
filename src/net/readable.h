/* SPDX-License-Identifier: MIT */
/* Somebody else's descriptor, waited for until it can be read. */
#ifndef NET_READABLE_H
#define NET_READABLE_H

#include "net/loop.h"

struct net_readable;

/* came  called from the loop for as long as there is something to be read, or its end. fd is kept
 *       open until net_readable_stop has returned.
 * NULL: out of memory, or it is nothing to wait for. */
struct net_readable *net_readable_start(struct net_loop *loop, int fd, void (*came)(void *context),
                                        void *context);
/* NULL is allowed. */
void net_readable_stop(struct net_readable *readable);

#endif
