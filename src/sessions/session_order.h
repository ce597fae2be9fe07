/* SPDX-License-Identifier: MIT */
/* All sessions in the order of their ids: blocks of up to 512 entries. Ids only grow, so a new
 * session is appended to the last block, and no block is ever split. A session that is removed
 * leaves no gap; two neighbours whose sessions fit into one block become one. So a page of sessions
 * lies in few blocks wherever it begins.
 *
 * How many sessions stand before a place is a sum over the blocks' counts: less than 1 us where
 * there are a million sessions. */
#ifndef SESSIONS_SESSION_ORDER_H
#define SESSIONS_SESSION_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#define SESSION_ORDER_BLOCK_ENTRIES 512

struct session_order_entry {
	uint32_t id, slot;
};

struct session_order_block {
	struct session_order_entry *entries;
	uint32_t first_id;
	uint32_t count; /* never 0 */
};

/* All zero is an empty order. */
struct session_order {
	struct session_order_block *blocks;
	uint32_t block_count, block_room;
	uint32_t count; /* sessions */
};

/* Valid until the order changes. */
struct session_order_place {
	uint32_t block, at; /* block == block_count: behind the last session */
};

void session_order_fini(struct session_order *o);

/* id is greater than any before. False: out of memory; nothing has changed. */
bool session_order_append(struct session_order *o, uint32_t id, uint32_t slot);
/* Removes an id that is there. */
void session_order_remove(struct session_order *o, uint32_t id);
/* Returns the slot of id. 0: there is no such id. */
uint32_t session_order_find(const struct session_order *o, uint32_t id);

/* Returns the place of the first id above after, and gives the number of sessions before it. */
struct session_order_place session_order_behind(const struct session_order *o, uint32_t after,
                                                uint32_t *rank);
/* Returns the session at a place, and moves the place to the next one. NULL: there is none. */
const struct session_order_entry *session_order_next(const struct session_order *o,
                                                     struct session_order_place *place);

/* Gives the sessions the ids 1, 2, 3... in their order. */
void session_order_renumber(struct session_order *o);

#endif
