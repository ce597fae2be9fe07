/* SPDX-License-Identifier: MIT */
#include "sessions/text_pool.h"

#include <string.h>
#include "base/text.h"

/* A reference is the number of a page and of a unit in it. */
#define UNIT_BYTES      sizeof(uint32_t)
#define PAGE_UNITS_LOG2 14
#define PAGE_UNITS      (1u << PAGE_UNITS_LOG2)
/* Most names are not longer. */
#define ORDINARY_BYTES 24
#define MOST_PAGES     (1u << (31 - PAGE_UNITS_LOG2))

struct text {
	uint32_t next; /* in the hash chain; of a free block: the next free one */
	uint32_t hash, holders;
	uint32_t group;  /* the group's first text, which this one holds if it is another one */
	uint32_t number; /* the group's */
	char bytes[];
};

_Static_assert((sizeof(struct text) + TEXT_POOL_TEXT_BYTES + UNIT_BYTES) / UNIT_BYTES ==
                       TEXT_POOL_MOST_UNITS,
               "the longest text fits into the largest block");

static struct text *text_pool_text_at(const struct text_pool *p, uint32_t ref)
{
	uint32_t *page = p->pages.pages[ref >> PAGE_UNITS_LOG2];

	return (struct text *)(page + (ref & (PAGE_UNITS - 1)));
}

static uint32_t *hash_entry(const void *context, uint32_t ref, uint32_t *hash)
{
	struct text *t = text_pool_text_at(context, ref);

	if (hash != NULL)
		*hash = t->hash;
	return &t->next;
}

static const char *all_of(const char *text, char room[TEXT_POOL_KEY_BYTES])
{
	(void)room;
	return text;
}

bool text_pool_init(struct text_pool *p, text_pool_key *key)
{
	*p = (struct text_pool){ .pages.page_bytes = PAGE_UNITS * UNIT_BYTES,
		                 .key = key != NULL ? key : all_of };
	return link_hash_init(&p->texts, hash_entry, p);
}

void text_pool_fini(struct text_pool *p)
{
	link_hash_fini(&p->texts);
	pages_fini(&p->pages);
}

static uint32_t units_of(size_t text_bytes)
{
	return (uint32_t)((sizeof(struct text) + text_bytes + UNIT_BYTES) / UNIT_BYTES);
}

static void text_pool_free_block(struct text_pool *p, uint32_t ref, uint32_t units)
{
	text_pool_text_at(p, ref)->next = p->free_blocks[units];
	p->free_blocks[units] = ref;
}

static uint32_t end_of_pages(const struct text_pool *p)
{
	return (p->pages.count << PAGE_UNITS_LOG2) - p->unused;
}

static bool text_pool_add_page(struct text_pool *p)
{
	uint32_t rest = end_of_pages(p), rest_units = p->unused;

	if (p->pages.count == MOST_PAGES || !pages_add(&p->pages))
		return false;
	p->unused = PAGE_UNITS;
	if (rest == 0)
		p->unused -= 1; /* reference 0 is no text */
	else if (rest_units >= units_of(0))
		text_pool_free_block(p, rest, rest_units);
	return true;
}

static uint32_t text_pool_take_block(struct text_pool *p, uint32_t units)
{
	uint32_t ref = p->free_blocks[units];

	if (ref != 0) {
		p->free_blocks[units] = text_pool_text_at(p, ref)->next;
		return ref;
	}
	if (units > p->unused && !text_pool_add_page(p))
		return 0;
	ref = end_of_pages(p);
	p->unused -= units;
	return ref;
}

/* Returns the text, and gives its group; 0 for what is not there. */
static uint32_t text_pool_find_text(const struct text_pool *p, const char *text, const char *key,
                                    uint32_t hash, uint32_t *group)
{
	char room[TEXT_POOL_KEY_BYTES];
	const struct text *t;

	*group = 0;
	for (uint32_t ref = link_hash_first(&p->texts, hash); ref != 0; ref = t->next) {
		t = text_pool_text_at(p, ref);
		if (t->hash != hash)
			continue;
		if (*group == 0 && text_equal_nocase(p->key(t->bytes, room), key))
			*group = t->group;
		if (t->group == *group && strcmp(t->bytes, text) == 0)
			return ref;
	}
	return 0;
}

uint32_t text_pool_hold(struct text_pool *p, const char *text)
{
	char room[TEXT_POOL_KEY_BYTES];
	const char *key = p->key(text, room);
	size_t bytes = strlen(text);
	uint32_t ref, group, hash;
	struct text *t;

	if (bytes > TEXT_POOL_TEXT_BYTES || !text_hash_nocase(key, &hash))
		return 0;
	ref = text_pool_find_text(p, text, key, hash, &group);
	if (ref != 0) {
		text_pool_text_at(p, ref)->holders++;
		return ref;
	}
	ref = text_pool_take_block(p, units_of(bytes));
	if (ref == 0)
		return 0;
	t = text_pool_text_at(p, ref);
	*t = (struct text){ .hash = hash, .holders = 1, .group = group != 0 ? group : ref };
	memcpy(t->bytes, text, bytes + 1);
	if (group != 0)
		text_pool_text_at(p, group)->holders++;
	link_hash_insert(&p->texts, hash, ref);
	return ref;
}

void text_pool_release(struct text_pool *p, uint32_t ref)
{
	while (ref != 0 && --text_pool_text_at(p, ref)->holders == 0) {
		struct text *t = text_pool_text_at(p, ref);
		uint32_t group = t->group;

		link_hash_remove(&p->texts, t->hash, ref);
		text_pool_free_block(p, ref, units_of(strlen(t->bytes)));
		ref = group != ref ? group : 0;
	}
}

const char *text_pool_text(const struct text_pool *p, uint32_t ref)
{
	return text_pool_text_at(p, ref)->bytes;
}

uint32_t text_pool_group(const struct text_pool *p, uint32_t ref)
{
	return text_pool_text_at(p, ref)->group;
}

uint32_t text_pool_find_group(const struct text_pool *p, const char *text)
{
	char room[TEXT_POOL_KEY_BYTES];
	const char *key = p->key(text, room);
	uint32_t group, hash;

	if (!text_hash_nocase(key, &hash))
		return 0;
	(void)text_pool_find_text(p, text, key, hash, &group);
	return group;
}

uint32_t *text_pool_group_number(const struct text_pool *p, uint32_t group)
{
	return &text_pool_text_at(p, group)->number;
}

void text_pool_prefetch(const struct text_pool *p, uint32_t ref)
{
	if (ref == 0)
		return;
	__builtin_prefetch(text_pool_text_at(p, ref)->bytes);
	__builtin_prefetch(text_pool_text_at(p, ref)->bytes + ORDINARY_BYTES);
}
