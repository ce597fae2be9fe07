/* SPDX-License-Identifier: MIT */
/* The event loop. src/net is the only includer of libuv. */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <stdint.h>

struct net_loop;
struct uv_loop_s;

/* Gives a loop. NULL: out of memory or file descriptors. */
struct net_loop *net_loop_new(void);
/* Gives a loop on top of one that the program owns, which is kept. NULL: out of memory. */
struct net_loop *net_loop_new_on(struct uv_loop_s *uv);
/* The loop of libuv that it stands on, for netsession_new_on_loop. */
struct uv_loop_s *net_loop_uv(struct net_loop *loop);
/* Everything that was started on the loop must have ended. NULL is allowed. */
void net_loop_free(struct net_loop *loop);
/* Runs the loop until there is nothing left to wait for. */
void net_loop_run(struct net_loop *loop);

/* Calls fired once, after so many milliseconds. Stop the timer in any case, also after it fired:
 * that frees it. NULL: out of memory, after the loop's reserve of timers is used up. */
struct net_timer;
struct net_timer *net_timer_start(struct net_loop *loop, uint32_t after_ms,
                                  void (*fired)(void *context), void *context);
/* NULL is allowed. */
void net_timer_stop(struct net_timer *timer);

#endif
