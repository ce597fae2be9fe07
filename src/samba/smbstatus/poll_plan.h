/* SPDX-License-Identifier: MIT */
/* When to look at Samba's sessions. Pure: times are handed in, milliseconds of one clock that
 * never goes back. */
#ifndef SAMBA_SMBSTATUS_POLL_PLAN_H
#define SAMBA_SMBSTATUS_POLL_PLAN_H

#include <stdbool.h>
#include <stdint.h>

enum {
	POLL_PLAN_REFRESH_MS = 60000, /* somebody has asked lately: until then looks go on */
	POLL_PLAN_EXPECT_MS = 10000,  /* the same of a change that is expected */
	POLL_PLAN_LEAST_MS = 1000,    /* between two looks, while things change */
	POLL_PLAN_MOST_MS = 15000,    /* while nothing does */
	POLL_PLAN_FAILING_MS = 30000, /* while looks fail */
	POLL_PLAN_SHARE = 10,         /* looks take no more than a tenth of the time */
};

enum poll_plan_found { POLL_PLAN_SAME, POLL_PLAN_CHANGED, POLL_PLAN_FAILED };

/* All zero: nobody asks. */
struct poll_plan {
	bool is_wanted; /* as soon as may be, by somebody who waits */
	bool is_polling;
	bool is_failing;            /* the last look did, and pause_ms grows by that */
	int64_t until_ms;           /* looks go on without being asked for */
	int64_t began_ms, ended_ms; /* the last look */
	int64_t interval_ms;
	int64_t pause_ms; /* at least, between the last look and the next one */
};

/* Somebody wants to know. False: he need not wait for a look, since looks fail; what is known is
 * all that there is to be told. */
bool poll_plan_refresh(struct poll_plan *p, int64_t now_ms);
/* Whether looks fail, and the next one waits for its time. */
bool poll_plan_is_pausing(const struct poll_plan *p, int64_t now_ms);
/* Once, whether somebody asks or not. */
void poll_plan_want(struct poll_plan *p);
/* A change is on its way: looks go on for a moment. */
void poll_plan_expect(struct poll_plan *p, int64_t now_ms);

/* In how many milliseconds a look is due, 0: now; -1: none is. */
int64_t poll_plan_due_ms(const struct poll_plan *p, int64_t now_ms);
void poll_plan_began(struct poll_plan *p, int64_t now_ms);
/* True: all who have asked are told the truth now. False: one of them asked while it was under
 * way, and waits for the next one. */
bool poll_plan_ended(struct poll_plan *p, int64_t now_ms, enum poll_plan_found found);

#endif
