/* SPDX-License-Identifier: MIT */
#include "server/freshness.h"

#include <stdlib.h>
#include "system/log.h"

struct freshness {
	struct net_loop *loop;
	const struct service *service;
	struct freshness_source *sources;
	struct freshness_wait *first, *last; /* in the order in which they came */
	struct net_timer *release;           /* of those whose wait is over */
	struct net_timer *patience;          /* until some source is silent */
};

struct freshness *freshness_new(struct net_loop *loop, const struct service *service)
{
	struct freshness *f = calloc(1, sizeof *f);

	if (f == NULL)
		return NULL;
	f->loop = loop;
	f->service = service;
	return f;
}

void freshness_free(struct freshness *f)
{
	if (f == NULL)
		return;
	net_timer_stop(f->release);
	net_timer_stop(f->patience);
	free(f);
}

static int64_t now_ms(const struct freshness *f)
{
	return f->service->now_ms(f->service->context);
}

static bool is_asked(const struct freshness_source *s)
{
	return s->asked != s->answered;
}

/* Whether what it has told is what was there at since_ms, or later. */
static bool is_good(const struct freshness_source *s, int64_t since_ms)
{
	return s->is_silent || (s->answered != 0 && s->good_since_ms >= since_ms);
}

static bool are_good(const struct freshness *f, int64_t since_ms)
{
	for (const struct freshness_source *s = f->sources; s != NULL; s = s->next)
		if (!is_good(s, since_ms))
			return false;
	return true;
}

/* ---- those who wait ---- */

void freshness_forget(struct freshness *f, struct freshness_wait *wait)
{
	if (!wait->is_waiting)
		return;
	*(wait->before != NULL ? &wait->before->next : &f->first) = wait->next;
	*(wait->next != NULL ? &wait->next->before : &f->last) = wait->before;
	wait->before = wait->next = NULL;
	wait->is_waiting = false;
}

static void release(struct freshness *f);

/* One behind the other: whoever is let go may end others, or come back to the end. */
static void on_release(void *context)
{
	struct freshness *f = context;
	struct freshness_wait *last = f->last, *wait;

	net_timer_stop(f->release);
	f->release = NULL;
	while ((wait = f->first) != NULL && are_good(f, wait->since_ms)) {
		freshness_forget(f, wait);
		wait->over(wait->context);
		if (wait == last)
			break;
	}
	release(f);
}

/* A turn of the loop later, so that no call is made from within what a feeder says. */
static void release(struct freshness *f)
{
	if (f->first != NULL && f->release == NULL && are_good(f, f->first->since_ms))
		f->release = net_timer_start(f->loop, 0, on_release, f);
}

/* ---- those who are asked ---- */

static void on_patience(void *context);

static void ask(struct freshness *f, struct freshness_source *s)
{
	s->asked = s->asked == UINT32_MAX ? 1 : s->asked + 1;
	s->asked_ms = now_ms(f);
	s->is_wanted_again = false;
	s->ask(s->context, s->asked);
	if (f->patience == NULL)
		f->patience = net_timer_start(f->loop, FRESHNESS_PATIENCE_MS, on_patience, f);
}

static void on_patience(void *context)
{
	struct freshness *f = context;
	int64_t now = now_ms(f), next_ms = 0;

	net_timer_stop(f->patience);
	f->patience = NULL;
	for (struct freshness_source *s = f->sources; s != NULL; s = s->next) {
		int64_t left_ms = s->asked_ms + FRESHNESS_PATIENCE_MS - now;

		if (!is_asked(s) || s->is_silent)
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
		f->patience = net_timer_start(f->loop, (uint32_t)next_ms, on_patience, f);
	release(f);
}

void freshness_add(struct freshness *f, struct freshness_source *source)
{
	source->next = f->sources;
	if (source->next != NULL)
		source->next->before = source;
	f->sources = source;
}

void freshness_remove(struct freshness *f, struct freshness_source *source)
{
	if (source->before == NULL && f->sources != source)
		return;
	*(source->before != NULL ? &source->before->next : &f->sources) = source->next;
	if (source->next != NULL)
		source->next->before = source->before;
	source->before = source->next = NULL;
	release(f);
}

bool freshness_answered(struct freshness *f, struct freshness_source *source, uint32_t number)
{
	if (!is_asked(source) || number != source->asked)
		return false;
	source->answered = number;
	source->good_since_ms = source->asked_ms;
	source->is_silent = false;
	if (source->is_wanted_again)
		ask(f, source);
	release(f);
	return true;
}

bool freshness_is_given(struct freshness *f, struct freshness_wait *wait)
{
	int64_t since_ms = now_ms(f) - FRESHNESS_GOOD_MS;

	if (wait->is_waiting)
		return false;
	for (struct freshness_source *s = f->sources; s != NULL; s = s->next)
		if (!is_good(s, since_ms) && !is_asked(s))
			ask(f, s);
		else if (!is_good(s, since_ms) && s->asked_ms < since_ms)
			s->is_wanted_again = true;
	if (are_good(f, since_ms))
		return true;
	wait->since_ms = since_ms;
	wait->is_waiting = true;
	wait->before = f->last;
	*(f->last != NULL ? &f->last->next : &f->first) = wait;
	f->last = wait;
	return false;
}
