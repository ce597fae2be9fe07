/* SPDX-License-Identifier: MIT */
#include "daemon/refresh.h"

#include <stdlib.h>
#include "system/log.h"

struct refresh {
	struct net_loop *loop;
	const struct srvsvc_server *service;
	uint32_t timeout_ms;
	LIST_HEAD(, refresh_source) sources;
	TAILQ_HEAD(wait_list, refresh_wait) waits; /* in the order in which they began */
	struct net_timer *release;                 /* ends the waits that are over */
	struct net_timer *timeout;                 /* until a source is overdue */
	struct net_timer *expected;                /* while a publisher may connect */
};

struct refresh *refresh_new(struct net_loop *loop, const struct srvsvc_server *service)
{
	struct refresh *r = calloc(1, sizeof *r);

	if (r == NULL)
		return NULL;
	r->loop = loop;
	r->service = service;
	r->timeout_ms = REFRESH_TIMEOUT_MS;
	LIST_INIT(&r->sources);
	TAILQ_INIT(&r->waits);
	return r;
}

static void refresh_on_timeout(void *context);

void refresh_set_timeout(struct refresh *r, uint32_t timeout_ms)
{
	r->timeout_ms = timeout_ms;
	if (r->timeout != NULL)
		refresh_on_timeout(r); /* the running timer is for the timeout before */
}

void refresh_free(struct refresh *r)
{
	if (r == NULL)
		return;
	net_timer_stop(r->release);
	net_timer_stop(r->timeout);
	net_timer_stop(r->expected);
	free(r);
}

static int64_t refresh_now_ms(const struct refresh *r)
{
	return r->service->now_ms(r->service->context);
}

static bool refresh_source_is_asked(const struct refresh_source *s)
{
	return s->asked != s->answered;
}

/* Whether the source's sessions in the table are those of since_ms, or later. */
static bool refresh_source_is_recent(const struct refresh_source *s, int64_t since_ms)
{
	return s->is_overdue ||
	       (s->answered != 0 && s->good_since_ms >= since_ms && s->answered != s->outdated);
}

static bool refresh_sources_are_recent(const struct refresh *r, int64_t since_ms)
{
	const struct refresh_source *s;

	if (r->expected != NULL)
		return false;
	LIST_FOREACH(s, &r->sources, entry)
		if (!refresh_source_is_recent(s, since_ms))
			return false;
	return true;
}

/* ---- waits ---- */

void refresh_cancel_wait(struct refresh *r, struct refresh_wait *wait)
{
	if (!wait->is_waiting)
		return;
	TAILQ_REMOVE(&r->waits, wait, entry);
	wait->is_waiting = false;
}

static void refresh_release_waits(struct refresh *r);

/* One after the other, up to the last one that waits now: a call that goes on may end others, or
 * wait again. */
static void refresh_on_release(void *context)
{
	struct refresh *r = context;
	struct refresh_wait *last = TAILQ_LAST(&r->waits, wait_list), *wait;

	net_timer_stop(r->release);
	r->release = NULL;
	while ((wait = TAILQ_FIRST(&r->waits)) != NULL &&
	       refresh_sources_are_recent(r, wait->since_ms)) {
		refresh_cancel_wait(r, wait);
		wait->over(wait->context);
		if (wait == last)
			break;
	}
	refresh_release_waits(r);
}

static void refresh_ask_source(struct refresh *r, struct refresh_source *s);

/* Asks the sources that the wait needs and that nobody has asked: a call that went on before may
 * have closed sessions, so that what a source answered is outdated. */
static void refresh_ask_again(struct refresh *r, int64_t since_ms)
{
	struct refresh_source *s, *next;

	for (s = LIST_FIRST(&r->sources); s != NULL; s = next) {
		next = LIST_NEXT(s, entry);
		if (!refresh_source_is_recent(s, since_ms) && !refresh_source_is_asked(s))
			refresh_ask_source(r, s);
	}
}

/* In the loop's next turn, so that no call goes on from within a publisher's message. */
static void refresh_release_waits(struct refresh *r)
{
	const struct refresh_wait *first = TAILQ_FIRST(&r->waits);

	if (first == NULL || r->release != NULL)
		return;
	if (refresh_sources_are_recent(r, first->since_ms))
		r->release = net_timer_start(r->loop, 0, refresh_on_release, r);
	else
		refresh_ask_again(r, first->since_ms);
}

/* ---- sources ---- */

static void refresh_ask_source(struct refresh *r, struct refresh_source *s)
{
	s->asked = s->asked == UINT32_MAX ? 1 : s->asked + 1;
	s->asked_ms = refresh_now_ms(r);
	s->is_to_be_asked_again = false;
	s->ask(s->context, s->asked);
	if (r->timeout == NULL)
		r->timeout = net_timer_start(r->loop, r->timeout_ms, refresh_on_timeout, r);
}

/* Marks sources that have not answered in time. Returns how long the next one has left; 0: no
 * other source is asked. */
static int64_t refresh_mark_overdue(struct refresh *r)
{
	int64_t now_ms = refresh_now_ms(r), next_ms = 0;
	struct refresh_source *s;

	LIST_FOREACH(s, &r->sources, entry) {
		int64_t left_ms = s->asked_ms + r->timeout_ms - now_ms;

		if (!refresh_source_is_asked(s) || s->is_overdue)
			continue;
		if (left_ms <= 0) {
			s->is_overdue = true;
			log_write(LOG_LEVEL_WARNING,
			          "publisher \"%s\" did not answer a refresh request within %u ms; "
			          "using its last known sessions until it answers",
			          s->name, (unsigned)r->timeout_ms);
		} else if (next_ms == 0 || left_ms < next_ms) {
			next_ms = left_ms;
		}
	}
	return next_ms;
}

static void refresh_on_timeout(void *context)
{
	struct refresh *r = context;
	int64_t next_ms = refresh_mark_overdue(r);

	net_timer_stop(r->timeout);
	r->timeout = NULL;
	if (next_ms > 0)
		r->timeout = net_timer_start(r->loop, (uint32_t)next_ms, refresh_on_timeout, r);
	refresh_release_waits(r);
}

void refresh_add_source(struct refresh *r, struct refresh_source *source)
{
	LIST_INSERT_HEAD(&r->sources, source, entry);
	source->is_added = true;
	if (!TAILQ_EMPTY(&r->waits))
		refresh_ask_source(r, source);
}

/* ---- a publisher that may connect ---- */

void refresh_expect_nobody(struct refresh *r)
{
	net_timer_stop(r->expected);
	r->expected = NULL;
	refresh_release_waits(r);
}

static void refresh_on_expected(void *context)
{
	refresh_expect_nobody(context);
}

void refresh_expect_publisher(struct refresh *r, uint32_t for_ms)
{
	net_timer_stop(r->expected);
	r->expected = net_timer_start(r->loop, for_ms, refresh_on_expected, r);
}

/* ---- answers ---- */

void refresh_remove_source(struct refresh *r, struct refresh_source *source)
{
	if (!source->is_added)
		return;
	LIST_REMOVE(source, entry);
	source->is_added = false;
	refresh_release_waits(r);
}

void refresh_source_outdated(struct refresh_source *source)
{
	source->outdated = source->asked;
	source->is_to_be_asked_again = refresh_source_is_asked(source);
}

bool refresh_source_answered(struct refresh *r, struct refresh_source *source, uint32_t number)
{
	if (!refresh_source_is_asked(source) || number != source->asked)
		return false;
	source->answered = number;
	source->good_since_ms = source->asked_ms;
	source->is_overdue = false;
	if (source->is_to_be_asked_again)
		refresh_ask_source(r, source);
	refresh_release_waits(r);
	return true;
}

bool refresh_ready_or_wait(struct refresh *r, struct refresh_wait *wait)
{
	int64_t since_ms = refresh_now_ms(r) - REFRESH_VALID_MS;
	struct refresh_source *s;

	if (wait->is_waiting)
		return false;
	LIST_FOREACH(s, &r->sources, entry)
		if (!refresh_source_is_recent(s, since_ms) && !refresh_source_is_asked(s))
			refresh_ask_source(r, s);
		else if (!refresh_source_is_recent(s, since_ms) && s->asked_ms < since_ms)
			s->is_to_be_asked_again = true;
	if (refresh_sources_are_recent(r, since_ms))
		return true;
	wait->since_ms = since_ms;
	wait->is_waiting = true;
	TAILQ_INSERT_TAIL(&r->waits, wait, entry);
	return false;
}
