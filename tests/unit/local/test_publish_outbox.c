/* SPDX-License-Identifier: MIT */
/* What a file server tells of its sessions, and what of it netsessiond gets to hear. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <lmerr.h>
#include <cmocka.h>
#include "group.h"
#include "sessions/key_map.h"
#include "local/publish_message.h"
#include "local/publish_outbox.h"

#define BATCH 32768 /* bytes */

static struct {
	struct publish_outbox *outbox;
	int64_t now_ms;
} under_test;

static int set_up(void **state)
{
	(void)state;
	under_test.outbox = publish_outbox_new(3, true);
	under_test.now_ms = 1000000;
	return under_test.outbox != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	publish_outbox_free(under_test.outbox);
	return 0;
}

static NET_API_STATUS put(uint64_t key, const char *client)
{
	struct netsession_row row = {
		.client = client, .user = "zoë", .num_opens = 1, .active_s = 60, .idle_s = 5
	};

	return publish_outbox_put(under_test.outbox, key, 0, &row, under_test.now_ms);
}

static void touch(uint64_t key, uint32_t num_opens)
{
	publish_outbox_touch(under_test.outbox, key, num_opens, 0, under_test.now_ms);
}

static void remove_key(uint64_t key)
{
	publish_outbox_remove(under_test.outbox, key);
}

/* What is told now, as "PUT 1 fs1 opens 1 active 60 idle 5, TOUCH 2 opens 3 idle 0, REMOVE 3". */
static void expect_told(const char *expected)
{
	struct wire_writer w = { 0 };
	struct wire_reader r;
	char told[1024] = "";

	publish_outbox_write(under_test.outbox, &w, BATCH, under_test.now_ms);
	wire_reader_init(&r, w.data, w.len);
	while (wire_left(&r) > 0) {
		uint16_t bytes = wire_get_u16(&r), kind = wire_get_u16(&r);
		struct wire_reader body = wire_part(&r, (size_t)(r.at - r.start), bytes);
		char *to = told + strlen(told);
		size_t room = sizeof told - strlen(told);
		const char *comma = told[0] != '\0' ? ", " : "";
		struct publish_message m;

		wire_skip(&r, bytes);
		publish_message_decode(&body, kind, &m);
		assert_null(body.error);
		if (kind == PUBLISH_PUT)
			snprintf(to, room, "%sPUT %d %s opens %u active %u idle %u", comma,
			         (int)m.key, m.row.client, m.row.num_opens, m.row.active_s,
			         m.row.idle_s);
		else if (kind == PUBLISH_TOUCH)
			snprintf(to, room, "%sTOUCH %d opens %u idle %u", comma, (int)m.key,
			         m.row.num_opens, m.row.idle_s);
		else
			snprintf(to, room, "%sREMOVE %d", comma, (int)m.key);
	}
	wire_writer_fini(&w);
	assert_string_equal(told, expected);
}

static void changes_are_told_once_and_in_their_order(void **state)
{
	(void)state;
	assert_int_equal(put(1, "fs1"), 0);
	assert_int_equal(put(2, "fs2"), 0);
	expect_told("PUT 1 fs1 opens 1 active 60 idle 5, PUT 2 fs2 opens 1 active 60 idle 5");
	expect_told("");
	touch(2, 4);
	remove_key(1);
	expect_told("TOUCH 2 opens 4 idle 0, REMOVE 1");
	expect_told("");
}

static void all_texts_and_numbers_are_told(void **state)
{
	static const struct netsession_row row = { "c", "u", "t", NULL, 1, 2, 1, 3 };
	struct wire_writer w = { 0 };
	struct publish_message m;
	struct wire_reader r;

	(void)state;
	assert_int_equal(publish_outbox_put(under_test.outbox, 9, 0, &row, 0), 0);
	publish_outbox_write(under_test.outbox, &w, BATCH, 0);
	wire_reader_init(&r, w.data + PUBLISH_HEADER_BYTES, w.len - PUBLISH_HEADER_BYTES);
	publish_message_decode(&r, PUBLISH_PUT, &m);
	assert_null(r.error);
	assert_string_equal(m.row.client, "c");
	assert_string_equal(m.row.user, "u");
	assert_string_equal(m.row.client_type, "t");
	assert_string_equal(m.row.transport, "");
	assert_int_equal(m.row.num_opens, 1);
	assert_int_equal(m.row.active_s, 2);
	assert_int_equal(m.row.idle_s, 1);
	assert_int_equal(m.row.user_flags, 3);
	wire_writer_fini(&w);
}

static void a_later_change_takes_the_place_of_an_earlier(void **state)
{
	(void)state;
	put(1, "fs1");
	put(1, "fs2");
	touch(1, 7);
	expect_told("PUT 1 fs2 opens 7 active 60 idle 0");
	touch(1, 8);
	touch(1, 9);
	expect_told("TOUCH 1 opens 9 idle 0");
	touch(1, 10);
	put(1, "fs3");
	expect_told("PUT 1 fs3 opens 1 active 60 idle 5");
	put(1, "fs4");
	remove_key(1);
	touch(1, 11);
	expect_told("REMOVE 1");
}

static void a_session_that_ended_untold_is_never_told_of(void **state)
{
	(void)state;
	put(1, "fs1");
	put(2, "fs2");
	put(3, "fs3");
	remove_key(2);
	expect_told("PUT 1 fs1 opens 1 active 60 idle 5, PUT 3 fs3 opens 1 active 60 idle 5");
	remove_key(2);
	touch(2, 1);
	expect_told("");
}

static void time_goes_on_while_a_change_waits(void **state)
{
	(void)state;
	put(1, "fs1");
	under_test.now_ms += 10000;
	expect_told("PUT 1 fs1 opens 1 active 70 idle 15");
	touch(1, 2);
	under_test.now_ms += 3999;
	expect_told("TOUCH 1 opens 2 idle 3");
}

static void no_more_sessions_than_agreed_are_kept_account_of(void **state)
{
	(void)state;
	put(1, "fs1");
	put(2, "fs2");
	put(3, "fs3");
	assert_int_equal(put(4, "fs4"), ERROR_TOO_MANY_SESS);
	assert_int_equal(put(3, "fs5"), 0);
	remove_key(3);
	assert_int_equal(put(4, "fs4"), 0);
	expect_told("PUT 1 fs1 opens 1 active 60 idle 5, PUT 2 fs2 opens 1 active 60 idle 5, "
	            "PUT 4 fs4 opens 1 active 60 idle 5");
	/* netsessiond has it until the REMOVE is told. */
	remove_key(4);
	assert_int_equal(put(5, "fs5"), ERROR_TOO_MANY_SESS);
	expect_told("REMOVE 4");
	assert_int_equal(put(5, "fs5"), 0);
}

static void churn_that_nobody_is_told_of_takes_no_memory(void **state)
{
	(void)state;
	for (uint64_t key = 1; key < 100000; key++) {
		assert_int_equal(put(key, "fs"), 0);
		remove_key(key);
	}
	expect_told("");
}

static void a_refused_session_is_not_there(void **state)
{
	(void)state;
	put(1, "fs1");
	expect_told("PUT 1 fs1 opens 1 active 60 idle 5");
	assert_true(publish_outbox_has(under_test.outbox, 1));
	touch(1, 2);
	assert_true(publish_outbox_refused(under_test.outbox, 1));
	assert_false(publish_outbox_has(under_test.outbox, 1));
	assert_false(publish_outbox_refused(under_test.outbox, 1));
	touch(1, 3);
	remove_key(1);
	expect_told("");
}

static void a_refusal_is_nothing_new_of_what_was_removed_or_put_anew(void **state)
{
	(void)state;
	put(1, "fs1");
	put(2, "fs2");
	expect_told("PUT 1 fs1 opens 1 active 60 idle 5, PUT 2 fs2 opens 1 active 60 idle 5");
	remove_key(1);
	put(2, "fs3");
	assert_false(publish_outbox_refused(under_test.outbox, 1));
	assert_false(publish_outbox_refused(under_test.outbox, 2));
	assert_false(publish_outbox_refused(under_test.outbox, 3));
	expect_told("PUT 2 fs3 opens 1 active 60 idle 5");
}

static void a_removed_session_is_not_there_to_be_closed(void **state)
{
	(void)state;
	assert_false(publish_outbox_has(under_test.outbox, 1));
	put(1, "fs1");
	assert_true(publish_outbox_has(under_test.outbox, 1));
	expect_told("PUT 1 fs1 opens 1 active 60 idle 5");
	remove_key(1);
	assert_false(publish_outbox_has(under_test.outbox, 1));
}

static void a_batch_ends_before_the_change_that_may_not_fit(void **state)
{
	struct wire_writer w = { 0 };
	size_t first;

	(void)state;
	put(1, "fs1");
	put(2, "fs2");
	publish_outbox_write(under_test.outbox, &w, PUBLISH_MAX_FRAME_BYTES, 0);
	first = w.len;
	assert_true(first > 0 && first < PUBLISH_MAX_FRAME_BYTES);
	publish_outbox_write(under_test.outbox, &w, PUBLISH_MAX_FRAME_BYTES, 0);
	assert_int_equal(w.len, first);
	publish_outbox_write(under_test.outbox, &w, first + PUBLISH_MAX_FRAME_BYTES, 0);
	assert_int_equal(w.len, 2 * first);
	wire_writer_fini(&w);
}

/* ---- the map below it ---- */

#define KEYS 5000

static void a_map_agrees_with_a_plain_array_through_all_changes(void **state)
{
	static uint32_t plain[KEYS];
	struct key_map map = { .seed = 42 };
	uint64_t x = 1;
	uint32_t count = 0;

	(void)state;
	for (uint32_t i = 1; i < 200000; i++) {
		uint64_t key;

		x = x * 6364136223846793005u + 1442695040888963407u;
		key = (x >> 33) % KEYS;
		if ((x >> 62) == 0) {
			key_map_remove(&map, key << 40);
			count -= plain[key] != 0;
			plain[key] = 0;
		} else {
			assert_true(key_map_set(&map, key << 40, i));
			count += plain[key] == 0;
			plain[key] = i;
		}
		assert_int_equal(map.count, count);
		if (i % 1000 == 0)
			for (key = 0; key < KEYS; key++)
				assert_int_equal(key_map_find(&map, key << 40), plain[key]);
	}
	key_map_fini(&map);
}

TEST_GROUP(publish_outbox)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(changes_are_told_once_and_in_their_order),
		TEST(all_texts_and_numbers_are_told),
		TEST(a_later_change_takes_the_place_of_an_earlier),
		TEST(a_session_that_ended_untold_is_never_told_of),
		TEST(time_goes_on_while_a_change_waits),
		TEST(no_more_sessions_than_agreed_are_kept_account_of),
		TEST(churn_that_nobody_is_told_of_takes_no_memory),
		TEST(a_refused_session_is_not_there),
		TEST(a_refusal_is_nothing_new_of_what_was_removed_or_put_anew),
		TEST(a_removed_session_is_not_there_to_be_closed),
		TEST(a_batch_ends_before_the_change_that_may_not_fit),
		TEST(a_map_agrees_with_a_plain_array_through_all_changes),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
