/* SPDX-License-Identifier: MIT */
#include "sessions/tracker.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct tracker {
	struct tracker_settings settings;
	struct snapshot *now;
	struct snapshot *before; /* while there are events; NULL: there are none */
	int64_t delay_s;         /* of the last tracker_compare: see snapshot_pair */
	struct tracked_session **by_key, **next_by_key;
	uint32_t closed_at, seen_at; /* events that were read */
	uint64_t last_key;
};

struct tracker *tracker_new(const struct tracker_settings *settings)
{
	struct tracker *t = calloc(1, sizeof *t);

	if (t == NULL)
		return NULL;
	t->settings = *settings;
	t->now = tracker_begin_snapshot(t);
	if (t->now == NULL) {
		free(t);
		return NULL;
	}
	return t;
}

void tracker_free(struct tracker *t)
{
	if (t == NULL)
		return;
	snapshot_free(t->now);
	snapshot_free(t->before);
	free(t->by_key);
	free(t->next_by_key);
	free(t);
}

struct snapshot *tracker_begin_snapshot(const struct tracker *t)
{
	return snapshot_new(t->settings.has_identities, t->settings.state_bytes);
}

/* ---- before the update ---- */

/* An identity says all: a session's start may differ as it likes. */
static int64_t tracker_same_start_s(const struct tracker *t)
{
	return t->settings.has_identities ? INT64_MAX : t->settings.same_start_s;
}

/* Sessions of next that have a pair are that session; the others are new. */
static void tracker_carry_over(const struct snapshot *next)
{
	for (uint32_t i = 0; i < next->count; i++) {
		struct tracked_session *s = next->sessions[i];

		s->key = s->pair != NULL ? s->pair->key : 0;
		if (next->state_bytes == 0)
			continue;
		if (s->pair != NULL)
			memcpy(s->state, s->pair->state, next->state_bytes);
		else
			memset(s->state, 0, next->state_bytes);
	}
}

bool tracker_compare(struct tracker *t, struct snapshot *next, uint32_t *missing)
{
	/* Of one element at least: NULL would be ambiguous. */
	struct tracked_session **by_key = realloc(
		t->next_by_key, ((size_t)next->count + 1) * sizeof(struct tracked_session *));

	if (by_key == NULL)
		return false;
	t->next_by_key = by_key;
	if (!snapshot_sort(next))
		return false;
	*missing = t->now->count -
	           snapshot_pair(t->now, next, tracker_same_start_s(t), &t->delay_s);
	tracker_carry_over(next);
	return true;
}

void tracker_keep(struct tracker *t, struct snapshot *next, const struct tracked_session *missing)
{
	snapshot_add(next, &missing->row, missing->started_s + t->delay_s, &missing->identity);
}

bool tracker_merge(const struct tracker *t, struct snapshot *next, struct snapshot *other)
{
	int64_t delay_s;

	if (!snapshot_sort(next) || !snapshot_sort(other))
		return false;
	(void)snapshot_pair(other, next, tracker_same_start_s(t), &delay_s);
	for (uint32_t i = 0; i < other->count; i++) {
		const struct tracked_session *s = other->sessions[i];

		if (s->pair == NULL)
			snapshot_add(next, &s->row, s->started_s + delay_s, &s->identity);
	}
	return !next->failed;
}

/* ---- the update ---- */

/* A start does not waver by a second. By two it may be another session's, which was taken for this
 * one: it is followed, so that it is within two seconds the next time as well. */
static int64_t steady_start_s(int64_t before_s, int64_t now_s)
{
	return now_s > before_s + 1 ? now_s - 1 : now_s < before_s - 1 ? now_s + 1 : before_s;
}

/* Of two starts the earlier one is right: so the later snapshot's are moved by the delay. */
static void tracker_set_start(const struct tracker *t, struct tracked_session *s)
{
	int64_t now_late_s = t->delay_s > 0 ? t->delay_s : 0;
	int64_t before_late_s = t->delay_s < 0 ? -t->delay_s : 0;

	s->started_s -= now_late_s;
	if (s->pair != NULL && !t->settings.has_identities)
		s->started_s = steady_start_s(s->pair->started_s - before_late_s, s->started_s);
}

static int tracked_session_compare_keys(const void *left, const void *right)
{
	const struct tracked_session *a = *(struct tracked_session *const *)left,
				     *b = *(struct tracked_session *const *)right;

	return a->key < b->key ? -1 : a->key > b->key;
}

/* Gives keys to the sessions that opened, and sorts all by key. next is sorted. */
static void tracker_assign_keys(struct tracker *t, const struct snapshot *next)
{
	uint32_t paired = 0, opened = 0;

	for (uint32_t i = 0; i < t->now->count; i++)
		if (t->by_key[i]->pair != NULL)
			t->next_by_key[paired++] = t->by_key[i]->pair;
	for (uint32_t i = 0; i < next->count; i++)
		if (next->sessions[i]->pair == NULL)
			t->next_by_key[paired + opened++] = next->sessions[i];
	qsort(t->next_by_key + paired, opened, sizeof(struct tracked_session *),
	      t->settings.is_ordered_by_names ? tracked_session_compare_clients
	                                      : tracked_session_compare_ages);
	for (uint32_t i = paired; i < next->count; i++)
		t->next_by_key[i]->key = ++t->last_key;
}

void tracker_update(struct tracker *t, struct snapshot *next)
{
	struct tracked_session **by_key = t->by_key;
	bool any_paired = false;

	assert(next->sorted == next->count && t->before == NULL);
	for (uint32_t i = 0; i < next->count; i++) {
		tracker_set_start(t, next->sessions[i]);
		any_paired |= next->sessions[i]->pair != NULL;
	}
	if (any_paired && t->now->max_delay_s < next->max_delay_s)
		next->max_delay_s = t->now->max_delay_s;
	tracker_assign_keys(t, next);
	/* Starts have changed. Cannot fail: there is memory for as many since tracker_compare. */
	(void)snapshot_sort(next);
	t->by_key = t->next_by_key;
	t->next_by_key = by_key;
	t->before = t->now;
	t->now = next;
	t->closed_at = t->seen_at = 0;
}

bool tracker_next_event(struct tracker *t, struct tracker_event *event)
{
	if (t->before == NULL)
		return false;
	while (t->closed_at < t->before->count) {
		const struct tracked_session *s = t->before->sessions[t->closed_at++];

		if (s->pair != NULL)
			continue;
		*event = (struct tracker_event){ TRACKER_CLOSED, s, NULL };
		return true;
	}
	if (t->seen_at < t->now->count) {
		struct tracked_session *s = t->by_key[t->seen_at++];

		*event = (struct tracker_event){ s->pair != NULL ? TRACKER_SEEN : TRACKER_OPENED,
			                         s->pair, s };
		return true;
	}
	snapshot_unpair(t->now);
	snapshot_free(t->before);
	t->before = NULL;
	return false;
}

const struct snapshot *tracker_sessions(const struct tracker *t)
{
	return t->now;
}

struct tracked_session *const *tracker_by_key(const struct tracker *t)
{
	return t->by_key;
}

struct tracked_session *tracker_find_key(const struct tracker *t, uint64_t key)
{
	struct tracked_session wanted = { .key = key }, *at = &wanted, **found = NULL;

	if (t->now->count > 0)
		found = bsearch(&at, t->by_key, t->now->count, sizeof(struct tracked_session *),
		                tracked_session_compare_keys);
	return found != NULL ? *found : NULL;
}
