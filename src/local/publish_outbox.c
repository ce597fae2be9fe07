/* SPDX-License-Identifier: MIT */
#include "local/publish_outbox.h"

#include <stdlib.h>
#include <string.h>
#include <lmerr.h>
#include "sessions/key_map.h"
#include "local/publish_message.h"

/* Instead of a time. */
#define UNKNOWN_MS INT64_MIN

enum outbox_change { NOTHING, PUT, TOUCH, REMOVE };

/* A session that netsessiond shows, or shall show. */
struct outbox_session {
	uint64_t key;
	char *texts; /* of a PUT: client, user, client type and transport, one after another */
	int64_t created_ms, used_ms;
	uint32_t group, num_opens, user_flags;
	uint32_t before, after; /* in the queue, from 1; after: also the next one that is free */
	uint8_t change;
	bool is_sent; /* a PUT of it was sent */
};

struct publish_outbox {
	uint32_t max_sessions;
	bool shows_unknown;
	struct key_map map; /* to a session's place, from 1 */
	struct outbox_session *sessions;
	uint32_t used, room, free;
	uint32_t first, last; /* with a change */
};

struct publish_outbox *publish_outbox_new(uint32_t max_sessions, bool shows_unknown)
{
	struct publish_outbox *o = calloc(1, sizeof *o);

	if (o != NULL) {
		o->max_sessions = max_sessions;
		o->shows_unknown = shows_unknown;
	}
	return o;
}

void publish_outbox_free(struct publish_outbox *o)
{
	if (o == NULL)
		return;
	for (uint32_t i = 0; i < o->used; i++)
		free(o->sessions[i].texts);
	free(o->sessions);
	key_map_fini(&o->map);
	free(o);
}

static struct outbox_session *outbox_session_at(const struct publish_outbox *o, uint32_t place)
{
	return place > 0 ? &o->sessions[place - 1] : NULL;
}

static struct outbox_session *outbox_find_session(const struct publish_outbox *o, uint64_t key)
{
	return outbox_session_at(o, key_map_find(&o->map, key));
}

static uint32_t outbox_place_of(const struct publish_outbox *o, const struct outbox_session *s)
{
	return (uint32_t)(s - o->sessions) + 1;
}

/* ---- the queue ---- */

static void outbox_dequeue(struct publish_outbox *o, struct outbox_session *s)
{
	if (s->change == NOTHING)
		return;
	*(s->before > 0 ? &outbox_session_at(o, s->before)->after : &o->first) = s->after;
	*(s->after > 0 ? &outbox_session_at(o, s->after)->before : &o->last) = s->before;
	s->change = NOTHING;
	free(s->texts);
	s->texts = NULL;
}

/* A change of a session that is in the queue already keeps its place. */
static void outbox_enqueue(struct publish_outbox *o, struct outbox_session *s,
                           enum outbox_change change)
{
	if (s->change == NOTHING) {
		s->before = o->last;
		s->after = 0;
		*(o->last > 0 ? &outbox_session_at(o, o->last)->after
		              : &o->first) = outbox_place_of(o, s);
		o->last = outbox_place_of(o, s);
	}
	s->change = (uint8_t)change;
}

/* ---- sessions ---- */

static bool outbox_make_room(struct publish_outbox *o)
{
	uint32_t room = o->room > 0 ? 2 * o->room : 16;
	struct outbox_session *sessions;

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
static struct outbox_session *outbox_add_session(struct publish_outbox *o, uint64_t key)
{
	uint32_t place;

	if (!outbox_make_room(o))
		return NULL;
	place = o->free > 0 ? o->free : o->used + 1;
	if (!key_map_set(&o->map, key, place))
		return NULL;
	if (o->free > 0)
		o->free = outbox_session_at(o, place)->after;
	else
		o->used++;
	*outbox_session_at(o, place) = (struct outbox_session){ .key = key };
	return outbox_session_at(o, place);
}

static void outbox_forget_session(struct publish_outbox *o, struct outbox_session *s)
{
	outbox_dequeue(o, s);
	key_map_remove(&o->map, s->key);
	s->after = o->free;
	o->free = outbox_place_of(o, s);
}

/* ---- changes ---- */

static char *outbox_copy_texts(const struct netsession_row *row)
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

static int64_t outbox_before_ms(int64_t now_ms, uint32_t seconds)
{
	return seconds != NETSESSION_UNKNOWN ? now_ms - (int64_t)seconds * 1000 : UNKNOWN_MS;
}

NET_API_STATUS publish_outbox_put(struct publish_outbox *o, uint64_t key, uint32_t group,
                                  const struct netsession_row *row, int64_t now_ms)
{
	struct outbox_session *s = outbox_find_session(o, key);
	char *texts;

	/* Sessions whose REMOVE waits count too: netsessiond still has them. */
	if (s == NULL && o->map.count >= o->max_sessions)
		return ERROR_TOO_MANY_SESS;
	texts = outbox_copy_texts(row);
	if (texts == NULL || (s == NULL && (s = outbox_add_session(o, key)) == NULL)) {
		free(texts);
		return ERROR_NOT_ENOUGH_MEMORY;
	}
	outbox_enqueue(o, s, PUT);
	free(s->texts);
	s->texts = texts;
	s->created_ms = outbox_before_ms(now_ms, row->active_s);
	s->used_ms = outbox_before_ms(now_ms, row->idle_s);
	s->group = group;
	s->num_opens = row->num_opens;
	s->user_flags = row->user_flags;
	return NERR_Success;
}

void publish_outbox_touch(struct publish_outbox *o, uint64_t key, uint32_t num_opens,
                          uint32_t idle_s, int64_t now_ms)
{
	struct outbox_session *s = outbox_find_session(o, key);

	if (s == NULL || s->change == REMOVE)
		return;
	s->num_opens = num_opens;
	s->used_ms = outbox_before_ms(now_ms, idle_s);
	if (s->change == NOTHING)
		outbox_enqueue(o, s, TOUCH);
}

void publish_outbox_remove(struct publish_outbox *o, uint64_t key)
{
	struct outbox_session *s = outbox_find_session(o, key);

	if (s == NULL)
		return;
	if (!s->is_sent) {
		outbox_forget_session(o, s);
		return;
	}
	free(s->texts);
	s->texts = NULL;
	outbox_enqueue(o, s, REMOVE);
}

bool publish_outbox_is_empty(const struct publish_outbox *o)
{
	return o->first == 0;
}

bool publish_outbox_has(const struct publish_outbox *o, uint64_t key)
{
	const struct outbox_session *s = outbox_find_session(o, key);

	return s != NULL && s->change != REMOVE;
}

bool publish_outbox_refused(struct publish_outbox *o, uint64_t key)
{
	struct outbox_session *s = outbox_find_session(o, key);
	bool was_removed;

	if (s == NULL || !s->is_sent)
		return false;
	s->is_sent = false;
	if (s->change == PUT)
		return false;
	was_removed = s->change == REMOVE;
	outbox_forget_session(o, s);
	return !was_removed;
}

/* ---- what is sent ---- */

static uint32_t outbox_seconds_since(int64_t then_ms, int64_t now_ms)
{
	int64_t seconds;

	if (then_ms == UNKNOWN_MS)
		return NETSESSION_UNKNOWN;
	seconds = (now_ms - then_ms) / 1000;
	return seconds < 0                     ? 0
	       : seconds >= NETSESSION_UNKNOWN ? NETSESSION_UNKNOWN - 1
	                                       : (uint32_t)seconds;
}

static uint32_t outbox_known_number(const struct publish_outbox *o, uint32_t number)
{
	return number != NETSESSION_UNKNOWN || o->shows_unknown ? number : 0;
}

static const char *outbox_next_text(const char **texts)
{
	const char *text = *texts;

	*texts += strlen(text) + 1;
	return text;
}

static void outbox_encode_change(const struct publish_outbox *o, struct wire_writer *w,
                                 const struct outbox_session *s, int64_t now_ms)
{
	static const enum publish_kind kinds[] = {
		[PUT] = PUBLISH_PUT, [TOUCH] = PUBLISH_TOUCH, [REMOVE] = PUBLISH_REMOVE
	};
	struct publish_message m = { .kind = kinds[s->change], .key = s->key };
	const char *texts = s->texts;

	m.group = s->group;
	m.row.num_opens = outbox_known_number(o, s->num_opens);
	m.row.user_flags = outbox_known_number(o, s->user_flags);
	m.row.active_s = outbox_known_number(o, outbox_seconds_since(s->created_ms, now_ms));
	m.row.idle_s = outbox_known_number(o, outbox_seconds_since(s->used_ms, now_ms));
	if (s->change == PUT) {
		m.row.client = outbox_next_text(&texts);
		m.row.user = outbox_next_text(&texts);
		m.row.client_type = outbox_next_text(&texts);
		m.row.transport = texts;
	}
	publish_message_encode(w, &m);
}

void publish_outbox_write(struct publish_outbox *o, struct wire_writer *w, size_t max_bytes,
                          int64_t now_ms)
{
	while (o->first > 0 && w->len + PUBLISH_MAX_FRAME_BYTES <= max_bytes) {
		struct outbox_session *s = outbox_session_at(o, o->first);

		outbox_encode_change(o, w, s, now_ms);
		if (w->failed)
			return;
		if (s->change == REMOVE) {
			outbox_forget_session(o, s);
		} else {
			s->is_sent = true;
			outbox_dequeue(o, s);
		}
	}
}
