/* SPDX-License-Identifier: MIT */
#include "samba/smbstatus/poll_plan.h"

static int64_t poll_plan_larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t poll_plan_smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

bool poll_plan_is_pausing(const struct poll_plan *p, int64_t now_ms)
{
	return p->is_failing && !p->is_polling && now_ms < p->ended_ms + p->pause_ms;
}

bool poll_plan_refresh(struct poll_plan *p, int64_t now_ms)
{
	p->until_ms = poll_plan_larger(p->until_ms, now_ms + POLL_PLAN_REFRESH_MS);
	if (poll_plan_is_pausing(p, now_ms))
		return false;
	p->is_wanted = true;
	return true;
}

void poll_plan_want(struct poll_plan *p)
{
	p->is_wanted = true;
}

void poll_plan_expect(struct poll_plan *p, int64_t now_ms)
{
	p->until_ms = poll_plan_larger(p->until_ms, now_ms + POLL_PLAN_EXPECT_MS);
	if (p->is_failing)
		return;
	p->interval_ms = POLL_PLAN_LEAST_MS;
	p->pause_ms = poll_plan_smaller(p->pause_ms, POLL_PLAN_LEAST_MS);
}

int64_t poll_plan_due_ms(const struct poll_plan *p, int64_t now_ms)
{
	int64_t at_ms = p->ended_ms + p->pause_ms;

	if (p->is_polling)
		return -1;
	if (p->is_wanted && !poll_plan_is_pausing(p, now_ms))
		return 0;
	if (!p->is_wanted && at_ms >= p->until_ms)
		return -1;
	return poll_plan_larger(at_ms - now_ms, 0);
}

void poll_plan_began(struct poll_plan *p, int64_t now_ms)
{
	p->is_wanted = false;
	p->is_polling = true;
	p->began_ms = now_ms;
}

bool poll_plan_ended(struct poll_plan *p, int64_t now_ms, enum poll_plan_found found)
{
	const bool is_failing = found == POLL_PLAN_FAILED;
	const int64_t most_ms = is_failing ? POLL_PLAN_FAILING_MS : POLL_PLAN_MOST_MS;

	if (found == POLL_PLAN_CHANGED || is_failing != p->is_failing || p->interval_ms == 0)
		p->interval_ms = POLL_PLAN_LEAST_MS;
	else
		p->interval_ms = poll_plan_smaller(2 * p->interval_ms, most_ms);
	p->is_polling = false;
	p->is_failing = is_failing;
	p->ended_ms = now_ms;
	p->pause_ms = (POLL_PLAN_SHARE - 1) * (now_ms - p->began_ms);
	if (is_failing) {
		p->pause_ms = poll_plan_smaller(p->pause_ms, most_ms);
		p->is_wanted = false; /* there is nothing to wait for */
	}
	p->pause_ms = poll_plan_larger(p->pause_ms, p->interval_ms);
	return !p->is_wanted;
}
