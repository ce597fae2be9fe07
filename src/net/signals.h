/* SPDX-License-Identifier: MIT */
/* Signals that a program takes on its loop. */
#ifndef NET_SIGNALS_H
#define NET_SIGNALS_H

#include "net/loop.h"

struct net_signals;

/* numbers: ended by 0. came: on the loop, some time after the signal. They keep the loop running.
 * NULL: out of memory. */
struct net_signals *net_signals_new(struct net_loop *loop, const int *numbers,
                                    void (*came)(void *context, int number), void *context);
/* They do again what they did before. NULL is allowed. */
void net_signals_free(struct net_signals *s);

#endif
