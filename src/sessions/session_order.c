/* SPDX-License-Identifier: MIT */
#include "sessions/session_order.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "base/search.h"

#define BLOCK_ENTRIES SESSION_ORDER_BLOCK_ENTRIES
#define FIRST_ROOM    4

void session_order_fini(struct session_order *o)
{
	for (uint32_t i = 0; i < o->block_count; i++)
		free(o->blocks[i].entries);
	free(o->blocks);
	*o = (struct session_order){ 0 };
}

static bool session_order_append_block(struct session_order *o, uint32_t first_id)
{
	struct session_order_block block = { .first_id = first_id };

	if (o->block_count == o->block_room) {
		uint32_t room = o->block_room == 0 ? FIRST_ROOM : 2 * o->block_room;
		struct session_order_block *grown = realloc(o->blocks, sizeof *grown * room);

		if (grown == NULL)
			return false;
		o->blocks = grown;
		o->block_room = room;
	}
	block.entries = malloc(sizeof *block.entries * BLOCK_ENTRIES);
	if (block.entries == NULL)
		return false;
	o->blocks[o->block_count++] = block;
	return true;
}

bool session_order_append(struct session_order *o, uint32_t id, uint32_t slot)
{
	struct session_order_block *last;

	if ((o->block_count == 0 || o->blocks[o->block_count - 1].count == BLOCK_ENTRIES) &&
	    !session_order_append_block(o, id))
		return false;
	last = &o->blocks[o->block_count - 1];
	last->entries[last->count++] = (struct session_order_entry){ id, slot };
	o->count++;
	return true;
}

static int compare_id_with_block(const void *key, const void *element)
{
	uint64_t id = *(const uint64_t *)key,
		 first = ((const struct session_order_block *)element)->first_id;

	return (id > first) - (id < first);
}

static int compare_id_with_entry(const void *key, const void *element)
{
	uint64_t id = *(const uint64_t *)key,
		 other = ((const struct session_order_entry *)element)->id;

	return (id > other) - (id < other);
}

/* The place behind the last session that is at or below id. */
static struct session_order_place session_order_place_behind(const struct session_order *o,
                                                             uint32_t id)
{
	uint64_t above = (uint64_t)id + 1;
	size_t blocks = search_lower_bound(&above, o->blocks, o->block_count, sizeof *o->blocks,
	                                   compare_id_with_block);
	const struct session_order_block *b;

	if (blocks == 0)
		return (struct session_order_place){ 0, 0 };
	b = &o->blocks[blocks - 1];
	return (struct session_order_place){
		(uint32_t)blocks - 1,
		(uint32_t)search_lower_bound(&above, b->entries, b->count, sizeof *b->entries,
		                             compare_id_with_entry),
	};
}

uint32_t session_order_find(const struct session_order *o, uint32_t id)
{
	struct session_order_place behind = session_order_place_behind(o, id);
	const struct session_order_entry *e;

	if (behind.at == 0)
		return 0;
	e = &o->blocks[behind.block].entries[behind.at - 1];
	return e->id == id ? e->slot : 0;
}

static void session_order_remove_block(struct session_order *o, uint32_t block)
{
	size_t behind = o->block_count - block - 1;

	free(o->blocks[block].entries);
	memmove(o->blocks + block, o->blocks + block + 1, sizeof *o->blocks * behind);
	o->block_count--;
}

/* Puts the sessions of a block and of the one behind it into one block, if they fit. */
static void session_order_merge_blocks(struct session_order *o, uint32_t block)
{
	struct session_order_block *a = &o->blocks[block], *b = a + 1;

	if (block + 1 >= o->block_count || a->count + b->count > BLOCK_ENTRIES)
		return;
	memcpy(a->entries + a->count, b->entries, sizeof *b->entries * b->count);
	a->count += b->count;
	session_order_remove_block(o, block + 1);
}

void session_order_remove(struct session_order *o, uint32_t id)
{
	struct session_order_place behind = session_order_place_behind(o, id);
	struct session_order_block *b = &o->blocks[behind.block];

	assert(behind.at > 0 && b->entries[behind.at - 1].id == id);
	memmove(b->entries + behind.at - 1, b->entries + behind.at,
	        sizeof *b->entries * (b->count - behind.at));
	b->count--;
	o->count--;
	if (b->count == 0) {
		session_order_remove_block(o, behind.block);
		return;
	}
	b->first_id = b->entries[0].id;
	session_order_merge_blocks(o, behind.block);
	if (behind.block > 0)
		session_order_merge_blocks(o, behind.block - 1);
}

static uint32_t session_order_sum_blocks(const struct session_order *o, uint32_t from, uint32_t to)
{
	uint32_t sum = 0;

	for (uint32_t i = from; i < to; i++)
		sum += o->blocks[i].count;
	return sum;
}

struct session_order_place session_order_behind(const struct session_order *o, uint32_t after,
                                                uint32_t *rank)
{
	struct session_order_place place = session_order_place_behind(o, after);

	/* The nearer end is the cheaper one. */
	if (place.block < o->block_count / 2)
		*rank = session_order_sum_blocks(o, 0, place.block) + place.at;
	else
		*rank = o->count - session_order_sum_blocks(o, place.block, o->block_count) +
		        place.at;
	return place;
}

const struct session_order_entry *session_order_next(const struct session_order *o,
                                                     struct session_order_place *place)
{
	if (place->block < o->block_count && place->at == o->blocks[place->block].count)
		*place = (struct session_order_place){ place->block + 1, 0 };
	if (place->block >= o->block_count)
		return NULL;
	return &o->blocks[place->block].entries[place->at++];
}

void session_order_renumber(struct session_order *o)
{
	uint32_t id = 0;

	for (uint32_t i = 0; i < o->block_count; i++) {
		struct session_order_block *b = &o->blocks[i];

		b->first_id = id + 1;
		for (uint32_t at = 0; at < b->count; at++)
			b->entries[at].id = ++id;
	}
}
