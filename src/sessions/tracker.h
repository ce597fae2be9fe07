/* SPDX-License-Identifier: MIT */
/* Recognises the sessions of one snapshot in the next one, and reports what opened, changed and
 * closed in between. A snapshot is what a source answered at one time: Samba over its pipe,
 * smbstatus, or a server that `netsession watch` polls.
 *
 * Where a source gives each session an identity, a session is the same when its identity is. Other
 * sources know a session's client, user and duration only: then a session is the same when client
 * and user are equal and it started at about the same time. Sessions that started in the very same
 * second are paired first, so when one of many ends, the others stay what they are.
 *
 * Usage: fill a snapshot; tracker_compare; decide about the sessions that are missing in it;
 * tracker_update; handle the events. */
#ifndef SESSIONS_TRACKER_H
#define SESSIONS_TRACKER_H

#include "sessions/snapshot.h"

/* What differs from one source to the next. */
struct tracker_settings {
	bool has_identities;
	/* Without identities: how far two snapshots may disagree on a session's start. */
	uint32_t same_start_s;
	/* Sessions that open together stand in the order of clients and users; else the oldest is
	 * the first. */
	bool is_ordered_by_names;
	size_t state_bytes; /* see tracked_session.state */
};

struct tracker;

/* Returns a tracker that has no sessions. NULL: out of memory. */
struct tracker *tracker_new(const struct tracker_settings *settings);
/* NULL is allowed. */
void tracker_free(struct tracker *t);

/* Returns an empty snapshot for this tracker. NULL: out of memory. */
struct snapshot *tracker_begin_snapshot(const struct tracker *t);
/* Pairs the sessions of next with those that are tracked, and gives them their state; may be called
 * again. missing: how many tracked sessions next lacks; those have no pair. False: out of memory.
 * Before the update, starts and state of next may be written. */
bool tracker_compare(struct tracker *t, struct snapshot *next, uint32_t *missing);
/* Adds to next a copy of a tracked session that next lacks, because the session is open all the
 * same. tracker_compare must follow. */
void tracker_keep(struct tracker *t, struct snapshot *next, const struct tracked_session *missing);
/* Adds to next the sessions of other, an earlier snapshot, that next lacks: a session is open if
 * either snapshot has it. False: out of memory. */
bool tracker_merge(const struct tracker *t, struct snapshot *next, struct snapshot *other);

/* Takes next, which was compared last, as what is tracked from now on. Cannot fail. All events must
 * have been read before. */
void tracker_update(struct tracker *t, struct snapshot *next);

enum tracker_event_kind {
	TRACKER_CLOSED, /* before is not there any more */
	TRACKER_SEEN,   /* before is there still, as now, changed or not */
	TRACKER_OPENED, /* now is new */
};

struct tracker_event {
	enum tracker_event_kind kind;
	const struct tracked_session *before; /* NULL: OPENED */
	/* NULL: CLOSED. Its state may be written. */
	struct tracked_session *now;
};

/* Gives the next event of the last update: first the sessions that closed, then the others in the
 * order of their keys. before lives until there is no event left. False: there is none left. */
bool tracker_next_event(struct tracker *t, struct tracker_event *event);

/* The sessions that are tracked. */
const struct snapshot *tracker_sessions(const struct tracker *t);
/* The same sessions in the order of their keys. */
struct tracked_session *const *tracker_by_key(const struct tracker *t);
/* NULL: no session has this key. */
struct tracked_session *tracker_find_key(const struct tracker *t, uint64_t key);

#endif
