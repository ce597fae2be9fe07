/* SPDX-License-Identifier: MIT */
/* The session table against its model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "group.h"
#include "table_model.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void walks_and_filters_agree_with_the_model_under_any_churn(void **state)
{
	static const uint32_t sizes[] = { 1, 5, 60, 600, MODEL_MOST };

	(void)state;
	for (size_t size = 0; size < COUNT(sizes); size++)
		for (uint64_t seed = 1; seed <= 5; seed++) {
			assert_true(model_begin(seed, sizes[size]));
			for (uint32_t i = 0; i < 8 * sizes[size]; i++) {
				model_churn(sizes[size]);
				if (i % (sizes[size] / 10 + 1) == 0)
					model_check();
			}
			while (model_count > 0) { /* in any order, until none is left */
				model_remove(model_random(model_count));
				if (model_count % (sizes[size] / 10 + 1) == 0)
					model_check();
			}
			model_end();
		}
}

static void address_is(uint32_t at, const char *shown, const char *asked, uint32_t expected)
{
	const struct session_filter filter = { .client = asked };
	struct netsession_row row;
	struct session_walk w;
	uint32_t id, count = 0;

	session_walk_begin(&w, model_table, &filter, 0);
	while (session_walk_next(&w, MODEL_NOW_MS, &row, &id))
		if (++count == at)
			assert_string_equal(row.client, shown);
	assert_int_equal(count, expected);
	assert_int_equal(session_table_knows_client(model_table, asked), expected > 0);
}

static void an_address_is_found_in_any_spelling_and_shown_in_one(void **state)
{
	static const char *const clients[] = {
		"\\\\::1",         "\\\\[0:0::1]",     "::1",
		"::ffff:10.0.0.7", "\\\\fe80::1%eth0", "fe80::1%eth1",
	};
	struct session_owner owner = { 0 };

	(void)state;
	model_table = session_table_new(COUNT(clients));
	for (size_t i = 0; i < COUNT(clients); i++) {
		const struct session_facts facts = { .client = clients[i], .user = "alice" };

		assert_int_not_equal(session_table_add(model_table, &facts, &owner, i), 0);
	}
	address_is(1, "\\\\[::1]", "\\\\[::1]", 3);
	address_is(2, "\\\\[::1]", "::0:1", 3);
	address_is(3, "[::1]", "0-0--1.ipv6-literal.net", 3);
	address_is(1, "10.0.0.7", "\\\\10.0.0.7", 1);
	address_is(1, "\\\\[fe80::1%eth0]", "FE80::1", 2);
	address_is(1, "[fe80::1%eth1]", "\\\\[fe80::1%eth1]", 1);
	address_is(1, "", "fe80::1%eth2", 0);
	address_is(1, "", "::2", 0);
	session_table_free(model_table);
	model_table = NULL;
}

/* ---- pages ---- */

/* Reads the page behind after, of at most so many entries. Returns its last id; 0: it was empty. */
static uint32_t turn_page(const struct session_filter *filter, uint32_t after, uint32_t entries)
{
	struct session_walk w;
	struct netsession_row row;
	uint32_t id, last = after, turned = 0;

	session_walk_begin(&w, model_table, filter, after);
	while (turned < entries && session_walk_next(&w, MODEL_NOW_MS, &row, &id)) {
		assert_true(id > last);
		for (uint32_t i = 0; i < model_count; i++)
			if (model[i].id == id)
				model[i].seen++;
		last = id;
		turned++;
	}
	return turned > 0 ? last : 0;
}

/* Reads all pages of one size, with churn in between: fewer sessions open than a page has. */
static void page_through(const struct session_filter *filter, uint32_t page, uint32_t changes)
{
	uint32_t after = 0, last;

	for (uint32_t i = 0; i < model_count; i++) {
		model[i].seen = 0;
		model[i].here_throughout = model_passes(&model[i], filter);
	}
	while ((last = turn_page(filter, after, page)) != 0) {
		after = last;
		for (uint32_t i = 0; i < changes; i++)
			model_churn(300);
	}
	for (uint32_t i = 0; i < model_count; i++) {
		assert_int_in_range(model[i].seen, 0, 1);
		if (model[i].here_throughout)
			assert_int_equal(model[i].seen, 1);
	}
}

static void pages_neither_repeat_nor_skip_a_session_that_stays(void **state)
{
	(void)state;
	assert_true(model_begin(42, MODEL_MOST));
	for (uint32_t i = 0; i < 200; i++)
		(void)model_add();
	for (uint32_t page = 1; page <= 200; page += 1 + page / 8)
		for (uint32_t turn = 0; turn < 6; turn++) {
			struct session_filter filter = model_filter();

			page_through(turn % 2 == 0 ? NULL : &filter, page, turn * page / 2);
		}
	model_end();
}

static void a_copy_of_a_walk_continues_from_where_it_was_copied(void **state)
{
	const struct session_filter filter = { .user = "ANNA" }, *filters[] = { NULL, &filter };

	(void)state;
	assert_true(model_begin(3, MODEL_MOST));
	for (uint32_t i = 0; i < 600; i++)
		(void)model_add();
	for (size_t f = 0; f < COUNT(filters); f++) {
		struct session_walk w, copy;
		struct netsession_row row, again;
		uint32_t id, id_again;

		session_walk_begin(&w, model_table, filters[f], 100);
		assert_true(session_walk_next(&w, MODEL_NOW_MS, &row, &id));
		copy = w;
		while (session_walk_next(&w, MODEL_NOW_MS, &row, &id)) {
			assert_true(session_walk_next(&copy, MODEL_NOW_MS, &again, &id_again));
			assert_int_equal(id, id_again);
			assert_ptr_equal(row.client, again.client);
		}
	}
	model_end();
}

/* ---- closing ---- */

static void all_sessions_that_pass_are_closed_and_may_be_removed_at_once(void **state)
{
	(void)state;
	for (model_closing = MODEL_LATER; model_closing <= MODEL_AND_OTHERS; model_closing++)
		for (uint64_t seed = 1; seed <= 200; seed++) {
			struct session_filter filter;
			uint32_t there = 0, left = 0, before;

			assert_true(model_begin(seed, MODEL_MOST));
			for (uint32_t i = 0; i < 150; i++)
				(void)model_add();
			filter = model_filter();
			for (uint32_t i = 0; i < model_count; i++)
				there += model_passes(&model[i], &filter);
			before = model_count;
			assert_int_equal(session_table_close(model_table, &filter), there);
			for (uint32_t i = 0; i < model_count; i++) {
				left += model_passes(&model[i], &filter);
				assert_int_equal(model[i].seen, model_passes(&model[i], &filter));
			}
			if (model_closing == MODEL_LATER)
				assert_int_equal(model_asked, there);
			if (model_closing != MODEL_LATER)
				assert_int_equal(left, 0);
			if (model_closing == MODEL_AT_ONCE)
				assert_int_equal(model_count, before - there);
			model_check();
			model_end();
		}
}

/* ---- bounds ---- */

static void a_full_table_refuses_until_a_session_is_removed(void **state)
{
	(void)state;
	assert_true(model_begin(9, 700));
	while (model_count < 700)
		assert_int_not_equal(model_add(), 0);
	assert_int_equal(model_add(), 0);
	model_check();
	model_remove(350);
	assert_int_not_equal(model_add(), 0);
	assert_int_equal(model_add(), 0);
	model_check();
	model_end();
	assert_true(model_begin(9, 0));
	assert_int_equal(model_add(), 0);
	model_end();
}

static void unknown_ids_are_ignored(void **state)
{
	const struct session_facts facts = { .user = "x" };

	(void)state;
	assert_true(model_begin(9, 10));
	assert_false(session_table_update(model_table, 1, &facts));
	session_table_remove(model_table, 1);
	session_table_touch(model_table, 1, 1);
	session_table_set_opens(model_table, 1, 1);
	(void)model_add();
	session_table_remove(model_table, 0);
	session_table_remove(model_table, 2);
	session_table_remove(model_table, UINT32_MAX);
	model_check();
	model_end();
}

static void a_text_that_is_too_long_changes_nothing(void **state)
{
	static char longest[SESSION_TABLE_TEXT_BYTES + 2];
	struct session_facts facts = { .client = longest, .user = longest };
	const struct session_filter filter = { .client = longest, .user = longest };
	struct session_walk w;
	uint32_t id;

	(void)state;
	assert_true(model_begin(9, 10));
	memset(longest, 'a', SESSION_TABLE_TEXT_BYTES);
	id = session_table_add(model_table, &facts, &model_owner, 1);
	assert_int_not_equal(id, 0);
	session_walk_begin(&w, model_table, &filter, 0);
	assert_int_equal(session_walk_total(&w), 1);
	longest[SESSION_TABLE_TEXT_BYTES] = 'a';
	session_walk_begin(&w, model_table, &filter, 0);
	assert_int_equal(session_walk_total(&w), 0);
	for (unsigned i = 0; i < 4; i++) {
		const char *texts[4] = { "c", "u", "t", "n" };

		texts[i] = longest;
		facts = (struct session_facts){
			texts[0], texts[1], texts[2], texts[3], 0, 0, 0, 0
		};
		assert_int_equal(session_table_add(model_table, &facts, &model_owner, 1), 0);
		assert_false(session_table_update(model_table, id, &facts));
	}
	assert_int_equal(session_table_count(model_table), 1);
	model_end();
}

static void times_before_the_first_session_and_after_now_are_kept(void **state)
{
	struct session_facts facts = { .created_ms = 5000, .used_ms = 9999 };
	struct session_walk w;
	struct netsession_row row;
	uint32_t id;

	(void)state;
	assert_true(model_begin(9, 10));
	(void)session_table_add(model_table, &facts, &model_owner, 1);
	facts.created_ms = -1; /* a second before the clock began */
	facts.used_ms = 20001;
	(void)session_table_add(model_table, &facts, &model_owner, 1);
	session_walk_begin(&w, model_table, NULL, 0);
	assert_true(session_walk_next(&w, 10000, &row, &id));
	assert_int_equal(row.active_s, 5);
	assert_int_equal(row.idle_s, 1);
	assert_true(session_walk_next(&w, 10000, &row, &id));
	assert_int_equal(row.active_s, 11);
	assert_int_equal(row.idle_s, 0); /* not four billion */
	model_end();
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

static void when_ids_run_out_all_sessions_and_owners_get_new_ones(void **state)
{
	uint32_t id;

	(void)state;
	assert_true(model_begin(9, MODEL_MOST));
	for (uint32_t i = 0; i < 1000; i++)
		model_churn(MODEL_MOST);
	session_table_skip_ids(model_table, UINT32_MAX - 300);
	session_table_skip_ids(model_table, 7); /* already passed: no effect */
	for (uint32_t i = 0; i < 300; i++)
		assert_int_not_equal(model_add(), 0);
	assert_int_equal(model[model_count - 1].id, UINT32_MAX);
	model_check_walk(NULL, UINT32_MAX - 5);
	model_owner.renumbered = renumbered;
	for (uint32_t i = 0; i < model_count; i++)
		model[i].seen = 0;
	id = model_add();
	assert_int_equal(id, model_count);
	for (uint32_t i = 0; i + 1 < model_count; i++)
		assert_int_equal(model[i].seen, 1);
	for (uint32_t i = 0; i < 1000; i++) {
		model_check();
		model_churn(MODEL_MOST);
	}
	model_owner.renumbered = NULL;
	session_table_skip_ids(model_table, UINT32_MAX);
	model_count = 0;
	id = session_table_add(model_table, &(struct session_facts){ 0 }, &model_owner, 1);
	assert_int_equal(id, session_table_count(model_table)); /* its owner remembers no ids */
	model_end();
}

static void what_is_not_known_stays_so_until_it_is(void **state)
{
	struct session_facts facts = { .client = "a",
		                       .num_opens = NETSESSION_UNKNOWN,
		                       .user_flags = NETSESSION_UNKNOWN,
		                       .created_ms = SESSION_TIME_UNKNOWN,
		                       .used_ms = SESSION_TIME_UNKNOWN };
	struct netsession_row row;
	struct session_walk w;
	uint32_t id, found;

	(void)state;
	assert_true(model_begin(1, 4)); /* the first session gives the table no beginning */
	id = session_table_add(model_table, &facts, &model_owner, 1);
	session_walk_begin(&w, model_table, NULL, 0);
	assert_true(session_walk_next(&w, MODEL_NOW_MS, &row, &found));
	assert_int_equal(row.num_opens, NETSESSION_UNKNOWN);
	assert_int_equal(row.user_flags, NETSESSION_UNKNOWN);
	assert_int_equal(row.active_s, NETSESSION_UNKNOWN);
	assert_int_equal(row.idle_s, NETSESSION_UNKNOWN);
	assert_null(row.user);
	session_table_touch(model_table, id, MODEL_NOW_MS - 5000);
	session_table_set_opens(model_table, id, 0);
	session_walk_begin(&w, model_table, NULL, 0);
	assert_true(session_walk_next(&w, MODEL_NOW_MS, &row, &found));
	assert_int_equal(row.num_opens, 0);
	assert_int_equal(row.active_s, NETSESSION_UNKNOWN);
	assert_int_equal(row.idle_s, 5);
	facts.created_ms = MODEL_NOW_MS - 9000;
	facts.used_ms = SESSION_TIME_UNKNOWN;
	assert_true(session_table_update(model_table, id, &facts));
	session_walk_begin(&w, model_table, NULL, 0);
	assert_true(session_walk_next(&w, MODEL_NOW_MS, &row, &found));
	assert_int_equal(row.active_s, 9);
	assert_int_equal(row.idle_s, NETSESSION_UNKNOWN);
	session_table_remove(model_table, id);
	model_end();
}

TEST_GROUP(session_table)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_found_in_any_spelling_and_shown_in_one),
		cmocka_unit_test(walks_and_filters_agree_with_the_model_under_any_churn),
		cmocka_unit_test(pages_neither_repeat_nor_skip_a_session_that_stays),
		cmocka_unit_test(a_copy_of_a_walk_continues_from_where_it_was_copied),
		cmocka_unit_test(all_sessions_that_pass_are_closed_and_may_be_removed_at_once),
		cmocka_unit_test(a_full_table_refuses_until_a_session_is_removed),
		cmocka_unit_test(what_is_not_known_stays_so_until_it_is),
		cmocka_unit_test(unknown_ids_are_ignored),
		cmocka_unit_test(a_text_that_is_too_long_changes_nothing),
		cmocka_unit_test(times_before_the_first_session_and_after_now_are_kept),
		cmocka_unit_test(when_ids_run_out_all_sessions_and_owners_get_new_ones),
	};

	return cmocka_run_group_tests_name("session_table", tests, NULL, NULL);
}
