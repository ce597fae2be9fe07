/* SPDX-License-Identifier: MIT */
#include "samba/smbstatus/tracker.h"

#include <lmshare.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "sessions/tracker.h"

enum {
	SAME_START_S = 1,  /* smbstatus tells whole seconds */
	ABOUT_START_S = 2, /* Samba rounds the durations of level 1 */
	CLOSE_START_S = 3, /* a start is known that lies between two times so near */
};

struct smbstatus_tracker {
	char *guest;
	const struct smbstatus_tracker_handler *handler;
	void *context;
	struct tracker *tracker; /* each session's state is a published_session */
	bool has_transports;
	int64_t updated_s; /* 0: never */
};

struct smbstatus_tracker *smbstatus_tracker_new(const char *guest,
                                                const struct smbstatus_tracker_handler *handler,
                                                void *context)
{
	static const struct tracker_settings settings = {
		.has_identities = true,
		.state_bytes = sizeof(struct published_session),
	};
	struct smbstatus_tracker *k = calloc(1, sizeof *k);

	if (k == NULL)
		return NULL;
	k->guest = guest != NULL ? strdup(guest) : NULL;
	k->handler = handler;
	k->context = context;
	k->tracker = tracker_new(&settings);
	if ((guest != NULL && k->guest == NULL) || k->tracker == NULL) {
		smbstatus_tracker_free(k);
		return NULL;
	}
	return k;
}

void smbstatus_tracker_free(struct smbstatus_tracker *k)
{
	if (k == NULL)
		return;
	tracker_free(k->tracker);
	free(k->guest);
	free(k);
}

/* ---- one session ---- */

static struct published_session *published_session_of(const struct tracked_session *s)
{
	return s->state;
}

/* The start is what Samba says; else what the relay knows; else the session started at the latest
 * when its first share was connected, or now, and at the earliest when its smbd was, or when it was
 * not there yet. Where these are near each other, the start is known. */
static void published_session_set_start(struct published_session *s,
                                        const struct smbstatus_session *from, int64_t earliest_s,
                                        int64_t now_s, int64_t seen_started_s)
{
	int64_t latest_s = from->had_share_at_s > 0 ? from->had_share_at_s : now_s;

	if (from->smbd_started_s > earliest_s)
		earliest_s = from->smbd_started_s;

	/* What the relay knows may be of a session that has ended. */
	if (seen_started_s < earliest_s - ABOUT_START_S ||
	    seen_started_s > latest_s + ABOUT_START_S)
		seen_started_s = 0;
	if (from->started_s > 0)
		s->started_s = from->started_s;
	else if (seen_started_s > 0)
		s->started_s = seen_started_s;
	else if (!s->is_start_known && (s->started_s == 0 || latest_s < s->started_s))
		s->started_s = latest_s;
	s->is_start_known = s->is_start_known || from->started_s > 0 || seen_started_s > 0 ||
	                    s->started_s - earliest_s <= CLOSE_START_S;
}

/* s was paired with the session that it was before, if there was one. */
static void published_session_update(struct smbstatus_tracker *k, struct tracked_session *s,
                                     const struct smbstatus_session *from, int64_t now_s)
{
	struct published_session *p = published_session_of(s);
	int64_t seen_started_s = 0;

	/* smbd may log on anew within a session, as another user. */
	if (s->pair != NULL &&
	    (strcmp(p->client, from->client) != 0 || strcmp(p->user, from->user) != 0)) {
		p->is_renamed = true;
		p->is_unpublishable = false;
	}
	p->identity = from->identity;
	p->node = from->node;
	p->client = s->row.client;
	p->user = s->row.user;
	/* A start that is only known not to be later is no mark to find the session by. */
	if (!k->handler->find_cached(k->context, p, from->started_s, &seen_started_s))
		seen_started_s = 0;
	published_session_set_start(p, from, s->pair == NULL ? k->updated_s : 0, now_s,
	                            seen_started_s);
	p->num_opens = from->num_opens;
	s->started_s = p->started_s;
	p->transport = from->transport;
	p->user_flags = k->guest != NULL && text_equal_nocase(p->user, k->guest) ? SESS_GUEST : 0;
}

/* True: netsessiond shows something else of the session from now on. */
static bool published_session_publish(struct smbstatus_tracker *k, struct published_session *s)
{
	bool is_changed;

	if (s->is_unpublishable || s->is_refused)
		return false;
	if (!s->is_published || s->is_renamed || s->transport != s->published.transport ||
	    s->user_flags != s->published.user_flags ||
	    s->is_start_known != s->published.is_start_known ||
	    llabs(s->started_s - s->published.started_s) > SAME_START_S) {
		s->is_published = k->handler->put(k->context, s);
		if (!s->is_published)
			return false;
		s->is_renamed = false;
		s->published.transport = s->transport;
		s->published.started_s = s->started_s;
		s->published.is_start_known = s->is_start_known;
		s->published.user_flags = s->user_flags;
		s->published.num_opens = s->num_opens;
		return true;
	}
	is_changed = s->num_opens != s->published.num_opens;
	s->published.num_opens = s->num_opens;
	if (is_changed)
		k->handler->touch(k->context, s);
	return is_changed;
}

/* ---- all sessions ---- */

/* Gives what list says, compared with what is tracked. NULL: out of memory. */
static struct snapshot *smbstatus_tracker_compare(struct smbstatus_tracker *k,
                                                  const struct smbstatus_list *list,
                                                  uint32_t *missing)
{
	struct snapshot *next = tracker_begin_snapshot(k->tracker);

	for (size_t i = 0; next != NULL && i < list->count; i++) {
		const struct smbstatus_session *s = &list->sessions[i];
		const struct netsession_row row = { .client = s->client, .user = s->user };
		const struct session_identity identity = {
			{ s->identity.session_id, s->identity.pid, s->identity.unique_id }
		};

		snapshot_add(next, &row, s->started_s, &identity);
	}
	if (next != NULL && tracker_compare(k->tracker, next, missing))
		return next;
	snapshot_free(next);
	return NULL;
}

enum smbstatus_tracker_change smbstatus_tracker_update(struct smbstatus_tracker *k,
                                                       const struct smbstatus_list *list,
                                                       int64_t now_s)
{
	struct tracker_event event;
	uint32_t missing;
	struct snapshot *next = smbstatus_tracker_compare(k, list, &missing);
	bool is_changed = false;

	if (next == NULL)
		return SMBSTATUS_NO_MEMORY;
	k->has_transports = false;
	for (uint32_t i = 0; i < next->count; i++) {
		struct tracked_session *s = next->sessions[i];
		struct published_session *p = published_session_of(s);

		published_session_update(k, s, &list->sessions[s->source], now_s);
		p->is_refused = p->is_refused && missing == 0; /* there is room for it now */
		p->is_postponed = false;
		k->has_transports = k->has_transports || p->transport != NULL;
	}
	k->updated_s = now_s;
	tracker_update(k->tracker, next);
	while (tracker_next_event(k->tracker, &event)) {
		const struct published_session *closed;

		is_changed |= event.kind != TRACKER_SEEN;
		if (event.kind == TRACKER_CLOSED) {
			closed = published_session_of(event.before);
			if (closed->is_published)
				k->handler->remove(k->context, closed);
			continue;
		}
		published_session_of(event.now)->key = event.now->key;
		is_changed |= published_session_publish(k, published_session_of(event.now));
	}
	return is_changed ? SMBSTATUS_CHANGED : SMBSTATUS_UNCHANGED;
}

bool smbstatus_tracker_lacks_starts(struct smbstatus_tracker *k, const struct smbstatus_list *list)
{
	uint32_t missing;
	struct snapshot *next = smbstatus_tracker_compare(k, list, &missing);
	bool lacks = false;

	for (uint32_t i = 0; next != NULL && i < next->count; i++)
		lacks |= next->sessions[i]->pair == NULL && next->sessions[i]->started_s == 0;
	snapshot_free(next);
	return lacks;
}

void smbstatus_tracker_forget_published(struct smbstatus_tracker *k)
{
	for (size_t i = 0; i < smbstatus_tracker_count(k); i++) {
		struct published_session *s = smbstatus_tracker_at(k, i);

		s->is_published = s->is_refused = s->is_postponed = false;
		s->closing = PUBLISHED_OPEN;
	}
}

size_t smbstatus_tracker_count(const struct smbstatus_tracker *k)
{
	return tracker_sessions(k->tracker)->count;
}

struct published_session *smbstatus_tracker_at(const struct smbstatus_tracker *k, size_t i)
{
	return published_session_of(tracker_by_key(k->tracker)[i]);
}

struct published_session *smbstatus_tracker_find(const struct smbstatus_tracker *k, uint64_t key)
{
	const struct tracked_session *s = tracker_find_key(k->tracker, key);

	return s != NULL ? published_session_of(s) : NULL;
}

bool published_session_shares_smbd(const struct published_session *a,
                                   const struct published_session *b)
{
	return a->identity.pid == b->identity.pid &&
	       a->identity.unique_id == b->identity.unique_id && a->node == b->node;
}

uint32_t smbstatus_tracker_count_names(const struct smbstatus_tracker *k, const char *client,
                                       const char *user, int64_t started_s)
{
	const struct snapshot *now = tracker_sessions(k->tracker);
	uint32_t first, of_names = snapshot_find_names(now, client, user, &first), count = 0;

	for (uint32_t i = first; i < first + of_names; i++) {
		const struct published_session *s = published_session_of(now->by_names[i]);

		count += started_s == 0 || !s->is_start_known ||
		         llabs(s->started_s - started_s) <= ABOUT_START_S;
	}
	return count;
}

const char *smbstatus_tracker_transport(const struct smbstatus_tracker *k, const char *client,
                                        const char *user)
{
	const struct snapshot *now = tracker_sessions(k->tracker);
	const char *transport = NULL;
	uint32_t first, of_names;

	if (!k->has_transports)
		return NULL;
	of_names = snapshot_find_names(now, client, user, &first);
	for (uint32_t i = first; i < first + of_names; i++) {
		const char *another = published_session_of(now->by_names[i])->transport;

		if (another == NULL || (transport != NULL && another != transport))
			return NULL;
		transport = another;
	}
	return transport;
}
