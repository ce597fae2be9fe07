/* SPDX-License-Identifier: MIT */
#include "sessions/session_order.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 4

void session_order_fini(struct session_order *o)
{
	for (uint32_t i = 0; i < o->leaf_count; i++)
		free(o->branches[i].leaf);
	free(o->branches);
	*o = (struct session_order){ 0 };
}

static uint32_t lowest_bit(uint32_t n)
{
	return n & (~n + 1);
}

/* How many stand in the leaves before this one. */
static uint32_t sum_before(const struct session_order *o, uint32_t leaf)
{
	uint32_t sum = 0;

	for (; leaf > 0; leaf -= lowest_bit(leaf))
		sum += o->branches[leaf - 1].sum;
	return sum;
}

static void sums_add(struct session_order *o, uint32_t leaf, uint32_t change)
{
	for (uint32_t i = leaf + 1; i <= o->leaf_count; i += lowest_bit(i))
		o->branches[i - 1].sum += change;
}

/* From the counts anew: when leaves went, at most once for each leaf that there ever was. */
static void sums_make(struct session_order *o)
{
	for (uint32_t i = 0; i < o->leaf_count; i++)
		o->branches[i].sum = o->branches[i].leaf->count;
	for (uint32_t i = 1; i <= o->leaf_count; i++)
		if (i + lowest_bit(i) <= o->leaf_count)
			o->branches[i + lowest_bit(i) - 1].sum += o->branches[i - 1].sum;
}

static bool session_order_make_room(struct session_order *o)
{
	uint32_t room = o->leaf_room == 0 ? FIRST_ROOM : 2 * o->leaf_room;
	struct session_order_branch *grown;

	if (o->leaf_count < o->leaf_room)
		return true;
	grown = realloc(o->branches, sizeof *grown * room);
	if (grown == NULL)
		return false;
	o->branches = grown;
	o->leaf_room = room;
	return true;
}

static bool append_leaf(struct session_order *o, uint32_t first_id)
{
	uint32_t leaf = o->leaf_count;

	if (!session_order_make_room(o) ||
	    (o->branches[leaf].leaf = malloc(sizeof *o->branches->leaf)) == NULL)
		return false;
	o->branches[leaf].leaf->count = 0;
	o->branches[leaf].first_id = first_id;
	o->leaf_count++;
	o->branches[leaf].sum = sum_before(o, leaf) -
	                        sum_before(o, o->leaf_count - lowest_bit(leaf + 1));
	return true;
}

bool session_order_append(struct session_order *o, uint32_t id, uint32_t slot)
{
	struct session_order_leaf *last = o->leaf_count > 0 ? o->branches[o->leaf_count - 1].leaf
	                                                    : NULL;

	if (last == NULL || last->count == SESSION_ORDER_LEAF_ENTRIES) {
		if (!append_leaf(o, id))
			return false;
		last = o->branches[o->leaf_count - 1].leaf;
	}
	last->entries[last->count++] = (struct session_order_entry){ id, slot };
	sums_add(o, o->leaf_count - 1, 1);
	o->count++;
	return true;
}

/* How many of the leaves begin at or below id. */
static uint32_t leaves_up_to(const struct session_order *o, uint32_t id)
{
	uint32_t low = 0, high = o->leaf_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (o->branches[middle].first_id <= id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static uint32_t entries_up_to(const struct session_order_leaf *leaf, uint32_t id)
{
	uint32_t low = 0, high = leaf->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (leaf->entries[middle].id <= id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Where id stands; false: it does not. */
static bool session_order_find_place(const struct session_order *o, uint32_t id,
                                     struct session_order_place *place)
{
	uint32_t leaves = leaves_up_to(o, id), entries;

	if (leaves == 0)
		return false;
	entries = entries_up_to(o->branches[leaves - 1].leaf, id);
	if (entries == 0 || o->branches[leaves - 1].leaf->entries[entries - 1].id != id)
		return false;
	*place = (struct session_order_place){ leaves - 1, entries - 1 };
	return true;
}

uint32_t session_order_find(const struct session_order *o, uint32_t id)
{
	struct session_order_place place;

	return session_order_find_place(o, id, &place)
	               ? o->branches[place.leaf].leaf->entries[place.at].slot
	               : 0;
}

static void remove_leaf(struct session_order *o, uint32_t leaf)
{
	size_t behind = o->leaf_count - leaf - 1;

	free(o->branches[leaf].leaf);
	memmove(o->branches + leaf, o->branches + leaf + 1, sizeof *o->branches * behind);
	o->leaf_count--;
	sums_make(o);
}

/* Puts what a leaf and the one behind it hold into one, if it fits. */
static bool session_order_merge_leaves(struct session_order *o, uint32_t leaf)
{
	struct session_order_leaf *a, *b;

	if (leaf + 1 >= o->leaf_count)
		return false;
	a = o->branches[leaf].leaf;
	b = o->branches[leaf + 1].leaf;
	if (a->count + b->count > SESSION_ORDER_LEAF_ENTRIES)
		return false;
	memcpy(a->entries + a->count, b->entries, sizeof *b->entries * b->count);
	a->count += b->count;
	remove_leaf(o, leaf + 1);
	return true;
}

void session_order_remove(struct session_order *o, uint32_t id)
{
	struct session_order_place place;
	struct session_order_leaf *leaf;
	bool is_there = session_order_find_place(o, id, &place);

	assert(is_there);
	leaf = o->branches[place.leaf].leaf;
	leaf->count--;
	o->count--;
	memmove(leaf->entries + place.at, leaf->entries + place.at + 1,
	        sizeof *leaf->entries * (leaf->count - place.at));
	if (leaf->count == 0) {
		remove_leaf(o, place.leaf);
		return;
	}
	o->branches[place.leaf].first_id = leaf->entries[0].id;
	sums_add(o, place.leaf, UINT32_MAX); /* one less */
	if (!session_order_merge_leaves(o, place.leaf) && place.leaf > 0)
		(void)session_order_merge_leaves(o, place.leaf - 1);
}

struct session_order_place session_order_behind(const struct session_order *o, uint32_t after,
                                                uint32_t *rank)
{
	uint32_t leaves = leaves_up_to(o, after), entries = 0;

	if (leaves == 0) {
		*rank = 0;
		return (struct session_order_place){ 0, 0 };
	}
	entries = entries_up_to(o->branches[leaves - 1].leaf, after);
	*rank = sum_before(o, leaves - 1) + entries;
	return (struct session_order_place){ leaves - 1, entries };
}

const struct session_order_entry *session_order_next(const struct session_order *o,
                                                     struct session_order_place *place)
{
	if (place->leaf < o->leaf_count && place->at == o->branches[place->leaf].leaf->count)
		*place = (struct session_order_place){ place->leaf + 1, 0 };
	if (place->leaf >= o->leaf_count)
		return NULL;
	return &o->branches[place->leaf].leaf->entries[place->at++];
}

const struct session_order_entry *
session_order_ahead(const struct session_order *o, struct session_order_place place, uint32_t count)
{
	uint32_t at = place.at + count;

	if (place.leaf < o->leaf_count && at >= o->branches[place.leaf].leaf->count)
		at -= o->branches[place.leaf++].leaf->count;
	if (place.leaf >= o->leaf_count || at >= o->branches[place.leaf].leaf->count)
		return NULL;
	return &o->branches[place.leaf].leaf->entries[at];
}

void session_order_renumber(struct session_order *o)
{
	uint32_t id = 0;

	for (uint32_t leaf = 0; leaf < o->leaf_count; leaf++) {
		o->branches[leaf].first_id = id + 1;
		for (uint32_t at = 0; at < o->branches[leaf].leaf->count; at++)
			o->branches[leaf].leaf->entries[at].id = ++id;
	}
}
