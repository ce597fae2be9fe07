/* SPDX-License-Identifier: MIT */
/* The sessions of this computer, up to a million: by an id that only grows, by client and by user.
 * It knows no clock: times are what its callers say, milliseconds of one clock. */
#ifndef SESSIONS_SESSION_TABLE_H
#define SESSIONS_SESSION_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <netsession.h>
#include "sessions/session_order.h"

struct session_table;

/* What somebody tells of a session. Texts are UTF-8, borrowed, NULL for none; equal ones are kept
 * once. client with or without its \\: it is shown as it was told. */
struct session_facts {
	const char *client, *user, *client_type, *transport;
	uint32_t num_opens, user_flags;
	int64_t created_ms, used_ms; /* kept by the second */
};

/* Who put sessions into the table and looks after them. */
struct session_owner {
	/* Somebody wants this session closed. It may remove it from the table here, or later, and
	 * others too; it adds none here. */
	void (*close)(void *context, uint64_t key);
	/* After 4,294,967,295 sessions the ids have run out: those that are left are numbered anew
	 * in their order, from 1, and each is told its new one. It must not change the table here.
	 * NULL: for an owner that remembers no ids. */
	void (*renumbered)(void *context, uint64_t key, uint32_t id);
	void *context;
	const char *name; /* static text, for logs: "smb", "publish", "demo" */
	/* The owner cannot close a session alone: with it end all that have its number. 0: it can.
	 * NULL: it always can. */
	uint32_t (*group)(void *context, uint64_t key);
};

/* Of one text, its terminator excluded. */
#define SESSION_TABLE_TEXT_BYTES 4000

/* max_sessions: more are refused. NULL: out of memory. */
struct session_table *session_table_new(uint32_t max_sessions);
void session_table_free(struct session_table *t);

/* Keeps owner until the session is removed, and copies the rest. Returns its id, greater than any
 * before; 0: the table is full, a text is longer than it may be, or memory ran out. */
uint32_t session_table_add(struct session_table *t, const struct session_facts *facts,
                           struct session_owner *owner, uint64_t key);
/* What is told of a session anew, wholly. False: no such id, a text is longer than it may be, or
 * out of memory; it is as before then. With another client or user, its new place among the other
 * sessions of those is searched for from both ends; all else is O(log n). */
bool session_table_update(struct session_table *t, uint32_t id, const struct session_facts *facts);
/* The two that change with every request, without a look at the rest. */
void session_table_touch(struct session_table *t, uint32_t id, int64_t used_ms);
void session_table_set_opens(struct session_table *t, uint32_t id, uint32_t num_opens);
/* An id that is not there is passed over. */
void session_table_remove(struct session_table *t, uint32_t id);
uint32_t session_table_count(const struct session_table *t);
/* No session to come gets an id up to id: how tests come to the last one. */
void session_table_skip_ids(struct session_table *t, uint32_t id);

/* Which sessions are meant. NULL or "": any. Compared without regard to case, the client with or
 * without its \\; a user without a domain means that account of all domains. */
struct session_filter {
	const char *client, *user;
};

/* A way through the sessions that pass a filter, by id. The table must not change meanwhile.
 * O(log n) to begin without a filter, O(matches) with one; O(1) a session. A
 * copy of it goes on from where it was copied, so that one who keeps a copy can go back there. */
struct session_walk { /* all of it the table's own */
	const struct session_table *table;
	const char *
		user; /* with a domain, which its list's sessions may lack; NULL: any of the list */
	uint32_t total, left;
	unsigned list; /* which of a session's links it follows; or the order of all */
	uint32_t slot; /* on a list: the next session */
	/* In the order: the next session, and the first ones whose record and texts are not
	 * prefetched yet. */
	struct session_order_place at, records_at, texts_at;
};

/* Stands before the first session with an id above after. filter: NULL for all; its texts are kept
 * as long as the walk. */
void session_walk_begin(struct session_walk *w, const struct session_table *t,
                        const struct session_filter *filter, uint32_t after);
/* The sessions that are left, from the beginning of the walk. */
uint32_t session_walk_total(const struct session_walk *w);
/* The next one as it is at now_ms; its texts are borrowed from the table. Gives its id. False:
 * there is none. */
bool session_walk_next(struct session_walk *w, int64_t now_ms, struct netsession_row *row,
                       uint32_t *id);

/* Whether any session comes from this client. */
bool session_table_knows_client(const struct session_table *t, const char *client);

/* Calls found for each session that would end with those that pass filter, beside them; its texts
 * are borrowed from the table, which must not change meanwhile. Returns how many there are; without
 * memory, 0. O(n log n) of all sessions where any has a group, else O(matches). */
uint32_t session_table_beside(const struct session_table *t, const struct session_filter *filter,
                              void (*found)(void *context, const struct netsession_row *row),
                              void *context);

/* Asks the owners of all sessions that pass filter to close them. Returns how many there were. */
uint32_t session_table_close(struct session_table *t, const struct session_filter *filter);

#endif
