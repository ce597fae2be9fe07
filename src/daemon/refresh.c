/* SPDX-License-Identifier: MIT */
#include "daemon/refresh.h"

#include <stdlib.h>
#include "system/log.h"

struct refresh {
	struct net_loop *loop;
	const struct srvsvc_server *service;
	struct refresh_source *sources;
	struct refresh_wait *first, *last; /* in the order in which they came */
	struct net_timer *release;         /* of those whose wait is over */
	struct net_timer *patience;        /* until some source is silent */
};

struct refresh *refresh_new(struct net_loop *loop, const struct srvsvc_server *service)
{
	struct refresh *f = calloc(1, sizeof *f);

	if (f == NULL)
		return NULL;
	f->loop = loop;
	f->service = service;
	return f;
}

void refresh_free(struct refresh *f)
{
	if (f == NULL)
		return;
	net_timer_stop(f->release);
	net_timer_stop(f->patience);
	free(f);
}

static int64_t refresh_now_ms(const struct refresh *f)
{
	return f->service->now_ms(f->service->context);
}

static bool refresh_source_is_asked(const struct refresh_source *s)
{
	return s->asked != s->answered;
}

/* Whether what it has told is what was there at since_ms, or later. */
static bool refresh_source_is_recent(const struct refresh_source *s, int64_t since_ms)
{
	return s->is_silent || (s->answered != 0 && s->good_since_ms >= since_ms);
}

static bool refresh_sources_are_recent(const struct refresh *f, int64_t since_ms)
{
	for (const struct refresh_source *s = f->sources; s != NULL; s = s->next)
		if (!refresh_source_is_recent(s, since_ms))
			return false;
	return true;
}

/* ---- those who wait ---- */

void refresh_cancel_wait(struct refresh *f, struct refresh_wait *wait)
{
	if (!wait->is_waiting)
		return;
	*(wait->before != NULL ? &wait->before->next : &f->first) = wait->next;
	*(wait->next != NULL ? &wait->next->before : &f->last) = wait->before;
	wait->before = wait->next = NULL;
	wait->is_waiting = false;
}

static void refresh_release_waits(struct refresh *f);

/* One behind the other: whoever is let go may end others, or come back to the end. */
static void refresh_on_release(void *context)
{
	struct refresh *f = context;
	struct refresh_wait *last = f->last, *wait;

	net_timer_stop(f->release);
	f->release = NULL;
	while ((wait = f->first) != NULL && refresh_sources_are_recent(f, wait->since_ms)) {
		refresh_cancel_wait(f, wait);
		wait->over(wait->context);
		if (wait == last)
			break;
	}
	refresh_release_waits(f);
}

/* A turn of the loop later, so that no call is made from within what a feeder says. */
static void refresh_release_waits(struct refresh *f)
{
	if (f->first != NULL && f->release == NULL &&
	    refresh_sources_are_recent(f, f->first->since_ms))
		f->release = net_timer_start(f->loop, 0, refresh_on_release, f);
}

/* ---- those who are asked ---- */

static void refresh_on_timeout(void *context);

static void refresh_ask_source(struct refresh *f, struct refresh_source *s)
{
	s->asked = s->asked == UINT32_MAX ? 1 : s->asked + 1;
	s->asked_ms = refresh_now_ms(f);
	s->is_wanted_again = false;
	s->ask(s->context, s->asked);
	if (f->patience == NULL)
		f->patience = net_timer_start(f->loop, REFRESH_TIMEOUT_MS, refresh_on_timeout, f);
}

static void refresh_on_timeout(void *context)
{
	struct refresh *f = context;
	int64_t now = refresh_now_ms(f), next_ms = 0;

	net_timer_stop(f->patience);
	f->patience = NULL;
	for (struct refresh_source *s = f->sources; s != NULL; s = s->next) {
		int64_t left_ms = s->asked_ms + REFRESH_TIMEOUT_MS - now;

		if (!refresh_source_is_asked(s) || s->is_silent)
			continue;
		if (left_ms <= 0) {
			s->is_silent = true;
			log_write(
				LOG_LEVEL_WARNING,
				"the feeder \"%s\" does not say who is there when it is asked: it "
				"is not waited for until it does",
				s->name);
		} else if (next_ms == 0 || left_ms < next_ms) {
			next_ms = left_ms;
		}
	}
	if (next_ms > 0)
		f->patience = net_timer_start(f->loop, (uint32_t)next_ms, refresh_on_timeout, f);
	refresh_release_waits(f);
}

void refresh_add_source(struct refresh *f, struct refresh_source *source)
{
	source->next = f->sources;
	if (source->next != NULL)
		source->next->before = source;
	f->sources = source;
}

void refresh_remove_source(struct refresh *f, struct refresh_source *source)
{
	if (source->before == NULL && f->sources != source)
		return;
	*(source->before != NULL ? &source->before->next : &f->sources) = source->next;
	if (source->next != NULL)
		source->next->before = source->before;
	source->before = source->next = NULL;
	refresh_release_waits(f);
}

bool refresh_source_answered(struct refresh *f, struct refresh_source *source, uint32_t number)
{
	if (!refresh_source_is_asked(source) || number != source->asked)
		return false;
	source->answered = number;
	source->good_since_ms = source->asked_ms;
	source->is_silent = false;
	if (source->is_wanted_again)
		refresh_ask_source(f, source);
	refresh_release_waits(f);
	return true;
}

bool refresh_ready_or_wait(struct refresh *f, struct refresh_wait *wait)
{
	int64_t since_ms = refresh_now_ms(f) - REFRESH_VALID_MS;

	if (wait->is_waiting)
		return false;
	for (struct refresh_source *s = f->sources; s != NULL; s = s->next)
		if (!refresh_source_is_recent(s, since_ms) && !refresh_source_is_asked(s))
			refresh_ask_source(f, s);
		else if (!refresh_source_is_recent(s, since_ms) && s->asked_ms < since_ms)
			s->is_wanted_again = true;
	if (refresh_sources_are_recent(f, since_ms))
		return true;
	wait->since_ms = since_ms;
	wait->is_waiting = true;
	wait->before = f->last;
	*(f->last != NULL ? &f->last->next : &f->first) = wait;
	f->last = wait;
	return false;
}
