/* SPDX-License-Identifier: MIT */
#include "samba/relay/session_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/client_name.h"
#include "sessions/tracker.h"
#include "srvsvc/session_block.h"

/* Samba rounds both ends of a session's time: source3/rpc_server/srvsvc, ran. */
#define SAME_START_S 2

/* What the cache knows of a tracked session. */
struct cached_state {
	uint32_t id;   /* in the table; 0: the table had no room for the session */
	bool is_stale; /* the table has the session as it was before */
};

struct session_cache {
	struct session_table *table;
	struct session_owner owner;
	struct tracker *tracker;
};

static struct cached_state *cached_state_of(const struct tracked_session *s)
{
	return s->state;
}

/* Samba closes its sessions itself, when it is asked to. */
static void session_cache_on_close(void *context, uint64_t key)
{
	(void)context;
	(void)key;
}

static void session_cache_on_renumbered(void *context, uint64_t key, uint32_t id)
{
	const struct session_cache *c = context;

	cached_state_of(tracker_find_key(c->tracker, key))->id = id;
}

struct session_cache *session_cache_new(uint32_t max_sessions, uint32_t first_id)
{
	static const struct tracker_settings settings = {
		.same_start_s = SAME_START_S,
		.state_bytes = sizeof(struct cached_state),
	};
	struct session_cache *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	c->owner = (struct session_owner){ .close = session_cache_on_close,
		                           .renumbered = session_cache_on_renumbered,
		                           .context = c,
		                           .name = "samba" };
	c->table = session_table_new(max_sessions);
	c->tracker = tracker_new(&settings);
	if (c->table == NULL || c->tracker == NULL) {
		session_cache_free(c);
		return NULL;
	}
	session_table_skip_ids(c->table, first_id);
	return c;
}

void session_cache_free(struct session_cache *c)
{
	if (c == NULL)
		return;
	tracker_free(c->tracker);
	session_table_free(c->table);
	free(c);
}

struct session_table *session_cache_table(const struct session_cache *c)
{
	return c->table;
}

/* ---- a snapshot out of an answer ---- */

/* Samba rounds a start to the nearest second, so a session may appear to start in the future: its
 * duration is 4,294,967,295 seconds then (ran, 4.17.12). No session lasts 68 years. */
static int64_t start_from_duration_s(uint32_t active_s, int64_t now_ms)
{
	if (active_s > INT32_MAX)
		return now_ms / 1000 + (active_s == UINT32_MAX);
	return now_ms / 1000 - active_s;
}

/* NULL: out of memory. */
static struct snapshot *snapshot_from_infos(const struct tracker *t, const SESSION_INFO_1 *infos,
                                            uint32_t entries, int64_t now_ms)
{
	const struct session_level *level = session_level_find(1);
	struct snapshot *snapshot = tracker_begin_snapshot(t);
	size_t scratch_bytes = 0;
	char *scratch = NULL;
	bool is_good = snapshot != NULL;

	for (uint32_t i = 0; is_good && i < entries; i++) {
		struct netsession_row row, kept;

		is_good = session_infos_row(level, infos, i, &row, &scratch, &scratch_bytes);
		if (!is_good)
			break;
		kept = (struct netsession_row){
			.client = row.client != NULL ? client_name_bare(row.client) : "",
			.user = row.user != NULL ? row.user : "",
			.num_opens = row.num_opens,
			.user_flags = row.user_flags,
		};
		snapshot_add(snapshot, &kept, start_from_duration_s(row.active_s, now_ms), NULL);
	}
	free(scratch);
	if (is_good)
		return snapshot;
	snapshot_free(snapshot);
	return NULL;
}

/* ---- sessions that an answer lacks ---- */

/* Whether next has fewer sessions of some client and user than now. A session that ended while
 * another one of the same client and user started is not missed: many clients list sessions again
 * and again, each time over a new session. */
static bool snapshot_lacks_sessions(const struct snapshot *now, const struct snapshot *next)
{
	for (uint32_t i = 0, count; i < now->count; i += count) {
		const struct netsession_row *row = &now->by_names[i]->row;

		count = snapshot_count_names(now, i);
		if (snapshot_find_names(next, row->client, row->user, NULL) < count)
			return true;
	}
	return false;
}

/* Whether smbstatus has fewer sessions of some client and user than next. */
static bool smbstatus_lacks_sessions(const struct snapshot *next,
                                     const struct relay_smbstatus *smbstatus)
{
	for (uint32_t i = 0, count; i < next->count; i += count) {
		const struct netsession_row *row = &next->by_names[i]->row;

		count = snapshot_count_names(next, i);
		if (smbstatus->count_sessions(smbstatus->context, row->client, row->user, 0) <
		    count)
			return true;
	}
	return false;
}

/* Whether smbstatus has more sessions of its client and user than count, and s may be one of them.
 */
static bool smbstatus_has_session(const struct relay_smbstatus *smbstatus,
                                  const struct tracked_session *s, uint32_t count)
{
	const struct netsession_row *row = &s->row;

	return smbstatus->count_sessions(smbstatus->context, row->client, row->user, 0) > count &&
	       smbstatus->count_sessions(smbstatus->context, row->client, row->user, s->started_s) >
	               0;
}

static bool has_same_names(const struct netsession_row *a, const struct netsession_row *b)
{
	return strcmp(a->client, b->client) == 0 && strcmp(a->user, b->user) == 0;
}

/* Adds the sessions that next lacks, and that smbstatus has. False: out of memory. */
static bool session_cache_keep_missing(struct session_cache *c, struct snapshot *next,
                                       const struct relay_smbstatus *smbstatus)
{
	const struct snapshot *now = tracker_sessions(c->tracker);
	uint32_t of_names = 0, missing;

	for (uint32_t i = 0; i < now->count; i++) {
		const struct tracked_session *s = now->by_names[i];

		if (i == 0 || !has_same_names(&s->row, &now->by_names[i - 1]->row))
			of_names = snapshot_find_names(next, s->row.client, s->row.user, NULL);
		if (s->pair != NULL || !smbstatus_has_session(smbstatus, s, of_names))
			continue;
		tracker_keep(c->tracker, next, s);
		of_names++;
	}
	return tracker_compare(c->tracker, next, &missing);
}

/* ---- the table follows ---- */

/* Samba gives a client without the two backslashes that Windows' callers expect; some of those
 * callers cut the first two characters off (ran: impacket's netview). One that is too long for the
 * table stays too long. */
typedef char client_text[SESSION_TABLE_TEXT_BYTES + 3];

static struct session_facts cached_session_facts(const struct tracked_session *s, int64_t now_ms,
                                                 client_text client)
{
	(void)snprintf(client, sizeof(client_text), "\\\\%s", s->row.client);
	return (struct session_facts){
		.client = client,
		.user = s->row.user,
		.client_type = "", /* as Windows has it since Vista */
		.transport = s->row.transport != NULL ? s->row.transport : "",
		.num_opens = s->row.num_opens,
		.user_flags = s->row.user_flags,
		.created_ms = s->started_s * 1000,
		.used_ms = now_ms, /* Samba gives no idle time: 0 */
	};
}

/* Returns false if the table has no room for the session. */
static bool session_cache_add(struct session_cache *c, struct tracked_session *s, int64_t now_ms)
{
	client_text client;
	struct session_facts facts = cached_session_facts(s, now_ms, client);
	struct cached_state *state = cached_state_of(s);

	state->id = session_table_add(c->table, &facts, &c->owner, s->key);
	return state->id != 0;
}

static bool is_unchanged(const struct tracked_session *before, const struct tracked_session *now)
{
	return now->started_s == before->started_s && now->row.num_opens == before->row.num_opens &&
	       now->row.user_flags == before->row.user_flags &&
	       now->row.transport == before->row.transport; /* static texts */
}

/* Returns false if the table has no room for the session. */
static bool session_cache_change(struct session_cache *c, const struct tracked_session *before,
                                 struct tracked_session *s, int64_t now_ms)
{
	struct cached_state *state = cached_state_of(s);
	struct session_facts facts;
	client_text client;

	if (state->id == 0)
		return session_cache_add(c, s, now_ms);
	if (!state->is_stale && is_unchanged(before, s)) {
		session_table_touch(c->table, state->id, now_ms);
	} else {
		facts = cached_session_facts(s, now_ms, client);
		state->is_stale = !session_table_update(c->table, state->id, &facts);
	}
	return true;
}

/* False: the table lacks some of the sessions. */
static bool session_cache_follow(struct session_cache *c, int64_t now_ms)
{
	struct tracker_event event;
	bool is_complete = true;

	while (tracker_next_event(c->tracker, &event))
		switch (event.kind) {
		case TRACKER_CLOSED:
			session_table_remove(c->table, cached_state_of(event.before)->id);
			break;
		case TRACKER_SEEN:
			is_complete &= session_cache_change(c, event.before, event.now, now_ms);
			break;
		case TRACKER_OPENED:
			is_complete &= session_cache_add(c, event.now, now_ms);
			break;
		}
	return is_complete;
}

NET_API_STATUS session_cache_update(struct session_cache *c, const SESSION_INFO_1 *infos,
                                    uint32_t entries, int64_t asked_ms, int64_t now_ms,
                                    const struct relay_smbstatus *smbstatus)
{
	const struct snapshot *now = tracker_sessions(c->tracker);
	struct snapshot *next = snapshot_from_infos(c->tracker, infos, entries, now_ms);
	NET_API_STATUS status = ERROR_NOT_ENOUGH_MEMORY;
	uint32_t missing;

	if (next == NULL)
		return status;
	/* Samba gives durations, so the starts are only known as exactly as its answer was fast. */
	next->max_delay_s = 1 + (now_ms > asked_ms ? (now_ms - asked_ms) / 1000 : 0);
	if (!tracker_compare(c->tracker, next, &missing))
		goto out;
	if (smbstatus->count_sessions != NULL && !smbstatus->is_current &&
	    (smbstatus->wants_current || snapshot_lacks_sessions(now, next) ||
	     (smbstatus->wants_transports && smbstatus_lacks_sessions(next, smbstatus)))) {
		status = SESSION_CACHE_SHORT;
		goto out;
	}
	if (smbstatus->count_sessions != NULL && smbstatus->is_current && missing > 0 &&
	    !session_cache_keep_missing(c, next, smbstatus))
		goto out;
	for (uint32_t i = 0; i < next->count; i++) {
		struct netsession_row *row = &next->sessions[i]->row;

		row->transport = smbstatus->find_transport(smbstatus->context, row->client,
		                                           row->user);
	}
	tracker_update(c->tracker, next);
	return session_cache_follow(c, now_ms) ? NERR_Success : ERROR_NOT_ENOUGH_MEMORY;
out:
	snapshot_free(next);
	return status;
}

bool session_cache_next_names(const struct session_cache *c, uint32_t *at, const char **client,
                              const char **user)
{
	const struct snapshot *now = tracker_sessions(c->tracker);

	if (*at >= now->sorted)
		return false;
	*client = now->by_names[*at]->row.client;
	*user = now->by_names[*at]->row.user;
	*at += snapshot_count_names(now, *at);
	return true;
}

bool session_cache_find_start(const struct session_cache *c, const char *client, const char *user,
                              int64_t started_s, int64_t *began_s)
{
	const struct snapshot *now = tracker_sessions(c->tracker);
	const struct tracked_session *found = NULL;
	uint32_t first, count = snapshot_find_names(now, client, user, &first);

	for (uint32_t i = first; i < first + count; i++) {
		const struct tracked_session *s = now->by_names[i];

		if (started_s != 0 && llabs(s->started_s - started_s) > SAME_START_S)
			continue;
		if (found != NULL)
			return false;
		found = s;
	}
	if (found == NULL)
		return false;
	*began_s = found->started_s;
	return true;
}
