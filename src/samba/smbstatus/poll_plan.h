/* SPDX-License-Identifier: MIT */
/* When to poll Samba's sessions. Pure: the caller passes the time, in milliseconds of a clock that
 * never goes back. */
#ifndef SAMBA_SMBSTATUS_POLL_PLAN_H
#define SAMBA_SMBSTATUS_POLL_PLAN_H

#include <stdbool.h>
#include <stdint.h>

enum {
	POLL_PLAN_REFRESH_MS = 60000, /* polls go on for so long after a refresh request */
	POLL_PLAN_EXPECT_MS = 10000,  /* and for so long when a change is expected */
	POLL_PLAN_LEAST_MS = 1000,    /* between two polls, while sessions change */
	POLL_PLAN_MOST_MS = 15000,    /* while they do not */
	POLL_PLAN_FAILING_MS = 30000, /* while polls fail */
	POLL_PLAN_SHARE = 10,         /* polls take no more than a tenth of the time */
};

enum poll_plan_found { POLL_PLAN_SAME, POLL_PLAN_CHANGED, POLL_PLAN_FAILED };

/* All zero: nothing is polled. */
struct poll_plan {
	bool is_wanted; /* as soon as possible, because a caller waits */
	bool is_polling;
	bool is_failing;            /* the last poll failed, and pause_ms grows */
	int64_t until_ms;           /* polls go on without a request */
	int64_t began_ms, ended_ms; /* of the last poll */
	int64_t interval_ms;
	int64_t pause_ms; /* at least, between the last poll and the next one */
};

/* A caller requests a refresh. False: the caller need not wait, because polls fail: what the last
 * successful one found is all that there is. */
bool poll_plan_refresh(struct poll_plan *p, int64_t now_ms);
/* Whether polls fail, and the next one waits for its time. */
bool poll_plan_is_pausing(const struct poll_plan *p, int64_t now_ms);
/* One poll, without a request. */
void poll_plan_want(struct poll_plan *p);
/* A change is expected: polls go on for a moment. */
void poll_plan_expect(struct poll_plan *p, int64_t now_ms);

/* In how many milliseconds the next poll is due. 0: now; -1: none is. */
int64_t poll_plan_due_ms(const struct poll_plan *p, int64_t now_ms);
void poll_plan_began(struct poll_plan *p, int64_t now_ms);
/* True: all requests are answered by this poll. False: one arrived while the poll was under way,
 * and waits for the next one. */
bool poll_plan_ended(struct poll_plan *p, int64_t now_ms, enum poll_plan_found found);

#endif
