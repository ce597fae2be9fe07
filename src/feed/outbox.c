/* SPDX-License-Identifier: MIT */
#include "feed/outbox.h"

#include <stdlib.h>
#include <string.h>
#include <lmerr.h>
#include "feed/key_map.h"
#include "feed/message.h"

enum change { NOTHING, PUT, TOUCH, REMOVE };

/* A session that netsessiond knows, or shall know. */
struct session {
	uint64_t key;
	char *texts; /* of a PUT: client, user, client type and transport, one behind the other */
	int64_t created_ms, used_ms;
	uint32_t group, num_opens, user_flags;
	uint32_t before, after; /* in the queue, from 1; after: also the next one that is free */
	uint8_t change;
	bool is_told; /* a PUT of it was */
};

struct feed_outbox {
	uint32_t max_sessions;
	struct feed_key_map map; /* to a session's place, from 1 */
	struct session *sessions;
	uint32_t used, room, free;
	uint32_t first, last; /* with a change */
};

struct feed_outbox *feed_outbox_new(uint32_t max_sessions)
{
	struct feed_outbox *o = calloc(1, sizeof *o);

	if (o != NULL)
		o->max_sessions = max_sessions;
	return o;
}

void feed_outbox_free(struct feed_outbox *o)
{
	if (o == NULL)
		return;
	for (uint32_t i = 0; i < o->used; i++)
		free(o->sessions[i].texts);
	free(o->sessions);
	feed_key_map_fini(&o->map);
	free(o);
}

static struct session *at(const struct feed_outbox *o, uint32_t place)
{
	return place > 0 ? &o->sessions[place - 1] : NULL;
}

static struct session *find(const struct feed_outbox *o, uint64_t key)
{
	return at(o, feed_key_map_find(&o->map, key));
}

static uint32_t place_of(const struct feed_outbox *o, const struct session *s)
{
	return (uint32_t)(s - o->sessions) + 1;
}

/* ---- the queue ---- */

static void dequeue(struct feed_outbox *o, struct session *s)
{
	if (s->change == NOTHING)
		return;
	*(s->before > 0 ? &at(o, s->before)->after : &o->first) = s->after;
	*(s->after > 0 ? &at(o, s->after)->before : &o->last) = s->before;
	s->change = NOTHING;
	free(s->texts);
	s->texts = NULL;
}

/* A change that waits already waits on in its place. */
static void enqueue(struct feed_outbox *o, struct session *s, enum change change)
{
	if (s->change == NOTHING) {
		s->before = o->last;
		s->after = 0;
		*(o->last > 0 ? &at(o, o->last)->after : &o->first) = place_of(o, s);
		o->last = place_of(o, s);
	}
	s->change = (uint8_t)change;
}

/* ---- sessions ---- */

static bool make_room(struct feed_outbox *o)
{
	uint32_t room = o->room > 0 ? 2 * o->room : 16;
	struct session *sessions;

	if (o->free > 0 || o->used < o->room)
		return true;
	sessions = reallocarray(o->sessions, room, sizeof *sessions);
	if (sessions == NULL)
		return false;
	o->sessions = sessions;
	o->room = room;
	return true;
}

/* NULL: out of memory. */
static struct session *add(struct feed_outbox *o, uint64_t key)
{
	uint32_t place;

	if (!make_room(o))
		return NULL;
	place = o->free > 0 ? o->free : o->used + 1;
	if (!feed_key_map_set(&o->map, key, place))
		return NULL;
	if (o->free > 0)
		o->free = at(o, place)->after;
	else
		o->used++;
	*at(o, place) = (struct session){ .key = key };
	return at(o, place);
}

static void forget(struct feed_outbox *o, struct session *s)
{
	dequeue(o, s);
	feed_key_map_remove(&o->map, s->key);
	s->after = o->free;
	o->free = place_of(o, s);
}

/* ---- changes ---- */

static char *copy_texts(const struct netsession_row *row)
{
	const char *const texts[] = { row->client, row->user, row->client_type, row->transport };
	size_t bytes = 0;
	char *copy, *to;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		bytes += texts[i] != NULL ? strlen(texts[i]) + 1 : 1;
	copy = to = malloc(bytes);
	for (size_t i = 0; copy != NULL && i < sizeof texts / sizeof *texts; i++)
		to = stpcpy(to, texts[i] != NULL ? texts[i] : "") + 1;
	return copy;
}

static int64_t before_ms(int64_t now_ms, uint32_t seconds)
{
	return now_ms - (int64_t)seconds * 1000;
}

NET_API_STATUS feed_outbox_put(struct feed_outbox *o, uint64_t key, uint32_t group,
                               const struct netsession_row *row, int64_t now_ms)
{
	struct session *s = find(o, key);
	char *texts;

	/* Those whose REMOVE waits count: netsessiond still has them. */
	if (s == NULL && o->map.count >= o->max_sessions)
		return ERROR_TOO_MANY_SESS;
	texts = copy_texts(row);
	if (texts == NULL || (s == NULL && (s = add(o, key)) == NULL)) {
		free(texts);
		return ERROR_NOT_ENOUGH_MEMORY;
	}
	enqueue(o, s, PUT);
	free(s->texts);
	s->texts = texts;
	s->created_ms = before_ms(now_ms, row->active_s);
	s->used_ms = before_ms(now_ms, row->idle_s);
	s->group = group;
	s->num_opens = row->num_opens;
	s->user_flags = row->user_flags;
	return NERR_Success;
}

void feed_outbox_touch(struct feed_outbox *o, uint64_t key, uint32_t num_opens, uint32_t idle_s,
                       int64_t now_ms)
{
	struct session *s = find(o, key);

	if (s == NULL || s->change == REMOVE)
		return;
	s->num_opens = num_opens;
	s->used_ms = before_ms(now_ms, idle_s);
	if (s->change == NOTHING)
		enqueue(o, s, TOUCH);
}

void feed_outbox_remove(struct feed_outbox *o, uint64_t key)
{
	struct session *s = find(o, key);

	if (s == NULL)
		return;
	if (!s->is_told) {
		forget(o, s);
		return;
	}
	free(s->texts);
	s->texts = NULL;
	enqueue(o, s, REMOVE);
}

bool feed_outbox_is_told(const struct feed_outbox *o)
{
	return o->first == 0;
}

bool feed_outbox_has(const struct feed_outbox *o, uint64_t key)
{
	const struct session *s = find(o, key);

	return s != NULL && s->change != REMOVE;
}

bool feed_outbox_refused(struct feed_outbox *o, uint64_t key)
{
	struct session *s = find(o, key);
	bool was_removed;

	if (s == NULL || !s->is_told)
		return false;
	s->is_told = false;
	if (s->change == PUT)
		return false;
	was_removed = s->change == REMOVE;
	forget(o, s);
	return !was_removed;
}

/* ---- what is told ---- */

static uint32_t seconds_since(int64_t then_ms, int64_t now_ms)
{
	int64_t seconds = (now_ms - then_ms) / 1000;

	return seconds < 0 ? 0 : seconds > UINT32_MAX ? UINT32_MAX : (uint32_t)seconds;
}

static const char *next_text(const char **texts)
{
	const char *text = *texts;

	*texts += strlen(text) + 1;
	return text;
}

static void encode(struct wire_writer *w, const struct session *s, int64_t now_ms)
{
	static const enum feed_kind kinds[] = {
		[PUT] = FEED_PUT, [TOUCH] = FEED_TOUCH, [REMOVE] = FEED_REMOVE
	};
	struct feed_message m = { .kind = kinds[s->change], .key = s->key };
	const char *texts = s->texts;

	m.group = s->group;
	m.row.num_opens = s->num_opens;
	m.row.user_flags = s->user_flags;
	m.row.active_s = seconds_since(s->created_ms, now_ms);
	m.row.idle_s = seconds_since(s->used_ms, now_ms);
	if (s->change == PUT) {
		m.row.client = next_text(&texts);
		m.row.user = next_text(&texts);
		m.row.client_type = next_text(&texts);
		m.row.transport = texts;
	}
	feed_message_encode(w, &m);
}

void feed_outbox_write(struct feed_outbox *o, struct wire_writer *w, size_t max_bytes,
                       int64_t now_ms)
{
	while (o->first > 0 && w->len + FEED_MAX_FRAME_BYTES <= max_bytes) {
		struct session *s = at(o, o->first);

		encode(w, s, now_ms);
		if (w->failed)
			return;
		if (s->change == REMOVE) {
			forget(o, s);
		} else {
			s->is_told = true;
			dequeue(o, s);
		}
	}
}
