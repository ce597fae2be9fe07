/* SPDX-License-Identifier: MIT */
#include "sessions/refs.h"

#include <stdlib.h>
#include <string.h>
#include "base/large_pages.h"

#define FIRST_ROOM 16

/* ---- pages ---- */

/* The first pages are allocated one by one, later ones a chunk at once, in large pages: a thousand
 * sessions then take no large page, and a million lie in few. */
#define CHUNK_BYTES (2 * LARGE_PAGE_BYTES)

static uint32_t pages_of_chunk(const struct pages *p)
{
	return (uint32_t)(CHUNK_BYTES / p->page_bytes);
}

static void *pages_allocate(const struct pages *p)
{
	char *page;

	if (p->count < pages_of_chunk(p))
		return calloc(1, p->page_bytes);
	if (p->count % pages_of_chunk(p) != 0) {
		page = (char *)p->pages[p->count - 1] + p->page_bytes;
	} else {
		page = malloc(CHUNK_BYTES);
		if (page == NULL)
			return NULL;
		large_pages_prefer(page, CHUNK_BYTES);
	}
	return memset(page, 0, p->page_bytes);
}

bool pages_add(struct pages *p)
{
	if (p->count == p->room) {
		uint32_t room = p->room == 0 ? 16 : 2 * p->room;
		void **grown = realloc(p->pages, sizeof *grown * room);

		if (grown == NULL)
			return false;
		p->pages = grown;
		p->room = room;
	}
	p->pages[p->count] = pages_allocate(p);
	if (p->pages[p->count] == NULL)
		return false;
	p->count++;
	return true;
}

void pages_fini(struct pages *p)
{
	for (uint32_t i = 0; i < p->count; i++)
		if (i < pages_of_chunk(p) || i % pages_of_chunk(p) == 0)
			free(p->pages[i]);
	free(p->pages);
	*p = (struct pages){ 0 };
}

/* ---- hash chains ---- */

bool link_hash_init(struct link_hash *h,
                    uint32_t *(*entry)(const void *context, uint32_t ref, uint32_t *hash),
                    const void *context)
{
	*h = (struct link_hash){ .chains = 1, .room = FIRST_ROOM, .entry = entry };
	h->context = context;
	h->heads = calloc(FIRST_ROOM, sizeof *h->heads);
	return h->heads != NULL;
}

void link_hash_fini(struct link_hash *h)
{
	free(h->heads);
	*h = (struct link_hash){ 0 };
}

static uint32_t *link_hash_head_of(const struct link_hash *h, uint32_t hash)
{
	uint32_t chain = hash & h->mask;

	return &h->heads[chain < h->chains ? chain : chain & h->mask >> 1];
}

uint32_t link_hash_first(const struct link_hash *h, uint32_t hash)
{
	return *link_hash_head_of(h, hash);
}

/* One chain more, with what belongs there of the one chain that it was part of. Without memory
 * for it, chains are longer and nothing else is wrong. */
static void link_hash_add_chain(struct link_hash *h)
{
	uint32_t *from, *to;

	if (h->chains == h->room) {
		uint32_t *heads = realloc(h->heads, 2 * sizeof *heads * h->room);

		if (heads == NULL)
			return;
		h->heads = heads;
		h->room *= 2;
		large_pages_prefer(heads, sizeof *heads * h->room);
	}
	if (h->chains > h->mask)
		h->mask = 2 * h->mask + 1;
	from = &h->heads[h->chains & h->mask >> 1];
	to = &h->heads[h->chains++];
	*to = 0;
	while (*from != 0) {
		uint32_t ref = *from, hash, *next = h->entry(h->context, ref, &hash);

		if (link_hash_head_of(h, hash) != to) {
			from = next;
			continue;
		}
		*from = *next;
		*next = *to;
		*to = ref;
	}
}

void link_hash_insert(struct link_hash *h, uint32_t hash, uint32_t ref)
{
	uint32_t *head;

	if (h->entries >= h->chains)
		link_hash_add_chain(h);
	head = link_hash_head_of(h, hash);
	*h->entry(h->context, ref, NULL) = *head;
	*head = ref;
	h->entries++;
}

/* What holds ref: the chain's head, or the link of the entry before it. */
static uint32_t *link_hash_holder_of(const struct link_hash *h, uint32_t hash, uint32_t ref)
{
	uint32_t *holder = link_hash_head_of(h, hash);

	while (*holder != ref)
		holder = h->entry(h->context, *holder, NULL);
	return holder;
}

void link_hash_remove(struct link_hash *h, uint32_t hash, uint32_t ref)
{
	*link_hash_holder_of(h, hash, ref) = *h->entry(h->context, ref, NULL);
	h->entries--;
}

void link_hash_replace(struct link_hash *h, uint32_t hash, uint32_t old, uint32_t ref)
{
	*link_hash_holder_of(h, hash, old) = ref;
	*h->entry(h->context, ref, NULL) = *h->entry(h->context, old, NULL);
}
