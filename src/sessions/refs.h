/* SPDX-License-Identifier: MIT */
/* What is known by 32-bit references instead of pointers: memory that never moves, and hash chains
 * through it.
 *
 * uthash does not fit here: a million sessions, each with a client and a user of its own, may take
 * 200 bytes each, texts included. Each session has three entries in hash tables, of which uthash
 * takes 56 bytes each; here an entry takes 8 to 12. Six links and four texts of each session would
 * take 40 bytes more as pointers. */
#ifndef SESSIONS_REFS_H
#define SESSIONS_REFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Memory that grows page by page and never moves, so that a number says where something is. It is
 * given back when the table is freed, not before. */
struct pages {
	void **pages;
	uint32_t count, room;
	size_t page_bytes; /* at most LARGE_PAGE_BYTES; set before the first page is added */
};

/* Adds a page of zeros. False: out of memory. */
bool pages_add(struct pages *p);
void pages_fini(struct pages *p);

/* A hash table of entries that lie elsewhere and have their chain's links inside. There is one more
 * chain for each more entry (linear hashing), so no insertion has to wait until all others have
 * found new places. */
struct link_hash {
	uint32_t *heads;
	uint32_t chains, room; /* in use; allocated */
	uint32_t mask;         /* the least 2^k - 1 that is not below chains - 1 */
	uint32_t entries;
	/* Returns an entry's link to the next one of its chain, 0 for none; gives its hash where
	 * hash is not NULL. */
	uint32_t *(*entry)(const void *context, uint32_t ref, uint32_t *hash);
	const void *context; /* kept */
};

/* False: out of memory; link_hash_fini is allowed then. */
bool link_hash_init(struct link_hash *h,
                    uint32_t *(*entry)(const void *context, uint32_t ref, uint32_t *hash),
                    const void *context);
void link_hash_fini(struct link_hash *h);

/* Returns the first entry of the chain of this hash. 0: there is none. */
uint32_t link_hash_first(const struct link_hash *h, uint32_t hash);
void link_hash_insert(struct link_hash *h, uint32_t hash, uint32_t ref);
/* Removes an entry that is there. */
void link_hash_remove(struct link_hash *h, uint32_t hash, uint32_t ref);
/* Puts ref in the place of old, which has the same hash. */
void link_hash_replace(struct link_hash *h, uint32_t hash, uint32_t old, uint32_t ref);

#endif
