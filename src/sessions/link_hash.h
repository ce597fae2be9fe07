/* SPDX-License-Identifier: MIT */
/* Hash chains of entries that lie elsewhere, known by 32-bit references, with their links inside.
 * There is one more chain for each more entry (linear hashing), so that no insertion has to wait
 * until all others have found new places. */
#ifndef SESSIONS_LINK_HASH_H
#define SESSIONS_LINK_HASH_H

#include <stdbool.h>
#include <stdint.h>

struct link_hash {
	uint32_t *heads;
	uint32_t chains, room; /* in use; allocated */
	uint32_t mask;         /* the least 2^k - 1 that is not below chains - 1 */
	uint32_t entries;
	/* An entry's link to the next one of its chain, 0 for none; and its hash, where hash is not
	 * NULL. */
	uint32_t *(*entry)(const void *context, uint32_t ref, uint32_t *hash);
	const void *context; /* kept */
};

/* False: out of memory; fini is allowed then. */
bool link_hash_init(struct link_hash *h,
                    uint32_t *(*entry)(const void *context, uint32_t ref, uint32_t *hash),
                    const void *context);
void link_hash_fini(struct link_hash *h);

/* The first entry of the chain in which those with this hash are; 0: none. */
uint32_t link_hash_first(const struct link_hash *h, uint32_t hash);
void link_hash_insert(struct link_hash *h, uint32_t hash, uint32_t ref);
/* An entry that is there. */
void link_hash_remove(struct link_hash *h, uint32_t hash, uint32_t ref);
/* ref takes the place of old, whose hash it has. */
void link_hash_replace(struct link_hash *h, uint32_t hash, uint32_t old, uint32_t ref);

#endif
