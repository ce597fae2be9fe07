/* SPDX-License-Identifier: MIT */
/* Texts with 32-bit references. Equal texts are kept once, and count their holders. Texts that are
 * equal without regard to case, or whose keys are, form a group. A text takes a block of as
 * many 4-byte units as it needs; a block that is freed waits for the next text of that size. */
#ifndef SESSIONS_TEXT_POOL_H
#define SESSIONS_TEXT_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sessions/refs.h"

#define TEXT_POOL_TEXT_BYTES 4004 /* at most, its terminator excluded */
#define TEXT_POOL_MOST_UNITS ((20 + TEXT_POOL_TEXT_BYTES + 1 + 3) / 4)

/* Returns the key of a text: a part of it, or made in room. */
#define TEXT_POOL_KEY_BYTES (TEXT_POOL_TEXT_BYTES + 1)
typedef const char *text_pool_key(const char *text, char room[TEXT_POOL_KEY_BYTES]);

struct text_pool {
	struct pages pages;
	uint32_t unused;                                /* units at the end of the last page */
	uint32_t free_blocks[TEXT_POOL_MOST_UNITS + 1]; /* of each size: the first; 0: none */
	struct link_hash texts;
	text_pool_key *key;
};

/* key: what is compared for groups; NULL: the text itself. False: out of memory; text_pool_fini is
 * allowed then. */
bool text_pool_init(struct text_pool *p, text_pool_key *key);
void text_pool_fini(struct text_pool *p);

/* Holds a text and returns its reference, which is below 2^31. 0: the text is too long, or memory
 * ran out. */
uint32_t text_pool_hold(struct text_pool *p, const char *text);
void text_pool_release(struct text_pool *p, uint32_t ref);
const char *text_pool_text(const struct text_pool *p, uint32_t ref);

/* Returns the group of a text: the reference of the group's first text. */
uint32_t text_pool_group(const struct text_pool *p, uint32_t ref);
/* Returns the group to which a text belongs, which need not be in the pool. 0: there is none. */
uint32_t text_pool_find_group(const struct text_pool *p, const char *text);
/* A number of a group, 0 at first, for the pool's user. */
uint32_t *text_pool_group_number(const struct text_pool *p, uint32_t group);
/* Loads a text into the processor's cache, because it will be read soon. */
void text_pool_prefetch(const struct text_pool *p, uint32_t ref);

#endif
