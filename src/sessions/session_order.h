/* SPDX-License-Identifier: MIT */
/* All sessions in the order of their ids: leaves of a few hundred, and a tree of sums over how many
 * each holds (Fenwick), so that a place and how many stand before it are found in O(log n). Ids are
 * only appended, so that no leaf is ever split; two that have come to fit into one become one. */
#ifndef SESSIONS_SESSION_ORDER_H
#define SESSIONS_SESSION_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#define SESSION_ORDER_LEAF_ENTRIES 256

struct session_order_entry {
	uint32_t id, slot;
};

struct session_order_leaf {
	uint32_t count; /* never 0 */
	struct session_order_entry entries[SESSION_ORDER_LEAF_ENTRIES];
};

struct session_order_branch {
	struct session_order_leaf *leaf;
	uint32_t first_id; /* the leaf's */
	uint32_t sum; /* branch i: of the counts of leaves i + 1 - lowest bit of (i + 1) to i */
};

/* All zero is an empty one. */
struct session_order {
	struct session_order_branch *branches;
	uint32_t leaf_count, leaf_room;
	uint32_t count;
};

struct session_order_place {
	uint32_t leaf, at; /* leaf == leaf_count: behind the last one */
};

void session_order_fini(struct session_order *o);

/* id is greater than any before. False: out of memory. */
bool session_order_append(struct session_order *o, uint32_t id, uint32_t slot);
/* An id that is there. */
void session_order_remove(struct session_order *o, uint32_t id);
/* Its slot; 0: there is no such id. */
uint32_t session_order_find(const struct session_order *o, uint32_t id);

/* Where the first id above after stands, and how many stand before it. */
struct session_order_place session_order_behind(const struct session_order *o, uint32_t after,
                                                uint32_t *rank);
/* What stands at a place, and the place behind it; NULL: it is the end. */
const struct session_order_entry *session_order_next(const struct session_order *o,
                                                     struct session_order_place *place);
/* What stands count places on, at most a leaf further; NULL: nothing that is as near as that. */
const struct session_order_entry *session_order_ahead(const struct session_order *o,
                                                      struct session_order_place place,
                                                      uint32_t count);

/* Gives all the ids 1, 2, 3... */
void session_order_renumber(struct session_order *o);

#endif
