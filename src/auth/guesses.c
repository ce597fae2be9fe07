/* SPDX-License-Identifier: MIT */
#include "auth/guesses.h"

#include <stdlib.h>
#include <string.h>
#include "base/search.h"

enum guesses_kind { OF_SOURCE = 1, OF_ACCOUNT, OF_BOTH };

/* Compared as bytes: there is no padding. */
struct guesses_key {
	uint8_t kind, source[GUESSES_SOURCE_BYTES], zero[2];
	uint32_t account;
};

_Static_assert(sizeof(struct guesses_key) == 4 + GUESSES_SOURCE_BYTES + 3, "no padding");

struct guesses_entry {
	struct guesses_key key;
	double failures;    /* as of changed_ms */
	int64_t changed_ms; /* of a success: when it was */
	int64_t due_ms;     /* when the next guess may begin */
};

/* Sorted by their keys. */
struct guesses_table {
	struct guesses_entry *list;
	unsigned count, most;
};

struct guesses {
	struct guesses_table failures, successes;
};

struct guesses *guesses_new(void)
{
	struct guesses *g = calloc(1, sizeof *g);

	if (g == NULL)
		return NULL;
	g->failures.most = GUESSES_MAX;
	g->successes.most = GUESSES_MAX_SUCCESSES;
	g->failures.list = calloc(GUESSES_MAX, sizeof *g->failures.list);
	g->successes.list = calloc(GUESSES_MAX_SUCCESSES, sizeof *g->successes.list);
	if (g->failures.list != NULL && g->successes.list != NULL)
		return g;
	guesses_free(g);
	return NULL;
}

void guesses_free(struct guesses *g)
{
	if (g == NULL)
		return;
	free(g->failures.list);
	free(g->successes.list);
	free(g);
}

/* ---- entries ---- */

static struct guesses_key guesses_make_key(enum guesses_kind kind, const struct guess *guess)
{
	struct guesses_key key = { .kind = (uint8_t)kind };

	if (kind != OF_ACCOUNT)
		memcpy(key.source, guess->source, sizeof key.source);
	if (kind != OF_SOURCE)
		key.account = guess->account;
	return key;
}

static int guesses_compare(const void *key, const void *entry)
{
	return memcmp(key, &((const struct guesses_entry *)entry)->key, sizeof(struct guesses_key));
}

static unsigned guesses_index(const struct guesses_table *t, const struct guesses_key *key)
{
	return (unsigned)search_lower_bound(key, t->list, t->count, sizeof *t->list,
	                                    guesses_compare);
}

static struct guesses_entry *guesses_find(const struct guesses_table *t, enum guesses_kind kind,
                                          const struct guess *guess)
{
	const struct guesses_key key = guesses_make_key(kind, guess);
	unsigned index = guesses_index(t, &key);

	return index < t->count && guesses_compare(&key, &t->list[index]) == 0 ? &t->list[index]
	                                                                       : NULL;
}

static double guesses_failures(const struct guesses_entry *e, int64_t now_ms)
{
	double forgotten = (double)(now_ms - e->changed_ms) / GUESSES_FORGET_MS;

	return e->failures > forgotten ? e->failures - forgotten : 0;
}

/* Of two entries the one to be forgotten: that with fewer failures, of successes the older one. */
static bool guesses_is_less(const struct guesses_entry *a, const struct guesses_entry *b,
                            int64_t now_ms)
{
	double of_a = guesses_failures(a, now_ms), of_b = guesses_failures(b, now_ms);

	return of_a < of_b || (of_a <= of_b && a->changed_ms < b->changed_ms);
}

static void guesses_forget_least(struct guesses_table *t, int64_t now_ms)
{
	unsigned least = 0;

	for (unsigned i = 1; i < t->count; i++)
		if (guesses_is_less(&t->list[i], &t->list[least], now_ms))
			least = i;
	t->count--;
	memmove(&t->list[least], &t->list[least + 1], (t->count - least) * sizeof *t->list);
}

static struct guesses_entry *guesses_find_or_add(struct guesses_table *t, enum guesses_kind kind,
                                                 const struct guess *guess, int64_t now_ms)
{
	struct guesses_entry *e = guesses_find(t, kind, guess);
	struct guesses_key key = guesses_make_key(kind, guess);
	unsigned index;

	if (e != NULL)
		return e;
	if (t->count == t->most)
		guesses_forget_least(t, now_ms);
	index = guesses_index(t, &key);
	e = &t->list[index];
	memmove(e + 1, e, (t->count - index) * sizeof *e);
	t->count++;
	*e = (struct guesses_entry){ .key = key, .changed_ms = now_ms };
	return e;
}

/* ---- delays ---- */

static int64_t guesses_delay_ms(const struct guesses_entry *e, int64_t now_ms)
{
	int64_t most_ms = e->key.kind == OF_SOURCE ? GUESSES_MAX_SOURCE_DELAY_MS
	                                           : GUESSES_MAX_OTHER_DELAY_MS;
	unsigned free = e->key.kind == OF_ACCOUNT ? GUESSES_FREE_OF_ACCOUNT
	                                          : GUESSES_FREE_OF_SOURCE;
	double failures = guesses_failures(e, now_ms) - free;
	int64_t delay_ms = GUESSES_FIRST_DELAY_MS;

	if (failures <= 0)
		return 0;
	for (; failures > 1 && delay_ms < most_ms; failures -= 1)
		delay_ms *= 2;
	return delay_ms < most_ms ? delay_ms : most_ms;
}

/* Gives the entries whose failures count for the guess, NULL for one that does not exist. */
static void guesses_entries(const struct guesses *g, const struct guess *guess,
                            struct guesses_entry *entries[2])
{
	entries[0] = guesses_find(&g->successes, OF_BOTH, guess);
	entries[1] = NULL;
	if (entries[0] != NULL)
		return;
	entries[0] = guesses_find(&g->failures, OF_SOURCE, guess);
	entries[1] = guesses_find(&g->failures, OF_ACCOUNT, guess);
}

int64_t guesses_due_ms(const struct guesses *g, const struct guess *guess, int64_t now_ms)
{
	struct guesses_entry *entries[2];
	int64_t due_ms = now_ms;

	guesses_entries(g, guess, entries);
	for (size_t i = 0; i < 2; i++)
		if (entries[i] != NULL && entries[i]->due_ms > due_ms)
			due_ms = entries[i]->due_ms;
	return due_ms;
}

void guesses_begin(struct guesses *g, const struct guess *guess, int64_t now_ms)
{
	struct guesses_entry *entries[2];

	guesses_entries(g, guess, entries);
	for (size_t i = 0; i < 2; i++)
		if (entries[i] != NULL)
			entries[i]->due_ms = now_ms + guesses_delay_ms(entries[i], now_ms);
}

static void guesses_add_failure(struct guesses_entry *e, int64_t now_ms)
{
	e->failures = guesses_failures(e, now_ms) + 1;
	e->changed_ms = now_ms;
	e->due_ms = now_ms + guesses_delay_ms(e, now_ms);
}

void guesses_end(struct guesses *g, const struct guess *guess, bool is_right, int64_t now_ms)
{
	struct guesses_entry *known = guesses_find(&g->successes, OF_BOTH, guess);

	if (is_right) {
		known = guesses_find_or_add(&g->successes, OF_BOTH, guess, now_ms);
		known->failures = 0;
		known->changed_ms = known->due_ms = now_ms;
	} else if (known != NULL) {
		guesses_add_failure(known, now_ms);
	} else {
		guesses_add_failure(guesses_find_or_add(&g->failures, OF_SOURCE, guess, now_ms),
		                    now_ms);
		guesses_add_failure(guesses_find_or_add(&g->failures, OF_ACCOUNT, guess, now_ms),
		                    now_ms);
	}
}
