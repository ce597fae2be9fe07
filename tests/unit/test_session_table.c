/* SPDX-License-Identifier: MIT */
/* The session table against a model of it: an array in the order of ids, searched from end to end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/text.h"
#include "table/session_table.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define MOST         3000 /* sessions of a model */
#define NOW_MS       7000000

/* In several spellings each. */
static const char *const clients[] = {
	"\\\\10.1.2.3",
	"10.1.2.3",
	"\\\\10.1.2.4",
	"\\\\WS-0142",
	"ws-0142",
	"Ws-0142",
	"\\\\[FE80::1]",
	"[fe80::1]",
	"\\\\\xC3\x84PFEL",
	"\xC3\xA4pfel",
	"\\\\stra\xC3\x9F"
	"e",
	"STRASSE",
	"\xEF\xBC\xA1\xEF\xBC\xA2",
	"\xEF\xBD\x81\xEF\xBD\x82",
	"",
	NULL,
};
static const char *const users[] = {
	"anna",
	"Anna",
	"ANNA",
	"bob",
	"Zo\xC3\xAB",
	"ZO\xC3\x8B",
	"Administrator",
	"administrator",
	"WEI\xE1\xBA\x9E",
	"weiss",
	"svc-backup",
	"\xF0\x90\x90\x80",
	"\xF0\x90\x90\xA8",
	"",
	NULL,
};
static const char *const labels[] = { NULL, "", "Windows 10", "\\Device\\NetbiosSmb" };

struct entry {
	uint32_t id;
	struct session_facts facts;
	uint64_t key;
	bool here_throughout; /* of a pager's way */
	unsigned seen;
};

static struct session_table *table;
static struct entry model[MOST];
static uint32_t model_count;
static uint64_t random_state;

/* SplitMix64: the same way through the test each time. */
static uint64_t random_number(void)
{
	uint64_t z = random_state += 0x9E3779B97F4A7C15u;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
	z = (z ^ z >> 27) * 0x94D049BB133111EBu;
	return z ^ z >> 31;
}

static uint32_t below(uint32_t bound)
{
	return (uint32_t)(random_number() % bound);
}

static void closed(void *context, uint64_t key);
static struct session_owner owner = { .close = closed, .name = "test" };

static void begin(uint64_t seed, uint32_t most)
{
	random_state = seed;
	model_count = 0;
	table = session_table_new(most);
	assert_non_null(table);
}

static void end(void)
{
	session_table_free(table);
	table = NULL;
}

static struct session_facts random_facts(void)
{
	return (struct session_facts){
		.client = clients[below(COUNT(clients))],
		.user = users[below(COUNT(users))],
		.client_type = labels[below(COUNT(labels))],
		.transport = labels[below(COUNT(labels))],
		.num_opens = below(5),
		.user_flags = below(4),
		.created_ms = below(NOW_MS),
		.used_ms = below(NOW_MS),
	};
}

/* Whether the table hands on a copy of a text, not the text itself. */
static struct session_facts copy_of(const struct session_facts *facts, char copies[4][32])
{
	struct session_facts copy = *facts;
	const char **texts[] = { &copy.client, &copy.user, &copy.client_type, &copy.transport };

	for (size_t i = 0; i < COUNT(texts); i++)
		if (*texts[i] != NULL)
			*texts[i] = strcpy(copies[i], *texts[i]);
	return copy;
}

static uint32_t add(void)
{
	struct session_facts facts = random_facts(), copy;
	char copies[4][32];
	uint64_t key = random_number();
	uint32_t id;

	copy = copy_of(&facts, copies);
	id = session_table_add(table, &copy, &owner, key);
	memset(copies, 'x', sizeof copies);
	if (id == 0)
		return 0;
	if (model_count > 0)
		assert_true(id > model[model_count - 1].id);
	model[model_count++] = (struct entry){ .id = id, .facts = facts, .key = key };
	return id;
}

static void forget(uint32_t i)
{
	memmove(model + i, model + i + 1, sizeof *model * (--model_count - i));
}

static void remove_one(uint32_t i)
{
	session_table_remove(table, model[i].id);
	forget(i);
}

static void update_one(uint32_t i)
{
	struct session_facts copy;
	char copies[4][32];

	model[i].facts = random_facts();
	model[i].here_throughout = false;
	copy = copy_of(&model[i].facts, copies);
	assert_true(session_table_update(table, model[i].id, &copy));
	memset(copies, 'x', sizeof copies);
}

static void touch_one(uint32_t i)
{
	model[i].facts.used_ms = below(NOW_MS);
	session_table_touch(table, model[i].id, model[i].facts.used_ms);
	model[i].facts.num_opens = below(100);
	session_table_set_opens(table, model[i].id, model[i].facts.num_opens);
}

/* Something happens; the table tends to hold some most/2 sessions. */
static void churn(uint32_t most)
{
	uint32_t what = below(10);

	if (what < 3 && model_count < most && below(most) >= model_count / 2)
		(void)add();
	else if (model_count == 0)
		return;
	else if (what < 6)
		remove_one(below(model_count));
	else if (what < 8)
		update_one(below(model_count));
	else
		touch_one(below(model_count));
}

static const char *bare(const char *client)
{
	return client != NULL && strncmp(client, "\\\\", 2) == 0 ? client + 2 : client;
}

static bool passes(const struct entry *e, const struct session_filter *filter)
{
	if (filter == NULL)
		return true;
	if (filter->client != NULL && *filter->client != '\0' &&
	    !text_equal_nocase(bare(e->facts.client), bare(filter->client)))
		return false;
	return filter->user == NULL || *filter->user == '\0' ||
	       text_equal_nocase(e->facts.user, filter->user);
}

static struct session_filter random_filter(void)
{
	/* texts that no session has, too */
	static const char *const others[] = { "nobody", "\\\\nowhere", "\xFF", "\xC3\x84pfe" };
	struct session_filter filter = { clients[below(COUNT(clients))],
		                         users[below(COUNT(users))] };

	if (below(10) == 0)
		filter.client = others[below(COUNT(others))];
	if (below(10) == 0)
		filter.user = others[below(COUNT(others))];
	if (below(4) == 0)
		filter.client = NULL;
	if (below(4) == 0)
		filter.user = "";
	return filter;
}

static void assert_text(const char *text, const char *expected)
{
	if (expected == NULL)
		assert_null(text);
	else
		assert_string_equal(text, expected);
}

static void assert_row(const struct netsession_row *row, const struct entry *e)
{
	assert_text(row->client, e->facts.client);
	assert_text(row->user, e->facts.user);
	assert_text(row->client_type, e->facts.client_type);
	assert_text(row->transport, e->facts.transport);
	assert_int_equal(row->num_opens, e->facts.num_opens);
	assert_int_equal(row->user_flags, e->facts.user_flags);
	assert_int_equal(row->active_s, NOW_MS / 1000 - e->facts.created_ms / 1000);
	assert_int_equal(row->idle_s, NOW_MS / 1000 - e->facts.used_ms / 1000);
}

/* The whole way from after on is the model's. */
static void check_walk(const struct session_filter *filter, uint32_t after)
{
	struct session_walk w;
	struct netsession_row row;
	uint32_t id, total = 0;

	session_walk_begin(&w, table, filter, after);
	for (uint32_t i = 0; i < model_count; i++) {
		if (model[i].id <= after || !passes(&model[i], filter))
			continue;
		assert_true(session_walk_next(&w, NOW_MS, &row, &id));
		assert_int_equal(id, model[i].id);
		assert_row(&row, &model[i]);
		total++;
	}
	assert_false(session_walk_next(&w, NOW_MS, &row, &id));
	assert_false(session_walk_next(&w, NOW_MS, &row, &id));
	assert_int_equal(session_walk_total(&w), total);
}

static uint32_t random_place(void)
{
	switch (below(4)) {
	case 0:
		return 0;
	case 1:
		return model_count > 0 ? model[below(model_count)].id : 1;
	case 2:
		return model_count > 0 ? below(model[model_count - 1].id + 2) : UINT32_MAX;
	default:
		return UINT32_MAX;
	}
}

static void check(void)
{
	struct session_filter filter = random_filter();
	bool knows = false;

	assert_int_equal(session_table_count(table), model_count);
	check_walk(NULL, random_place());
	check_walk(&filter, random_place());
	check_walk(&filter, 0);
	if (filter.client == NULL)
		return;
	for (uint32_t i = 0; i < model_count; i++)
		knows = knows ||
		        text_equal_nocase(bare(model[i].facts.client), bare(filter.client));
	assert_int_equal(session_table_knows_client(table, filter.client), knows);
}

static void walks_and_filters_are_the_models_under_any_churn(void **state)
{
	static const uint32_t sizes[] = { 1, 5, 60, 600, MOST };

	(void)state;
	for (size_t size = 0; size < COUNT(sizes); size++)
		for (uint64_t seed = 1; seed <= 5; seed++) {
			begin(seed, sizes[size]);
			for (uint32_t i = 0; i < 8 * sizes[size]; i++) {
				churn(sizes[size]);
				if (i % (sizes[size] / 10 + 1) == 0)
					check();
			}
			while (model_count > 0) { /* in any order, to nothing */
				remove_one(below(model_count));
				if (model_count % (sizes[size] / 10 + 1) == 0)
					check();
			}
			end();
		}
}

/* ---- pages ---- */

/* The page behind after, of at most entries. Returns the last id of it; 0: it was empty. */
static uint32_t turn_page(const struct session_filter *filter, uint32_t after, uint32_t entries)
{
	struct session_walk w;
	struct netsession_row row;
	uint32_t id, last = after, turned = 0;

	session_walk_begin(&w, table, filter, after);
	while (turned < entries && session_walk_next(&w, NOW_MS, &row, &id)) {
		assert_true(id > last);
		for (uint32_t i = 0; i < model_count; i++)
			if (model[i].id == id)
				model[i].seen++;
		last = id;
		turned++;
	}
	return turned > 0 ? last : 0;
}

/* All pages of one size, with churn between them, by which fewer come than a page holds. */
static void page_through(const struct session_filter *filter, uint32_t page, uint32_t changes)
{
	uint32_t after = 0, last;

	for (uint32_t i = 0; i < model_count; i++) {
		model[i].seen = 0;
		model[i].here_throughout = passes(&model[i], filter);
	}
	while ((last = turn_page(filter, after, page)) != 0) {
		after = last;
		for (uint32_t i = 0; i < changes; i++)
			churn(300);
	}
	for (uint32_t i = 0; i < model_count; i++) {
		assert_in_range(model[i].seen, 0, 1);
		if (model[i].here_throughout)
			assert_int_equal(model[i].seen, 1);
	}
}

static void pages_neither_repeat_nor_skip_who_was_there_throughout(void **state)
{
	(void)state;
	begin(42, MOST);
	for (uint32_t i = 0; i < 200; i++)
		(void)add();
	for (uint32_t page = 1; page <= 200; page += 1 + page / 8)
		for (uint32_t turn = 0; turn < 6; turn++) {
			struct session_filter filter = random_filter();

			page_through(turn % 2 == 0 ? NULL : &filter, page, turn * page / 2);
		}
	end();
}

static void a_copy_of_a_walk_goes_on_from_where_it_was_copied(void **state)
{
	const struct session_filter filter = { .user = "ANNA" }, *filters[] = { NULL, &filter };

	(void)state;
	begin(3, MOST);
	for (uint32_t i = 0; i < 600; i++)
		(void)add();
	for (size_t f = 0; f < COUNT(filters); f++) {
		struct session_walk w, copy;
		struct netsession_row row, again;
		uint32_t id, id_again;

		session_walk_begin(&w, table, filters[f], 100);
		assert_true(session_walk_next(&w, NOW_MS, &row, &id));
		copy = w;
		while (session_walk_next(&w, NOW_MS, &row, &id)) {
			assert_true(session_walk_next(&copy, NOW_MS, &again, &id_again));
			assert_int_equal(id, id_again);
			assert_ptr_equal(row.client, again.client);
		}
	}
	end();
}

/* ---- closing ---- */

static enum { LATER, AT_ONCE, AND_OTHERS } closing;
static uint32_t asked;

static void closed(void *context, uint64_t key)
{
	uint32_t i = 0;

	(void)context;
	asked++;
	while (model[i].key != key)
		i++;
	model[i].seen++;
	if (closing == LATER)
		return;
	remove_one(i);
	for (uint32_t n = 0; closing == AND_OTHERS && n < 3 && model_count > 0; n++)
		remove_one(below(model_count));
}

static void all_that_pass_are_asked_to_close_and_may_go_at_once(void **state)
{
	(void)state;
	for (closing = LATER; closing <= AND_OTHERS; closing++)
		for (uint64_t seed = 1; seed <= 200; seed++) {
			struct session_filter filter;
			uint32_t there = 0, left = 0, before;

			begin(seed, MOST);
			for (uint32_t i = 0; i < 150; i++)
				(void)add();
			filter = random_filter();
			for (uint32_t i = 0; i < model_count; i++)
				there += passes(&model[i], &filter);
			asked = 0;
			before = model_count;
			assert_int_equal(session_table_close(table, &filter), there);
			for (uint32_t i = 0; i < model_count; i++) {
				left += passes(&model[i], &filter);
				assert_int_equal(model[i].seen, passes(&model[i], &filter));
			}
			if (closing == LATER)
				assert_int_equal(asked, there);
			if (closing != LATER)
				assert_int_equal(left, 0);
			if (closing == AT_ONCE)
				assert_int_equal(model_count, before - there);
			check();
			end();
		}
}

/* ---- the ends of things ---- */

static void a_full_table_refuses_and_takes_again_when_one_has_left(void **state)
{
	(void)state;
	begin(9, 700);
	while (model_count < 700)
		assert_int_not_equal(add(), 0);
	assert_int_equal(add(), 0);
	check();
	remove_one(350);
	assert_int_not_equal(add(), 0);
	assert_int_equal(add(), 0);
	check();
	end();
	begin(9, 0);
	assert_int_equal(add(), 0);
	end();
}

static void ids_that_are_not_there_are_passed_over(void **state)
{
	const struct session_facts facts = { .user = "x" };

	(void)state;
	begin(9, 10);
	assert_false(session_table_update(table, 1, &facts));
	session_table_remove(table, 1);
	session_table_touch(table, 1, 1);
	session_table_set_opens(table, 1, 1);
	(void)add();
	session_table_remove(table, 0);
	session_table_remove(table, 2);
	session_table_remove(table, UINT32_MAX);
	check();
	end();
}

static void a_text_that_is_too_long_changes_nothing(void **state)
{
	static char longest[SESSION_TABLE_TEXT_BYTES + 2];
	struct session_facts facts = { .client = longest, .user = longest };
	const struct session_filter filter = { .client = longest, .user = longest };
	struct session_walk w;
	uint32_t id;

	(void)state;
	begin(9, 10);
	memset(longest, 'a', SESSION_TABLE_TEXT_BYTES);
	id = session_table_add(table, &facts, &owner, 1);
	assert_int_not_equal(id, 0);
	session_walk_begin(&w, table, &filter, 0);
	assert_int_equal(session_walk_total(&w), 1);
	longest[SESSION_TABLE_TEXT_BYTES] = 'a';
	session_walk_begin(&w, table, &filter, 0);
	assert_int_equal(session_walk_total(&w), 0);
	for (unsigned i = 0; i < 4; i++) {
		const char *texts[4] = { "c", "u", "t", "n" };

		texts[i] = longest;
		facts = (struct session_facts){
			texts[0], texts[1], texts[2], texts[3], 0, 0, 0, 0
		};
		assert_int_equal(session_table_add(table, &facts, &owner, 1), 0);
		assert_false(session_table_update(table, id, &facts));
	}
	assert_int_equal(session_table_count(table), 1);
	end();
}

static void times_before_the_first_session_and_after_now_are_in_their_place(void **state)
{
	struct session_facts facts = { .created_ms = 5000, .used_ms = 9999 };
	struct session_walk w;
	struct netsession_row row;
	uint32_t id;

	(void)state;
	begin(9, 10);
	(void)session_table_add(table, &facts, &owner, 1);
	facts.created_ms = -1; /* a second before the clock began */
	facts.used_ms = 20001;
	(void)session_table_add(table, &facts, &owner, 1);
	session_walk_begin(&w, table, NULL, 0);
	assert_true(session_walk_next(&w, 10000, &row, &id));
	assert_int_equal(row.active_s, 5);
	assert_int_equal(row.idle_s, 1);
	assert_true(session_walk_next(&w, 10000, &row, &id));
	assert_int_equal(row.active_s, 11);
	assert_int_equal(row.idle_s, 0); /* not four billion */
	end();
}

static void renumbered(void *context, uint64_t key, uint32_t id)
{
	(void)context;
	for (uint32_t i = 0; i < model_count; i++)
		if (model[i].key == key) {
			assert_int_equal(id, i + 1);
			model[i].id = id;
			model[i].seen++;
		}
}

static void when_ids_have_run_out_all_are_numbered_anew_and_their_owners_told(void **state)
{
	uint32_t id;

	(void)state;
	begin(9, MOST);
	for (uint32_t i = 0; i < 1000; i++)
		churn(MOST);
	session_table_skip_ids(table, UINT32_MAX - 300);
	session_table_skip_ids(table, 7); /* passed: means nothing */
	for (uint32_t i = 0; i < 300; i++)
		assert_int_not_equal(add(), 0);
	assert_int_equal(model[model_count - 1].id, UINT32_MAX);
	check_walk(NULL, UINT32_MAX - 5);
	owner.renumbered = renumbered;
	for (uint32_t i = 0; i < model_count; i++)
		model[i].seen = 0;
	id = add();
	assert_int_equal(id, model_count);
	for (uint32_t i = 0; i + 1 < model_count; i++)
		assert_int_equal(model[i].seen, 1);
	for (uint32_t i = 0; i < 1000; i++) {
		check();
		churn(MOST);
	}
	owner.renumbered = NULL;
	session_table_skip_ids(table, UINT32_MAX);
	model_count = 0;
	id = session_table_add(table, &(struct session_facts){ 0 }, &owner, 1);
	assert_int_equal(id, session_table_count(table)); /* its owner remembers no ids */
	end();
}

/* ---- memory ---- */

static size_t allocations, failing_allocation, allocated_bytes;

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);

static bool allocation_fails(size_t bytes)
{
	allocated_bytes += bytes;
	return ++allocations == failing_allocation;
}

void *__wrap_malloc(size_t bytes)
{
	return allocation_fails(bytes) ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
	return allocation_fails(count * bytes) ? NULL : __real_calloc(count, bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
	return allocation_fails(bytes) ? NULL : __real_realloc(old, bytes);
}

static void without_memory_nothing_is_added_and_nothing_lost(void **state)
{
	bool went_through = false;

	(void)state;
	for (size_t n = 1; !went_through; n++) {
		uint32_t refused = 0;

		random_state = n;
		model_count = 0;
		allocations = 0;
		failing_allocation = n;
		table = session_table_new(MOST);
		if (table == NULL)
			continue;
		for (uint32_t i = 0; i < 2000; i++)
			refused += add() == 0;
		went_through = allocations < n;
		failing_allocation = 0;
		assert_in_range(refused, 0, 1);
		check();
		end();
	}
}

static void closing_needs_no_memory(void **state)
{
	(void)state;
	for (closing = LATER; closing <= AND_OTHERS; closing++) {
		begin(5, MOST);
		for (uint32_t i = 0; i < 500; i++)
			(void)add();
		asked = 0;
		allocations = 0;
		failing_allocation = 1;
		assert_int_equal(session_table_close(table, NULL), 500);
		failing_allocation = 0;
		if (closing == LATER)
			assert_int_equal(asked, 500);
		else
			assert_int_equal(model_count, 0);
		end();
	}
}

static void equal_texts_are_kept_once(void **state)
{
	struct session_walk w;
	struct netsession_row a, b;
	uint32_t id;

	(void)state;
	begin(5, MOST);
	for (uint32_t i = 0; i < 2; i++)
		(void)session_table_add(table,
		                        &(struct session_facts){ i == 0 ? "ws" : "\\\\ws", "u", "t",
		                                                 "n", 0, 0, 0, 0 },
		                        &owner, i);
	session_walk_begin(&w, table, NULL, 0);
	assert_true(session_walk_next(&w, 0, &a, &id) && session_walk_next(&w, 0, &b, &id));
	assert_ptr_equal(a.client, b.client + 2);
	assert_ptr_equal(a.user, b.user);
	assert_ptr_equal(a.client_type, b.client_type);
	assert_ptr_equal(a.transport, b.transport);
	end();
}

static void what_went_leaves_room_for_what_comes(void **state)
{
	uint32_t id[64] = { 0 };

	(void)state;
	begin(5, COUNT(id));
	for (uint32_t round = 0; round < 40000; round++) {
		char text[32];
		struct session_facts facts = { .client = text, .user = text + 2 };

		if (round == 20000)
			allocated_bytes = 0;
		snprintf(text, sizeof text, "\\\\ws-%05u", round);
		session_table_remove(table, id[round % COUNT(id)]);
		id[round % COUNT(id)] = session_table_add(table, &facts, &owner, 1);
		assert_int_not_equal(id[round % COUNT(id)], 0);
	}
	assert_in_range(allocated_bytes, 0,
	                400 * 1024); /* leaves of the order, which come and go */
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walks_and_filters_are_the_models_under_any_churn),
		cmocka_unit_test(pages_neither_repeat_nor_skip_who_was_there_throughout),
		cmocka_unit_test(a_copy_of_a_walk_goes_on_from_where_it_was_copied),
		cmocka_unit_test(all_that_pass_are_asked_to_close_and_may_go_at_once),
		cmocka_unit_test(a_full_table_refuses_and_takes_again_when_one_has_left),
		cmocka_unit_test(ids_that_are_not_there_are_passed_over),
		cmocka_unit_test(a_text_that_is_too_long_changes_nothing),
		cmocka_unit_test(times_before_the_first_session_and_after_now_are_in_their_place),
		cmocka_unit_test(when_ids_have_run_out_all_are_numbered_anew_and_their_owners_told),
		cmocka_unit_test(without_memory_nothing_is_added_and_nothing_lost),
		cmocka_unit_test(closing_needs_no_memory),
		cmocka_unit_test(equal_texts_are_kept_once),
		cmocka_unit_test(what_went_leaves_room_for_what_comes),
	};

	return cmocka_run_group_tests_name("session_table", tests, NULL, NULL);
}
