/* SPDX-License-Identifier: MIT */
/* The sessions' records and the lists that they are in: all sessions from one client, all of one
 * user, and all of one user from one client. Names are compared without regard to case. A list is
 * circular and in the order of ids. */
#ifndef SESSIONS_SESSION_LISTS_H
#define SESSIONS_SESSION_LISTS_H

#include <stdbool.h>
#include <stdint.h>
#include "sessions/refs.h"
#include "sessions/session.h"
#include "sessions/session_texts.h"

enum session_list {
	SESSION_LIST_CLIENT,
	SESSION_LIST_USER,
	SESSION_LIST_PAIR,
	SESSION_LIST_COUNT,
};

struct session_link {
	uint32_t previous, next; /* slots */
};

struct session_record {
	struct session_owner *owner;
	uint64_t key;
	uint32_t id;
	struct session_texts texts;
	uint32_t num_opens, user_flags;
	int32_t created_s, used_s; /* since the table's first session was created */
	struct session_link links[SESSION_LIST_COUNT];
	/* Of the first session of a client and user: the next entry of its hash chain. Of an unused
	 * record: the next unused one. */
	uint32_t next;
};

struct session_lists {
	struct pages records;
	uint32_t never_used; /* records at the end of the last page */
	uint32_t unused;     /* the first record whose session was removed; 0: none */
	struct session_text_pools texts;
	/* The first session of each client and user. The first session of a client, and that of a
	 * user, is the number of its text group. */
	struct link_hash pairs;
};

/* False: out of memory; session_lists_fini is allowed then. */
bool session_lists_init(struct session_lists *l);
void session_lists_fini(struct session_lists *l);

/* Returns the slot of a new record, which is all zero and in no list. 0: out of memory. */
uint32_t session_lists_new_record(struct session_lists *l);
void session_lists_free_record(struct session_lists *l, uint32_t slot);
struct session_record *session_lists_record(const struct session_lists *l, uint32_t slot);
/* Loads a record into the processor's cache, because it will be read soon. */
void session_lists_prefetch(const struct session_lists *l, uint32_t slot);

/* Puts a record into the lists to which its client and user belong; removes it from them. */
void session_lists_link(struct session_lists *l, uint32_t slot);
void session_lists_unlink(struct session_lists *l, uint32_t slot);

/* Which kind of list has the sessions that pass filter. SESSION_LIST_COUNT: all sessions pass it.
 */
enum session_list session_lists_choose(const struct session_filter *filter);
/* The first session of that list. 0: no session passes filter. */
uint32_t session_lists_find(const struct session_lists *l, enum session_list list,
                            const struct session_filter *filter);
/* Whether the session is in the list that begins with first. */
bool session_lists_has(const struct session_lists *l, enum session_list list, uint32_t first,
                       uint32_t slot);

#endif
