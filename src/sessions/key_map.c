/* SPDX-License-Identifier: MIT */
#include "sessions/key_map.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 16 };

void key_map_fini(struct key_map *m)
{
	free(m->keys);
	free(m->values);
	*m = (struct key_map){ .seed = m->seed };
}

/* The slot where a key belongs if it is free. The constants are SplitMix64's: every bit of the
 * result depends on every bit of the key. */
static uint32_t key_map_home(const struct key_map *m, uint64_t key)
{
	key ^= m->seed;
	key = (key ^ key >> 30) * 0xBF58476D1CE4E5B9u;
	key = (key ^ key >> 27) * 0x94D049BB133111EBu;
	return (uint32_t)(key ^ key >> 31) & (m->slots - 1);
}

static uint32_t key_map_next_slot(const struct key_map *m, uint32_t slot)
{
	return (slot + 1) & (m->slots - 1);
}

/* The slot that has key, or the free slot into which key goes. m has a free slot. */
static uint32_t key_map_slot_of(const struct key_map *m, uint64_t key)
{
	uint32_t slot = key_map_home(m, key);

	while (m->values[slot] != 0 && m->keys[slot] != key)
		slot = key_map_next_slot(m, slot);
	return slot;
}

uint32_t key_map_find(const struct key_map *m, uint64_t key)
{
	return m->count > 0 ? m->values[key_map_slot_of(m, key)] : 0;
}

static bool key_map_grow(struct key_map *m)
{
	struct key_map larger = { .slots = m->slots > 0 ? 2 * m->slots : FIRST_SLOTS,
		                  .count = m->count,
		                  .seed = m->seed };

	larger.keys = calloc(larger.slots, sizeof *larger.keys);
	larger.values = calloc(larger.slots, sizeof *larger.values);
	if (larger.keys == NULL || larger.values == NULL) {
		key_map_fini(&larger);
		return false;
	}
	for (uint32_t i = 0; i < m->slots; i++)
		if (m->values[i] != 0) {
			uint32_t slot = key_map_slot_of(&larger, m->keys[i]);

			larger.keys[slot] = m->keys[i];
			larger.values[slot] = m->values[i];
		}
	key_map_fini(m);
	*m = larger;
	return true;
}

bool key_map_set(struct key_map *m, uint64_t key, uint32_t value)
{
	uint32_t slot;

	if (m->count >= m->slots / 4 * 3 && key_map_find(m, key) == 0 && !key_map_grow(m))
		return false;
	slot = key_map_slot_of(m, key);
	m->count += m->values[slot] == 0;
	m->keys[slot] = key;
	m->values[slot] = value;
	return true;
}

void key_map_remove(struct key_map *m, uint64_t key)
{
	uint32_t hole, slot;

	if (m->count == 0)
		return;
	hole = key_map_slot_of(m, key);
	if (m->values[hole] == 0)
		return;
	m->values[hole] = 0;
	m->count--;
	/* A key behind the hole that belongs at the hole or before it moves into it. */
	for (slot = key_map_next_slot(m, hole); m->values[slot] != 0;
	     slot = key_map_next_slot(m, slot)) {
		uint32_t from_home = (slot - key_map_home(m, m->keys[slot])) & (m->slots - 1);

		if (from_home >= ((slot - hole) & (m->slots - 1))) {
			m->keys[hole] = m->keys[slot];
			m->values[hole] = m->values[slot];
			m->values[slot] = 0;
			hole = slot;
		}
	}
}
