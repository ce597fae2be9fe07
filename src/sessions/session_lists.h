/* SPDX-License-Identifier: MIT */
/* The sessions' records and the lists they are in: all from one client, all of one user, all of one
 * user from one client. A list is circular, in the order of ids, and knows no case. */
#ifndef SESSIONS_SESSION_LISTS_H
#define SESSIONS_SESSION_LISTS_H

#include <stdbool.h>
#include <stdint.h>
#include "sessions/link_hash.h"
#include "sessions/pages.h"
#include "sessions/session_table.h"
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
	int32_t created_s, used_s; /* since the table's own beginning */
	struct session_link links[SESSION_LIST_COUNT];
	/* Of a pair's first session: the next one of its hash chain. Of a record without a session:
	 * the next such one. */
	uint32_t next;
};

struct session_lists {
	struct pages records;
	uint32_t never_used; /* records at the end of the last page */
	uint32_t unused;     /* the first record whose session is gone; 0: none */
	struct session_text_pools texts;
	/* The first session of each pair. The first one of a client or a user is its group's
	 * number. */
	struct link_hash pairs;
};

/* False: out of memory; fini is allowed then. */
bool session_lists_init(struct session_lists *l);
void session_lists_fini(struct session_lists *l);

/* A slot for a record, which is all zero and in no list. 0: out of memory. */
uint32_t session_lists_new_record(struct session_lists *l);
void session_lists_free_record(struct session_lists *l, uint32_t slot);
struct session_record *session_lists_record(const struct session_lists *l, uint32_t slot);
/* Brings a record closer, for who will read it soon. */
void session_lists_prefetch(const struct session_lists *l, uint32_t slot);

/* Puts a record into the lists to which it belongs by its texts, and takes it out of them. */
void session_lists_link(struct session_lists *l, uint32_t slot);
void session_lists_unlink(struct session_lists *l, uint32_t slot);

/* Which of its lists a filter means; SESSION_LIST_COUNT: none, all sessions pass it. */
enum session_list session_lists_choose(const struct session_filter *filter);
/* The first session of that list; 0: none passes the filter. */
uint32_t session_lists_find(const struct session_lists *l, enum session_list list,
                            const struct session_filter *filter);

#endif
