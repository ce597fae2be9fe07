/* SPDX-License-Identifier: MIT */
#include "sessions/snapshot.h"

#include <stdlib.h>
#include <string.h>
#include "base/client_name.h"
#include "base/search.h"

/* ---- a snapshot's memory: blocks that are freed together, so nothing in them moves ---- */

#define MEMORY_BLOCK_BYTES 65536

struct snapshot_memory {
	struct snapshot_memory *next;
	size_t used, room;
	max_align_t bytes[];
};

/* All zero. NULL: out of memory. */
static void *snapshot_allocate(struct snapshot *s, size_t bytes, size_t alignment)
{
	struct snapshot_memory *m = s->memory;
	size_t at = m != NULL ? (m->used + alignment - 1) & ~(alignment - 1) : 0;

	if (m == NULL || at > m->room || bytes > m->room - at) {
		size_t room = bytes > MEMORY_BLOCK_BYTES ? bytes : MEMORY_BLOCK_BYTES;

		m = calloc(1, sizeof *m + room);
		if (m == NULL) {
			s->failed = true;
			return NULL;
		}
		m->room = room;
		m->next = s->memory;
		s->memory = m;
		at = 0;
	}
	m->used = at + bytes;
	return (unsigned char *)m->bytes + at;
}

/* Texts that many sessions share tend to be the session's before: like is that one's. */
static const char *snapshot_copy_text(struct snapshot *s, const char *text, const char *like)
{
	size_t bytes;
	char *copy;

	if (text == NULL)
		return NULL;
	if (like != NULL && strcmp(text, like) == 0)
		return like;
	bytes = strlen(text) + 1;
	copy = snapshot_allocate(s, bytes, 1);
	return copy != NULL ? memcpy(copy, text, bytes) : NULL;
}

/* ---- sessions ---- */

struct snapshot *snapshot_new(bool has_identities, size_t state_bytes)
{
	struct snapshot *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->has_identities = has_identities;
	s->state_bytes = state_bytes;
	return s;
}

void snapshot_free(struct snapshot *s)
{
	struct snapshot_memory *next;

	if (s == NULL)
		return;
	for (struct snapshot_memory *m = s->memory; m != NULL; m = next) {
		next = m->next;
		free(m);
	}
	free(s->sessions);
	free(s->by_names);
	free(s);
}

static bool snapshot_has_room(struct snapshot *s)
{
	uint32_t room = s->room == 0 ? 64 : 2 * s->room;
	struct tracked_session **grown;

	if (s->count < s->room)
		return true;
	grown = realloc(s->sessions, room * sizeof(struct tracked_session *));
	if (grown != NULL)
		s->sessions = grown;
	s->failed |= grown == NULL;
	if (s->failed)
		return false;
	s->room = room;
	return true;
}

void snapshot_add(struct snapshot *s, const struct netsession_row *row, int64_t started_s,
                  const struct session_identity *identity)
{
	static const struct netsession_row no_row;
	struct tracked_session *added;
	const struct netsession_row *last = s->count > 0 ? &s->sessions[s->count - 1]->row
	                                                 : &no_row;

	if (s->failed || !snapshot_has_room(s))
		return;
	added = snapshot_allocate(s, sizeof *added, _Alignof(max_align_t));
	if (added == NULL)
		return;
	added->row = *row;
	added->row.client = snapshot_copy_text(s, row->client, last->client);
	added->row.user = snapshot_copy_text(s, row->user, last->user);
	added->row.client_type = snapshot_copy_text(s, row->client_type, last->client_type);
	added->row.transport = snapshot_copy_text(s, row->transport, last->transport);
	if (identity != NULL)
		added->identity = *identity;
	added->started_s = started_s;
	added->source = s->count;
	if (s->state_bytes > 0)
		added->state = snapshot_allocate(s, s->state_bytes, _Alignof(max_align_t));
	s->sessions[s->count++] = added;
}

/* ---- orders ---- */

static int compare_numbers(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int compare_texts(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

static int tracked_session_compare_identities(const struct tracked_session *a,
                                              const struct tracked_session *b)
{
	const uint64_t *left = a->identity.numbers, *right = b->identity.numbers;

	for (size_t i = 0; i < sizeof a->identity.numbers / sizeof *left; i++)
		if (left[i] != right[i])
			return left[i] > right[i] ? 1 : -1;
	return 0;
}

static int tracked_session_compare_names(const struct tracked_session *a,
                                         const struct tracked_session *b)
{
	int clients = compare_texts(a->row.client, b->row.client);

	return clients != 0 ? clients : compare_texts(a->row.user, b->row.user);
}

typedef int session_comparison(const struct tracked_session *a, const struct tracked_session *b);

/* The order of sessions in which 0 means: the same one, if they started at about the same time. */
static session_comparison *snapshot_comparison(const struct snapshot *s)
{
	return s->has_identities ? tracked_session_compare_identities
	                         : tracked_session_compare_names;
}

static const struct tracked_session *tracked_session_at(const void *element)
{
	return *(struct tracked_session *const *)element;
}

/* Of two sessions that may be the same. */
static int tracked_session_sort_by_age(const struct tracked_session *a,
                                       const struct tracked_session *b)
{
	if (a->started_s != b->started_s)
		return compare_numbers(a->started_s, b->started_s);
	if (a->key != b->key)
		return a->key > b->key ? 1 : -1;
	return compare_numbers(a->source, b->source);
}

static int sort_by_identity(const void *left, const void *right)
{
	const struct tracked_session *a = tracked_session_at(left), *b = tracked_session_at(right);
	int order = tracked_session_compare_identities(a, b);

	return order != 0 ? order : tracked_session_sort_by_age(a, b);
}

static int sort_by_names(const void *left, const void *right)
{
	const struct tracked_session *a = tracked_session_at(left), *b = tracked_session_at(right);
	int order = tracked_session_compare_names(a, b);

	return order != 0 ? order : tracked_session_sort_by_age(a, b);
}

int tracked_session_compare_ages(const void *left, const void *right)
{
	const struct tracked_session *a = tracked_session_at(left), *b = tracked_session_at(right);
	int order = compare_numbers(a->started_s, b->started_s);

	if (order == 0)
		order = tracked_session_compare_identities(a, b);
	return order != 0 ? order : sort_by_names(left, right);
}

int tracked_session_compare_clients(const void *left, const void *right)
{
	int order = client_name_compare(tracked_session_at(left)->row.client,
	                                tracked_session_at(right)->row.client);

	return order != 0 ? order : sort_by_names(left, right);
}

/* Starts change less than the order does: so sessions are often sorted already. */
static void sort_sessions(struct tracked_session **sessions, size_t count,
                          int (*compare)(const void *left, const void *right))
{
	size_t sorted = 1;

	while (sorted < count && compare(&sessions[sorted - 1], &sessions[sorted]) <= 0)
		sorted++;
	if (sorted < count)
		qsort(sessions, count, sizeof(struct tracked_session *), compare);
}

bool snapshot_sort(struct snapshot *s)
{
	const size_t pointer_bytes = sizeof(struct tracked_session *);

	if (s->failed)
		return false;
	if (s->sorted != s->count) {
		struct tracked_session **grown = realloc(s->by_names, s->count * pointer_bytes);

		if (grown == NULL)
			return false;
		s->by_names = grown;
		s->sorted = s->count;
	}
	if (s->count == 0)
		return true;
	sort_sessions(s->sessions, s->count, s->has_identities ? sort_by_identity : sort_by_names);
	memcpy(s->by_names, s->sessions, s->count * pointer_bytes);
	if (s->has_identities)
		sort_sessions(s->by_names, s->count, sort_by_names);
	return true;
}

static int compare_names_with(const void *key, const void *element)
{
	return tracked_session_compare_names(key, tracked_session_at(element));
}

uint32_t snapshot_count_names(const struct snapshot *s, uint32_t at)
{
	uint32_t end = at + 1;

	while (end < s->sorted &&
	       tracked_session_compare_names(s->by_names[at], s->by_names[end]) == 0)
		end++;
	return end - at;
}

uint32_t snapshot_find_names(const struct snapshot *s, const char *client, const char *user,
                             uint32_t *first)
{
	const struct tracked_session names = { .row = { .client = client, .user = user } };
	uint32_t at = (uint32_t)search_lower_bound(&names, s->by_names, s->sorted,
	                                           sizeof(struct tracked_session *),
	                                           compare_names_with);

	if (first != NULL)
		*first = at;
	if (at == s->sorted || compare_names_with(&names, &s->by_names[at]) != 0)
		return 0;
	return snapshot_count_names(s, at);
}

/* ---- pairs ---- */

void snapshot_unpair(struct snapshot *s)
{
	for (uint32_t i = 0; i < s->count; i++)
		s->sessions[i]->pair = NULL;
}

/* How many sessions of both are the same to the second if those of next appear to have started
 * later by delay_s. Both are sorted. */
static uint32_t snapshot_count_same_second(const struct snapshot *now, const struct snapshot *next,
                                           int64_t delay_s)
{
	session_comparison *compare = snapshot_comparison(now);
	uint32_t n = 0, i = 0, count = 0;

	while (n < now->count && i < next->count) {
		const struct tracked_session *old = now->sessions[n], *s = next->sessions[i];
		int order = compare(old, s);
		int64_t later_s = s->started_s - delay_s - old->started_s;

		if (order > 0 || (order == 0 && later_s < 0)) {
			i++;
		} else if (order < 0 || later_s > 0) {
			n++;
		} else {
			count++;
			i++;
			n++;
		}
	}
	return count;
}

/* How much later the sessions of next appear to have started than those of now, all of them: the
 * delay by which most are the same to the second. Negative: now's were late. */
static int64_t snapshot_find_delay(const struct snapshot *now, const struct snapshot *next)
{
	uint32_t all = now->count < next->count ? now->count : next->count;
	uint32_t most = snapshot_count_same_second(now, next, 0);
	int64_t delay_s = 0;

	for (int64_t by_s = 1;
	     most < all && (by_s <= now->max_delay_s || by_s <= next->max_delay_s); by_s++)
		for (int sign = -1; sign <= 1; sign += 2) {
			bool may_be = by_s <= (sign < 0 ? now : next)->max_delay_s;
			uint32_t count = may_be ? snapshot_count_same_second(now, next, sign * by_s)
			                        : 0;

			if (count > most) {
				most = count;
				delay_s = sign * by_s;
			}
		}
	return delay_s;
}

/* Pairs those that have no pair yet, and started within so much of each other. Both are sorted.
 * Returns how many pairs were made. */
static uint32_t snapshot_pair_within(struct snapshot *now, struct snapshot *next, int64_t delay_s,
                                     int64_t within_s)
{
	session_comparison *compare = snapshot_comparison(now);
	uint32_t n = 0, i = 0, pairs = 0;

	while (n < now->count && i < next->count) {
		struct tracked_session *old = now->sessions[n], *s = next->sessions[i];
		int order = compare(old, s);
		int64_t later_s = s->started_s - delay_s - old->started_s;

		if (s->pair != NULL || order > 0 || (order == 0 && later_s < -within_s)) {
			i++;
		} else if (old->pair != NULL || order < 0 || later_s > within_s) {
			n++;
		} else {
			s->pair = old;
			old->pair = s;
			pairs++;
		}
	}
	return pairs;
}

static bool tracked_session_has_start(const struct tracked_session *s)
{
	return s->started_s != SNAPSHOT_START_UNKNOWN;
}

/* Pairs those that have no pair yet where either does not say when it started: such sessions stand
 * before the others of their names. Both are sorted. Returns how many pairs were made. */
static uint32_t snapshot_pair_unknown(struct snapshot *now, struct snapshot *next)
{
	session_comparison *compare = snapshot_comparison(now);
	uint32_t n = 0, i = 0, pairs = 0;

	while (n < now->count && i < next->count) {
		struct tracked_session *old = now->sessions[n], *s = next->sessions[i];
		int order = compare(old, s);

		if (s->pair != NULL || order > 0) {
			i++;
		} else if (old->pair != NULL || order < 0 ||
		           (tracked_session_has_start(old) && tracked_session_has_start(s))) {
			n++;
		} else {
			s->pair = old;
			old->pair = s;
			pairs++;
		}
	}
	return pairs;
}

uint32_t snapshot_pair(struct snapshot *now, struct snapshot *next, int64_t same_start_s,
                       int64_t *delay_s)
{
	uint32_t pairs;

	snapshot_unpair(now);
	snapshot_unpair(next);
	*delay_s = snapshot_find_delay(now, next);
	pairs = snapshot_pair_within(now, next, *delay_s, 0);
	if (pairs < now->count && pairs < next->count)
		pairs += snapshot_pair_within(now, next, *delay_s, same_start_s);
	if (pairs < now->count && pairs < next->count)
		pairs += snapshot_pair_unknown(now, next);
	return pairs;
}
