/* SPDX-License-Identifier: MIT */
/* The event loop. src/net is the only includer of libuv. */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <stdint.h>

struct net_loop;
struct uv_loop_s;

/* NULL: out of memory or file descriptors. */
struct net_loop *net_loop_new(void);
/* On a loop of somebody else's, which is kept; NULL: out of memory. */
struct net_loop *net_loop_new_on(struct uv_loop_s *uv);
/* All that was started on it must have ended. NULL is allowed. */
void net_loop_free(struct net_loop *loop);
/* Until nothing is left to wait for. */
void net_loop_run(struct net_loop *loop);

/* A point in time after which fired is called once. Stop it in any case, also after it fired:
 * that frees it. NULL: out of memory. */
struct net_timer;
struct net_timer *net_timer_start(struct net_loop *loop, uint32_t after_ms,
                                  void (*fired)(void *context), void *context);
void net_timer_stop(struct net_timer *timer);

#endif
