/* SPDX-License-Identifier: MIT */
/* Texts, each kept once however many hold it, and each in a group with those that are equal to it
 * without regard to case, or are so in the part that counts. A reference is 32 bits wide; 0 is no
 * text. Blocks are of as many 4-byte units as a text needs; a free one waits for the next text of
 * that size. */
#ifndef SESSIONS_TEXT_POOL_H
#define SESSIONS_TEXT_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sessions/link_hash.h"
#include "sessions/pages.h"

#define TEXT_POOL_TEXT_BYTES 4004 /* at most, its terminator excluded */
#define TEXT_POOL_MOST_UNITS ((20 + TEXT_POOL_TEXT_BYTES + 1 + 3) / 4)

struct text_pool {
	struct pages pages;
	uint32_t unused;                                /* units at the end of the last page */
	uint32_t free_blocks[TEXT_POOL_MOST_UNITS + 1]; /* by their units: the first; 0: none */
	struct link_hash texts;
	const char *(*part)(const char *text);
};

/* part: the end of a text that groups go by; NULL: all of it. False: out of memory; fini is allowed
 * then. */
bool text_pool_init(struct text_pool *p, const char *(*part)(const char *text));
void text_pool_fini(struct text_pool *p);

/* Holds a text and gives its reference, which is below 2^31. 0: too long, or out of memory. */
uint32_t text_pool_hold(struct text_pool *p, const char *text);
void text_pool_release(struct text_pool *p, uint32_t ref);
const char *text_pool_text(const struct text_pool *p, uint32_t ref);

/* The text by which its group is known: any of it that was there first. */
uint32_t text_pool_group(const struct text_pool *p, uint32_t ref);
/* The group of a text that need not be there itself; 0: there is none. */
uint32_t text_pool_find_group(const struct text_pool *p, const char *text);
/* A number that belongs to a group, 0 at first: its users say what it means. */
uint32_t *text_pool_group_number(const struct text_pool *p, uint32_t group);
/* Brings a text closer, for who will read it soon. */
void text_pool_prefetch(const struct text_pool *p, uint32_t ref);

#endif
