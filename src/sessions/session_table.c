/* SPDX-License-Identifier: MIT */
#include "sessions/session_table.h"

#include <stdlib.h>
#include <string.h>
#include "base/user_name.h"
#include "sessions/session_lists.h"
#include "sessions/session_order.h"

/* A million sessions are not in the processor's cache, and each is in another page of memory. A
 * walk prefetches several at once, so that they arrive together: records first, then their texts.
 */
#define AHEAD 8

struct session_table {
	uint32_t max_sessions, last_id;
	bool has_beginning;
	int64_t beginning_s; /* records have seconds since then, 68 years both ways */
	struct session_order order;
	struct session_lists lists;
	const struct session_observer *observer; /* NULL: there is none */
};

struct session_table *session_table_new(uint32_t max_sessions)
{
	struct session_table *t = calloc(1, sizeof *t);

	if (t == NULL)
		return NULL;
	t->max_sessions = max_sessions;
	if (!session_lists_init(&t->lists)) {
		session_table_free(t);
		return NULL;
	}
	return t;
}

void session_table_free(struct session_table *t)
{
	if (t == NULL)
		return;
	session_order_fini(&t->order);
	session_lists_fini(&t->lists);
	free(t);
}

/* Whole seconds, rounded down. */
static int64_t seconds_from_ms(int64_t ms)
{
	return ms / 1000 - (ms % 1000 < 0);
}

/* In a record. */
#define UNKNOWN_S INT32_MIN

static int32_t since_beginning(const struct session_table *t, int64_t ms)
{
	int64_t s;

	if (ms == SESSION_TIME_UNKNOWN)
		return UNKNOWN_S;
	s = seconds_from_ms(ms) - t->beginning_s;
	return s <= UNKNOWN_S ? UNKNOWN_S + 1 : s > INT32_MAX ? INT32_MAX : (int32_t)s;
}

static uint32_t seconds_until(const struct session_table *t, int32_t from_s, int64_t now_ms)
{
	int64_t s = seconds_from_ms(now_ms) - t->beginning_s - from_s;

	if (from_s == UNKNOWN_S)
		return NETSESSION_UNKNOWN;
	return s < 0 ? 0 : s >= NETSESSION_UNKNOWN ? NETSESSION_UNKNOWN - 1 : (uint32_t)s;
}

/* The first time that is known. */
static void session_table_begin(struct session_table *t, int64_t ms)
{
	if (t->has_beginning || ms == SESSION_TIME_UNKNOWN)
		return;
	t->has_beginning = true;
	t->beginning_s = seconds_from_ms(ms);
}

static struct session_record *session_table_find_record(const struct session_table *t, uint32_t id)
{
	uint32_t slot = session_order_find(&t->order, id);

	return slot != 0 ? session_lists_record(&t->lists, slot) : NULL;
}

static void session_record_fill(struct session_table *t, struct session_record *r,
                                const struct session_facts *facts,
                                const struct session_texts *texts)
{
	session_table_begin(t, facts->created_ms);
	session_table_begin(t, facts->used_ms);
	r->texts = *texts;
	r->num_opens = facts->num_opens;
	r->user_flags = facts->user_flags;
	r->created_s = since_beginning(t, facts->created_ms);
	r->used_s = since_beginning(t, facts->used_ms);
}

/* Happens once in four billion sessions, and is the only step that takes longer the more sessions
 * there are. A resume handle from before means another place afterwards. */
static void session_table_renumber(struct session_table *t)
{
	const struct session_order_entry *e;
	struct session_order_place place = { 0 };

	session_order_renumber(&t->order);
	while ((e = session_order_next(&t->order, &place)) != NULL)
		session_lists_record(&t->lists, e->slot)->id = e->id;
	t->last_id = t->order.count;
	place = (struct session_order_place){ 0 };
	while ((e = session_order_next(&t->order, &place)) != NULL) {
		struct session_record *r = session_lists_record(&t->lists, e->slot);

		if (r->owner->renumbered != NULL)
			r->owner->renumbered(r->owner->context, r->key, r->id);
	}
	if (t->observer != NULL)
		t->observer->renumbered(t->observer->context);
}

void session_table_observe(struct session_table *t, const struct session_observer *observer)
{
	t->observer = observer;
}

bool session_table_is_full(const struct session_table *t)
{
	return t->order.count == t->max_sessions;
}

uint32_t session_table_add(struct session_table *t, const struct session_facts *facts,
                           struct session_owner *owner, uint64_t key)
{
	struct session_texts texts;
	struct session_record *r;
	uint32_t slot;

	if (session_table_is_full(t) || !session_texts_hold(&t->lists.texts, facts, &texts))
		return 0;
	if (t->last_id == UINT32_MAX)
		session_table_renumber(t);
	slot = session_lists_new_record(&t->lists);
	if (slot == 0)
		goto no_record;
	if (!session_order_append(&t->order, t->last_id + 1, slot))
		goto no_place;
	r = session_lists_record(&t->lists, slot);
	r->id = ++t->last_id;
	r->owner = owner;
	r->key = key;
	session_record_fill(t, r, facts, &texts);
	session_lists_link(&t->lists, slot);
	if (t->observer != NULL)
		t->observer->added(t->observer->context, r->id, facts);
	return r->id;

no_place:
	session_lists_free_record(&t->lists, slot);
no_record:
	session_texts_release(&t->lists.texts, &texts);
	return 0;
}

bool session_table_update(struct session_table *t, uint32_t id, const struct session_facts *facts)
{
	uint32_t slot = session_order_find(&t->order, id);
	struct session_record *r;
	struct session_texts old, texts;

	if (slot == 0 || !session_texts_hold(&t->lists.texts, facts, &texts))
		return false;
	r = session_lists_record(&t->lists, slot);
	old = r->texts;
	if (session_texts_same_groups(&t->lists.texts, &old, &texts)) {
		bool was_dated = r->created_s != UNKNOWN_S;

		session_record_fill(t, r, facts, &texts);
		if (t->observer != NULL && !was_dated && facts->created_ms != SESSION_TIME_UNKNOWN)
			t->observer->dated(t->observer->context, id, facts);
	} else {
		session_lists_unlink(&t->lists, slot);
		session_record_fill(t, r, facts, &texts);
		session_lists_link(&t->lists, slot);
		if (t->observer != NULL)
			t->observer->changed(t->observer->context, id, facts);
	}
	session_texts_release(&t->lists.texts, &old);
	return true;
}

void session_table_touch(struct session_table *t, uint32_t id, int64_t used_ms)
{
	struct session_record *r = session_table_find_record(t, id);

	if (r == NULL)
		return;
	session_table_begin(t, used_ms);
	r->used_s = since_beginning(t, used_ms);
}

void session_table_set_opens(struct session_table *t, uint32_t id, uint32_t num_opens)
{
	struct session_record *r = session_table_find_record(t, id);

	if (r != NULL)
		r->num_opens = num_opens;
}

static void session_table_take_out(struct session_table *t, uint32_t id, bool is_lost)
{
	uint32_t slot = session_order_find(&t->order, id);

	if (slot == 0)
		return;
	if (t->observer != NULL)
		t->observer->removed(t->observer->context, id, is_lost);
	session_order_remove(&t->order, id);
	session_lists_unlink(&t->lists, slot);
	session_texts_release(&t->lists.texts, &session_lists_record(&t->lists, slot)->texts);
	session_lists_free_record(&t->lists, slot);
}

void session_table_remove(struct session_table *t, uint32_t id)
{
	session_table_take_out(t, id, false);
}

void session_table_lose(struct session_table *t, uint32_t id)
{
	session_table_take_out(t, id, true);
}

uint32_t session_table_count(const struct session_table *t)
{
	return t->order.count;
}

void session_table_skip_ids(struct session_table *t, uint32_t id)
{
	if (id > t->last_id)
		t->last_id = id;
}

static bool session_walk_passes(const struct session_walk *w, const struct session_record *r)
{
	const struct session_text_pools *texts = &w->table->lists.texts;

	return (w->user == NULL || session_texts_are_of(texts, &r->texts, w->user)) &&
	       (w->client == NULL || session_texts_are_from(texts, &r->texts, w->client));
}

/* Begins at the first session of w's list with an id above after. */
static void session_walk_begin_list(struct session_walk *w, const struct session_lists *l,
                                    uint32_t first, uint32_t after)
{
	uint32_t slot = first;

	if (first == 0)
		return;
	do {
		const struct session_record *r = session_lists_record(l, slot);

		if (r->id > after && session_walk_passes(w, r) && w->total++ == 0)
			w->slot = slot;
		slot = r->links[w->list].next;
	} while (slot != first);
}

/* Prefetches the records of the next count sessions that were not prefetched yet, and the texts of
 * the next AHEAD sessions whose records were. */
static void session_walk_read_ahead(struct session_walk *w, uint32_t count)
{
	const struct session_table *t = w->table;
	const struct session_order_entry *e;

	for (uint32_t i = 0; i < count; i++) {
		e = session_order_next(&t->order, &w->records_at);
		if (e == NULL)
			break;
		session_lists_prefetch(&t->lists, e->slot);
	}
	for (uint32_t i = 0; i < AHEAD; i++) {
		e = session_order_next(&t->order, &w->texts_at);
		if (e == NULL)
			break;
		session_texts_prefetch(&t->lists.texts,
		                       &session_lists_record(&t->lists, e->slot)->texts);
	}
}

static void session_walk_choose(struct session_walk *w, const struct session_table *t,
                                const struct session_filter *filter)
{
	*w = (struct session_walk){ .table = t, .list = session_lists_choose(filter) };
	if (w->list == SESSION_LIST_COUNT)
		return;
	if (filter->user != NULL && user_name_split(filter->user).domain_bytes > 0)
		w->user = filter->user;
	if (filter->client != NULL && strchr(filter->client, '%') != NULL)
		w->client = filter->client;
}

void session_walk_begin(struct session_walk *w, const struct session_table *t,
                        const struct session_filter *filter, uint32_t after)
{
	session_walk_choose(w, t, filter);
	if (w->list != SESSION_LIST_COUNT) {
		session_walk_begin_list(w, &t->lists,
		                        session_lists_find(&t->lists, w->list, filter), after);
	} else {
		uint32_t rank;

		w->at = session_order_behind(&t->order, after, &rank);
		w->records_at = w->texts_at = w->at;
		w->total = t->order.count - rank;
		session_walk_read_ahead(w, 2 * AHEAD);
	}
	w->left = w->total;
}

uint32_t session_walk_total(const struct session_walk *w)
{
	return w->total;
}

static const struct session_record *session_walk_next_on_list(struct session_walk *w)
{
	const struct session_record *r;

	do {
		r = session_lists_record(&w->table->lists, w->slot);
		w->slot = r->links[w->list].next;
	} while (!session_walk_passes(w, r));
	return r;
}

static const struct session_record *session_walk_next_in_order(struct session_walk *w)
{
	if ((w->total - w->left) % AHEAD == 0)
		session_walk_read_ahead(w, AHEAD);
	return session_lists_record(&w->table->lists,
	                            session_order_next(&w->table->order, &w->at)->slot);
}

static void session_walk_show(const struct session_walk *w, const struct session_record *r,
                              int64_t now_ms, struct netsession_row *row)
{
	session_texts_show(&w->table->lists.texts, &r->texts, row);
	row->num_opens = r->num_opens;
	row->user_flags = r->user_flags;
	row->active_s = seconds_until(w->table, r->created_s, now_ms);
	row->idle_s = seconds_until(w->table, r->used_s, now_ms);
}

bool session_walk_next(struct session_walk *w, int64_t now_ms, struct netsession_row *row,
                       uint32_t *id)
{
	const struct session_record *r;

	if (w->left == 0)
		return false;
	r = w->list == SESSION_LIST_COUNT ? session_walk_next_in_order(w)
	                                  : session_walk_next_on_list(w);
	w->left--;
	session_walk_show(w, r, now_ms, row);
	*id = r->id;
	return true;
}

/* ---- in parts ---- */

/* The session behind slot; 0: slot is the last one. */
static uint32_t session_walk_behind(const struct session_walk *w, uint32_t slot)
{
	uint32_t next = session_lists_record(&w->table->lists, slot)->links[w->list].next;

	return next != w->first ? next : 0;
}

static void session_walk_resume_list(struct session_walk *w, uint32_t at)
{
	const struct session_lists *l = &w->table->lists;
	uint32_t slot = at != 0 ? session_order_find(&w->table->order, at) : 0;

	if (slot != 0 && session_lists_has(l, w->list, w->first, slot)) {
		w->slot = session_walk_behind(w, slot);
		return;
	}
	w->slot = w->first;
	while (w->slot != 0 && session_lists_record(l, w->slot)->id <= at)
		w->slot = session_walk_behind(w, w->slot);
}

void session_walk_resume(struct session_walk *w, const struct session_table *t,
                         const struct session_filter *filter, uint32_t at)
{
	uint32_t rank;

	session_walk_choose(w, t, filter);
	if (w->list != SESSION_LIST_COUNT) {
		w->first = session_lists_find(&t->lists, w->list, filter);
		session_walk_resume_list(w, at);
		return;
	}
	w->at = session_order_behind(&t->order, at, &rank);
	w->records_at = w->texts_at = w->at;
	w->total = w->left = t->order.count - rank;
	session_walk_read_ahead(w, 2 * AHEAD);
}

enum session_visit session_walk_visit(struct session_walk *w, int64_t now_ms,
                                      struct netsession_row *row, uint32_t *id)
{
	const struct session_record *r;

	if (w->list == SESSION_LIST_COUNT)
		return session_walk_next(w, now_ms, row, id) ? SESSION_VISIT_ROW
		                                             : SESSION_VISIT_END;
	if (w->slot == 0)
		return SESSION_VISIT_END;
	r = session_lists_record(&w->table->lists, w->slot);
	w->slot = session_walk_behind(w, w->slot);
	*id = r->id;
	if (!session_walk_passes(w, r))
		return SESSION_VISIT_OTHER;
	session_walk_show(w, r, now_ms, row);
	return SESSION_VISIT_ROW;
}

bool session_table_knows_client(const struct session_table *t, const char *client)
{
	const struct session_filter filter = { .client = client };
	struct session_walk w;

	/* A text is there only as long as a session has it. */
	if (session_texts_find_client(&t->lists.texts, client) == 0)
		return false;
	if (strchr(client, '%') == NULL)
		return true;
	session_walk_begin(&w, t, &filter, 0);
	return session_walk_total(&w) > 0;
}

/* Gives the ids above after of sessions that pass filter, room of them at most. */
static uint32_t session_table_collect_ids(const struct session_table *t,
                                          const struct session_filter *filter, uint32_t after,
                                          uint32_t ids[], uint32_t room)
{
	struct session_walk w;
	struct netsession_row row;
	uint32_t count = 0;

	session_walk_begin(&w, t, filter, after);
	while (count < room && session_walk_next(&w, 0, &row, &ids[count]))
		count++;
	return count;
}

struct session_group {
	const struct session_owner *owner;
	uint32_t number;
};

static int session_group_compare(const void *left, const void *right)
{
	const struct session_group *a = left, *b = right;

	if (a->owner != b->owner)
		return (uintptr_t)a->owner < (uintptr_t)b->owner ? -1 : 1;
	return (a->number > b->number) - (a->number < b->number);
}

static struct session_group session_record_group(const struct session_record *r)
{
	return (struct session_group){
		r->owner, r->owner->group != NULL ? r->owner->group(r->owner->context, r->key) : 0
	};
}

/* Gives the ids of the sessions that pass filter, and the groups that they are in, both sorted.
 * Returns the number of groups. */
static uint32_t session_table_collect_groups(const struct session_table *t,
                                             const struct session_filter *filter, uint32_t ids[],
                                             struct session_group groups[])
{
	struct session_walk w;
	struct netsession_row row;
	uint32_t count = 0;

	session_walk_begin(&w, t, filter, 0);
	while (session_walk_next(&w, 0, &row, ids)) {
		groups[count] = session_record_group(session_table_find_record(t, *ids++));
		count += groups[count].number != 0;
	}
	qsort(groups, count, sizeof *groups, session_group_compare);
	return count;
}

bool session_table_also_closed(const struct session_table *t, const struct session_filter *filter,
                               void (*found)(void *context, const struct netsession_row *row),
                               void *context, uint32_t *count)
{
	struct session_walk w;
	struct netsession_row row;
	struct session_group *groups, group;
	uint32_t *ids, id, total, group_count = 0, meant = 0;
	bool has_memory;

	session_walk_begin(&w, t, filter, 0);
	total = session_walk_total(&w);
	ids = calloc(total + 1, sizeof *ids);
	groups = calloc(total + 1, sizeof *groups);
	has_memory = ids != NULL && groups != NULL;
	*count = 0;
	if (has_memory)
		group_count = session_table_collect_groups(t, filter, ids, groups);
	session_walk_begin(&w, t, NULL, 0);
	while (group_count > 0 && session_walk_next(&w, 0, &row, &id)) {
		if (meant < total && ids[meant] == id) {
			meant++;
			continue;
		}
		group = session_record_group(session_table_find_record(t, id));
		if (group.number == 0 || bsearch(&group, groups, group_count, sizeof *groups,
		                                 session_group_compare) == NULL)
			continue;
		found(context, &row);
		(*count)++;
	}
	free(ids);
	free(groups);
	return has_memory;
}

/* An owner may remove any session while it closes one: so the ids are collected before, all at once
 * if there is memory for that. */
uint32_t session_table_close(struct session_table *t, const struct session_filter *filter)
{
	uint32_t few[64], *ids, room, count, after = 0;
	struct session_walk w;

	session_walk_begin(&w, t, filter, 0);
	room = session_walk_total(&w);
	ids = malloc(sizeof *ids * room);
	if (ids == NULL) {
		ids = few;
		room = sizeof few / sizeof *few;
	}
	do {
		count = session_table_collect_ids(t, filter, after, ids, room);
		for (uint32_t i = 0; i < count; i++) {
			const struct session_record *r = session_table_find_record(t, ids[i]);

			if (r != NULL)
				r->owner->close(r->owner->context, r->key);
			after = ids[i];
		}
	} while (count > 0 && ids == few);
	if (ids != few)
		free(ids);
	return session_walk_total(&w);
}
