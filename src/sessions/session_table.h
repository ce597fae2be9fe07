/* SPDX-License-Identifier: MIT */
/* The sessions of this computer, up to a million. They are found by an id that only grows, by
 * client and by user. The table has no clock: its callers give times, in milliseconds of one clock.
 */
#ifndef SESSIONS_SESSION_TABLE_H
#define SESSIONS_SESSION_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <netsession.h>
#include "sessions/session.h"
#include "sessions/session_order.h"

struct session_table;

/* A table for max_sessions: more are refused. NULL: out of memory. */
struct session_table *session_table_new(uint32_t max_sessions);
void session_table_free(struct session_table *t);
/* Whether it has max_sessions. */
bool session_table_is_full(const struct session_table *t);

/* Adds a session. Keeps owner until the session is removed, and copies facts. Returns the id, which
 * is greater than any before. 0: the table is full, a text is too long, or memory ran out. */
uint32_t session_table_add(struct session_table *t, const struct session_facts *facts,
                           struct session_owner *owner, uint64_t key);
/* Replaces all that is known of a session. False: there is no such id, a text is too long, or
 * memory ran out; the session is as before then. O(log n); with another client or user, also a
 * search for the session's place among the other sessions of those, from both ends. */
bool session_table_update(struct session_table *t, uint32_t id, const struct session_facts *facts);
/* Change one number of a session, which changes with every request; a value that is not known is as
 * in struct session_facts. Do nothing if there is no such id. */
void session_table_touch(struct session_table *t, uint32_t id, int64_t used_ms);
void session_table_set_opens(struct session_table *t, uint32_t id, uint32_t num_opens);
/* Do nothing if there is no such id. To lose a session is to remove it although it may be open:
 * nobody tells of it any more. */
void session_table_remove(struct session_table *t, uint32_t id);
void session_table_lose(struct session_table *t, uint32_t id);
uint32_t session_table_count(const struct session_table *t);
/* The next session's id will be above id, if all ids so far are not. */
void session_table_skip_ids(struct session_table *t, uint32_t id);

/* Learns of each session that is added or removed, at once. Must not change the table. */
struct session_observer {
	void (*added)(void *context, uint32_t id, const struct session_facts *facts);
	/* Its client or its user has changed. */
	void (*changed)(void *context, uint32_t id, const struct session_facts *facts);
	/* When it began is known now. */
	void (*dated)(void *context, uint32_t id, const struct session_facts *facts);
	void (*removed)(void *context, uint32_t id, bool is_lost);
	/* All sessions have other ids, see session_owner. */
	void (*renumbered)(void *context);
	void *context;
};

/* Keeps observer; NULL: nobody observes the table. */
void session_table_observe(struct session_table *t, const struct session_observer *observer);

/* A walk through the sessions that pass a filter, in the order of their ids. The table must not
 * change during a walk. Beginning a walk takes O(matches) with a filter; without one it sums up the
 * blocks of the order (session_order.h). Each step takes O(1). A copy of a walk continues from
 * where the walk was copied. The members belong to the table. */
struct session_walk {
	const struct session_table *table;
	/* What a list leaves to be compared: the user with the domain, the client with the scope of
	 * its address. NULL: all of the list passes. */
	const char *user, *client;
	uint32_t total, left;
	unsigned list;  /* enum session_list; SESSION_LIST_COUNT: the order of all sessions */
	uint32_t slot;  /* in a list: the next session */
	uint32_t first; /* of session_walk_resume: the first session of the list */
	/* In the order of all: the next session, and the first ones whose record and whose texts
	 * are not prefetched yet. */
	struct session_order_place at, records_at, texts_at;
};

/* Begins a walk before the first session with an id above after. Keeps the texts of filter as long
 * as the walk; NULL: all sessions pass. */
void session_walk_begin(struct session_walk *w, const struct session_table *t,
                        const struct session_filter *filter, uint32_t after);
/* The number of sessions of the walk, from its beginning. */
uint32_t session_walk_total(const struct session_walk *w);
/* Gives the next session as it is at now_ms, and its id; the texts of row are borrowed from the
 * table, and numbers that are not known are NETSESSION_UNKNOWN. False: there is none. */
bool session_walk_next(struct session_walk *w, int64_t now_ms, struct netsession_row *row,
                       uint32_t *id);

/* A walk in parts, between which the table may change. at is the id of the last session that was
 * visited, 0 before the first part. The next part continues behind it in O(1), or, if that session
 * has ended, searches its place, in O(matches) with a filter. Keeps the texts of filter as long as
 * the part. */
void session_walk_resume(struct session_walk *w, const struct session_table *t,
                         const struct session_filter *filter, uint32_t at);
enum session_visit {
	SESSION_VISIT_END,   /* there is no further session */
	SESSION_VISIT_OTHER, /* a session that only seemed to pass the filter */
	SESSION_VISIT_ROW,   /* a session that passes it */
};
/* Visits the next session: gives its id and, where it passes the filter, its row, as
 * session_walk_next does. O(1). */
enum session_visit session_walk_visit(struct session_walk *w, int64_t now_ms,
                                      struct netsession_row *row, uint32_t *id);

/* Whether there is a session from this client. */
bool session_table_knows_client(const struct session_table *t, const char *client);

/* Calls found for each session that does not pass filter but would end together with one that does
 * (session_owner.group). The texts of row are borrowed from the table, which must not change
 * meanwhile. Gives the number of those sessions. False: out of memory. O(n log n) of all sessions
 * if one that passes has a group, else O(matches). */
bool session_table_also_closed(const struct session_table *t, const struct session_filter *filter,
                               void (*found)(void *context, const struct netsession_row *row),
                               void *context, uint32_t *count);

/* Has the owners close all sessions that pass filter. Returns the number of those. */
uint32_t session_table_close(struct session_table *t, const struct session_filter *filter);

#endif
