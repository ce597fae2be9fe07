/* SPDX-License-Identifier: MIT */
/* Keys of 64 bits, each with a number: an open hash table, in which a key costs 16 to 32 bytes. */
#ifndef SESSIONS_KEY_MAP_H
#define SESSIONS_KEY_MAP_H

#include <stdbool.h>
#include <stdint.h>

/* All zero is an empty one. seed: set it before the first key, to what those who choose the keys
 * do not know. */
struct key_map {
	uint64_t *keys;
	uint32_t *values; /* 0: the slot is free */
	uint32_t slots, count;
	uint64_t seed;
};

void key_map_fini(struct key_map *m);

/* 0: it is not there. */
uint32_t key_map_find(const struct key_map *m, uint64_t key);
/* value: not 0. False: out of memory, and nothing has changed. */
bool key_map_set(struct key_map *m, uint64_t key, uint32_t value);
/* A key that is not there is passed over. */
void key_map_remove(struct key_map *m, uint64_t key);

#endif
