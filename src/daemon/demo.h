/* SPDX-License-Identifier: MIT */
/* Made-up sessions for labs, decoys and tests: they start and end, are busy and idle, and can be
 * closed like others; then another one starts in their place. */
#ifndef DAEMON_DEMO_H
#define DAEMON_DEMO_H

#include <stdint.h>
#include "net/loop.h"
#include "sessions/session_table.h"

struct demo;

/* Puts up to sessions sessions into table, of which a few move each second. Those for which it has
 * no room come when it has. The same seed, and the same clock, give the same sessions. Keeps all
 * but seed. NULL: out of memory. */
struct demo *demo_new(struct net_loop *loop, struct session_table *table, uint32_t sessions,
                      uint64_t seed, int64_t (*now_ms)(void *context), void *context);
/* Its sessions go with it. NULL is allowed. */
void demo_free(struct demo *d);

/* What happens every DEMO_STEP_MS, whatever the number of sessions: at most DEMO_STEP_CHANGES of
 * them change, and as many come. */
#define DEMO_STEP_MS      500
#define DEMO_STEP_CHANGES 4
void demo_step(struct demo *d);

#endif
