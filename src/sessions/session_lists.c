/* SPDX-License-Identifier: MIT */
#include "sessions/session_lists.h"

/* A slot is the number of a page and of a record in it. Slot 0 is no record. */
#define PAGE_RECORDS_LOG2 9
#define PAGE_RECORDS      (1u << PAGE_RECORDS_LOG2)

_Static_assert(sizeof(struct session_record) <= 80, "a million fit into 80 MB");

struct session_record *session_lists_record(const struct session_lists *l, uint32_t slot)
{
	struct session_record *page = l->records.pages[slot >> PAGE_RECORDS_LOG2];

	return page + (slot & (PAGE_RECORDS - 1));
}

void session_lists_prefetch(const struct session_lists *l, uint32_t slot)
{
	const struct session_record *r = session_lists_record(l, slot);

	__builtin_prefetch(&r->id); /* a row is made of what stands between these two */
	__builtin_prefetch(&r->used_s);
}

/* The text groups of a client and of a user; 0: none. */
struct groups {
	uint32_t client, user;
};

static struct groups groups_of(const struct session_lists *l, uint32_t slot)
{
	const struct session_record *r = session_lists_record(l, slot);

	return (struct groups){ session_texts_client_group(&l->texts, &r->texts),
		                session_texts_user_group(&l->texts, &r->texts) };
}

static uint32_t pair_hash(struct groups g)
{
	uint64_t hash = ((uint64_t)g.client << 32 | g.user) * 0x9E3779B97F4A7C15u;

	return (uint32_t)(hash >> 32) ^ (uint32_t)(hash >> 15);
}

static uint32_t *pair_entry(const void *context, uint32_t slot, uint32_t *hash)
{
	if (hash != NULL)
		*hash = pair_hash(groups_of(context, slot));
	return &session_lists_record(context, slot)->next;
}

bool session_lists_init(struct session_lists *l)
{
	bool texts;

	*l = (struct session_lists){
		.records.page_bytes = PAGE_RECORDS * sizeof(struct session_record),
	};
	texts = session_text_pools_init(&l->texts);
	return link_hash_init(&l->pairs, pair_entry, l) && texts;
}

void session_lists_fini(struct session_lists *l)
{
	link_hash_fini(&l->pairs);
	session_text_pools_fini(&l->texts);
	pages_fini(&l->records);
}

uint32_t session_lists_new_record(struct session_lists *l)
{
	uint32_t slot = l->unused;

	if (slot != 0) {
		l->unused = session_lists_record(l, slot)->next;
		*session_lists_record(l, slot) = (struct session_record){ 0 };
		return slot;
	}
	if (l->never_used == 0) {
		if (!pages_add(&l->records))
			return 0;
		l->never_used = l->records.count == 1 ? PAGE_RECORDS - 1 : PAGE_RECORDS;
	}
	return (l->records.count << PAGE_RECORDS_LOG2) - l->never_used--;
}

void session_lists_free_record(struct session_lists *l, uint32_t slot)
{
	session_lists_record(l, slot)->next = l->unused;
	l->unused = slot;
}

static struct session_link *link_of(const struct session_lists *l, enum session_list list,
                                    uint32_t slot)
{
	return &session_lists_record(l, slot)->links[list];
}

static uint32_t id_of(const struct session_lists *l, uint32_t slot)
{
	return session_lists_record(l, slot)->id;
}

static uint32_t find_pair(const struct session_lists *l, struct groups g)
{
	uint32_t slot = link_hash_first(&l->pairs, pair_hash(g));

	for (; slot != 0; slot = session_lists_record(l, slot)->next) {
		struct groups its = groups_of(l, slot);

		if (its.client == g.client && its.user == g.user)
			break;
	}
	return slot;
}

static bool has_list(enum session_list list, struct groups g)
{
	return (list == SESSION_LIST_USER || g.client != 0) &&
	       (list == SESSION_LIST_CLIENT || g.user != 0);
}

static uint32_t first_of(const struct session_lists *l, enum session_list list, struct groups g)
{
	switch (list) {
	case SESSION_LIST_CLIENT:
		return *text_pool_group_number(&l->texts.clients, g.client);
	case SESSION_LIST_USER:
		return *text_pool_group_number(&l->texts.users, g.user);
	default:
		return find_pair(l, g);
	}
}

/* old is the first session before, slot the one from now on; 0: there is none. */
static void set_first(struct session_lists *l, enum session_list list, struct groups g,
                      uint32_t old, uint32_t slot)
{
	if (list == SESSION_LIST_CLIENT)
		*text_pool_group_number(&l->texts.clients, g.client) = slot;
	else if (list == SESSION_LIST_USER)
		*text_pool_group_number(&l->texts.users, g.user) = slot;
	else if (old == 0)
		link_hash_insert(&l->pairs, pair_hash(g), slot);
	else if (slot == 0)
		link_hash_remove(&l->pairs, pair_hash(g), old);
	else
		link_hash_replace(&l->pairs, pair_hash(g), old, slot);
}

/* The first session with an id above id, or the list's first session if there is none. Searches
 * from both ends, since new sessions belong at the end. */
static uint32_t find_place(const struct session_lists *l, enum session_list list, uint32_t first,
                           uint32_t id)
{
	uint32_t up = first, down = first;

	for (;;) {
		down = link_of(l, list, down)->previous;
		if (id_of(l, down) < id)
			return link_of(l, list, down)->next;
		if (id_of(l, up) > id)
			return up;
		up = link_of(l, list, up)->next;
	}
}

static void link_into(struct session_lists *l, enum session_list list, struct groups g,
                      uint32_t slot)
{
	uint32_t first = first_of(l, list, g), id = id_of(l, slot), next;
	struct session_link *link = link_of(l, list, slot);

	if (first == 0) {
		*link = (struct session_link){ slot, slot };
		set_first(l, list, g, 0, slot);
		return;
	}
	next = find_place(l, list, first, id);
	*link = (struct session_link){ link_of(l, list, next)->previous, next };
	link_of(l, list, link->previous)->next = slot;
	link_of(l, list, next)->previous = slot;
	if (id < id_of(l, first))
		set_first(l, list, g, first, slot);
}

static void unlink_from(struct session_lists *l, enum session_list list, struct groups g,
                        uint32_t slot)
{
	struct session_link link = *link_of(l, list, slot);

	link_of(l, list, link.previous)->next = link.next;
	link_of(l, list, link.next)->previous = link.previous;
	if (first_of(l, list, g) == slot)
		set_first(l, list, g, slot, link.next != slot ? link.next : 0);
}

void session_lists_link(struct session_lists *l, uint32_t slot)
{
	struct groups g = groups_of(l, slot);

	for (enum session_list list = 0; list < SESSION_LIST_COUNT; list++)
		if (has_list(list, g))
			link_into(l, list, g, slot);
}

void session_lists_unlink(struct session_lists *l, uint32_t slot)
{
	struct groups g = groups_of(l, slot);

	for (enum session_list list = 0; list < SESSION_LIST_COUNT; list++)
		if (has_list(list, g))
			unlink_from(l, list, g, slot);
}

static bool session_filter_is_given(const char *qualifier)
{
	return qualifier != NULL && *qualifier != '\0';
}

enum session_list session_lists_choose(const struct session_filter *filter)
{
	if (filter == NULL ||
	    (!session_filter_is_given(filter->client) && !session_filter_is_given(filter->user)))
		return SESSION_LIST_COUNT;
	if (session_filter_is_given(filter->client) && session_filter_is_given(filter->user))
		return SESSION_LIST_PAIR;
	return session_filter_is_given(filter->client) ? SESSION_LIST_CLIENT : SESSION_LIST_USER;
}

uint32_t session_lists_find(const struct session_lists *l, enum session_list list,
                            const struct session_filter *filter)
{
	struct groups g = { 0 };

	if (list != SESSION_LIST_USER)
		g.client = session_texts_find_client(&l->texts, filter->client);
	if (list != SESSION_LIST_CLIENT)
		g.user = text_pool_find_group(&l->texts.users, filter->user);
	return has_list(list, g) ? first_of(l, list, g) : 0;
}

bool session_lists_has(const struct session_lists *l, enum session_list list, uint32_t first,
                       uint32_t slot)
{
	struct groups g = groups_of(l, slot);

	return first != 0 && has_list(list, g) && first_of(l, list, g) == first;
}
