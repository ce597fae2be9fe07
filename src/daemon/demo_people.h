/* SPDX-License-Identifier: MIT */
/* Who might have a session: users, their computers and what they do, made up from chance. */
#ifndef DAEMON_DEMO_PEOPLE_H
#define DAEMON_DEMO_PEOPLE_H

#include <stdint.h>
#include "sessions/session_table.h"

/* SplitMix64: nothing secret hangs on it, and the same seed must give the same sessions again. */
struct demo_dice {
	uint64_t state;
};

/* A number below bound, which is not 0. */
uint32_t demo_dice_below(struct demo_dice *dice, uint32_t bound);

#define DEMO_TEXT_BYTES 64

/* A session that may be: its texts are in client and user, or static. */
struct demo_session {
	char client[DEMO_TEXT_BYTES], user[DEMO_TEXT_BYTES];
	struct session_facts facts;
};

/* One of population people or machines, whose session began at most oldest_ms before now_ms. */
void demo_session_make(struct demo_session *s, struct demo_dice *dice, uint32_t population,
                       int64_t now_ms, uint32_t oldest_ms);
/* How many files somebody who works has open. */
uint32_t demo_opens(struct demo_dice *dice);

#endif
