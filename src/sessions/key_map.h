/* SPDX-License-Identifier: MIT */
/* Keys of 64 bits, each with a number: an open hash table. A key takes 16 to 32 bytes, where uthash
 * takes some 90. The hash is seeded, because publishers choose the keys. */
#ifndef SESSIONS_KEY_MAP_H
#define SESSIONS_KEY_MAP_H

#include <stdbool.h>
#include <stdint.h>

/* All zero is an empty map. Set seed before the first key, to a number that publishers do not know:
 * otherwise they could choose keys that all collide. */
struct key_map {
	uint64_t *keys;
	uint32_t *values; /* 0: the slot is free */
	uint32_t slots, count;
	uint64_t seed;
};

void key_map_fini(struct key_map *m);

/* Returns the number of key. 0: key is not there. */
uint32_t key_map_find(const struct key_map *m, uint64_t key);
/* value is not 0. False: out of memory; nothing has changed. */
bool key_map_set(struct key_map *m, uint64_t key, uint32_t value);
/* Does nothing if key is not there. */
void key_map_remove(struct key_map *m, uint64_t key);

#endif
