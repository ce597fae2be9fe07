/* SPDX-License-Identifier: MIT */
/* Loops that wait for the next call which a thread waits for: making one costs more system calls
 * than the call itself. All threads share them; the child of a fork has none. */
#ifndef CLIENT_IDLE_LOOPS_H
#define CLIENT_IDLE_LOOPS_H

#include "net/loop.h"

/* Each has four file descriptors. */
#define IDLE_LOOPS_MAX 4

/* Gives a loop. NULL: out of memory or file descriptors. */
struct net_loop *idle_loops_take(void);
/* Takes a loop that has run to its end. NULL is allowed. */
void idle_loops_put(struct net_loop *loop);
/* Frees all of them. */
void idle_loops_free(void);

#endif
