/* SPDX-License-Identifier: MIT */
/* Made-up users, their computers and what they do, by chance. */
#ifndef DAEMON_DEMO_PEOPLE_H
#define DAEMON_DEMO_PEOPLE_H

#include <stdint.h>
#include "sessions/session_table.h"

/* SplitMix64: nothing secret depends on it, and the same seed must give the same sessions again. */
struct demo_dice {
	uint64_t state;
};

/* Returns a number below bound, which must not be 0. */
uint32_t demo_dice_below(struct demo_dice *dice, uint32_t bound);

#define DEMO_TEXT_BYTES 64

/* A made-up session. Its texts are in client and user, or static. */
struct demo_session {
	char client[DEMO_TEXT_BYTES], user[DEMO_TEXT_BYTES];
	struct session_facts facts;
};

/* Makes a session of one of so many users or computers, begun at most oldest_ms before now_ms. */
void demo_session_make(struct demo_session *s, struct demo_dice *dice, uint32_t population,
                       int64_t now_ms, uint32_t oldest_ms);
/* Returns how many files an active user has open. */
uint32_t demo_opens(struct demo_dice *dice);

#endif
