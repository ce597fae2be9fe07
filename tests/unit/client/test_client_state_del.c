/* SPDX-License-Identifier: MIT */
/* NetrSessionDel, and the rows of an answer that is still coming. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "group.h"
#include "scripted_server.h"
#include "rpc/call.h"
#include "smb2/status.h"
#include "srvsvc/interface.h"

/* ---- NetrSessionDel ---- */

static void ask_del(void)
{
	const struct session_del_request request = { .client = "\\\\fs1", .user = "mail" };

	client_state_call_del(&c, &request);
	expect(CLIENT_EVENT_READ);
	expect_asked(1, SMB2_IOCTL);
	assert_string_equal(client_state_step(&c), "NetrSessionDel");
}

/* The answer's stub, in one fragment. */
static void answer_stub(const uint8_t *bytes, size_t count)
{
	const struct rpc_response response = { .context_id = 0 };
	size_t done = 0;

	wire_writer_clear(&stub);
	wire_writer_clear(&pdus);
	wire_put_bytes(&stub, bytes, count);
	rpc_response_encode(&pdus, c.rpc.call_id, &response, stub.data, stub.len, &done,
	                    FRAG_BYTES);
	answer_data(0, STATUS_SUCCESS, pdus.data, pdus.len);
}

static void expect_deleted(NET_API_STATUS expected)
{
	NET_API_STATUS status = 0xBAD;

	expect(CLIENT_EVENT_ANSWER);
	assert_int_equal(client_state_take_del(&c, &status), NERR_Success);
	assert_int_equal(status, expected);
	expect(CLIENT_EVENT_READY);
	assert_true(client_state_is_idle(&c));
}

static void a_deletion_is_answered_by_its_status(void **state)
{
	(void)state;
	script_open_pipe();
	ask_del();
	answer_stub((const uint8_t[]){ 0, 0, 0, 0 }, 4);
	expect_deleted(NERR_Success);
	ask_del();
	answer_stub((const uint8_t[]){ 0x08, 0x09, 0, 0 }, 4);
	expect_deleted(2312);
}

static void a_listing_and_a_deletion_follow_each_other_on_one_pipe(void **state)
{
	(void)state;
	script_open_pipe();
	for (int i = 0; i < 2; i++) {
		ask_del();
		answer_stub((const uint8_t[]){ 5, 0, 0, 0 }, 4);
		expect_deleted(5);
		ask_level_0();
		make_answer(2, 0, true);
		answer_fragment(0, 0);
		expect(CLIENT_EVENT_ANSWER);
		expect_answer(2);
		expect(CLIENT_EVENT_READY);
	}
}

static void a_deletion_is_answered_by_big_endian_servers_too(void **state)
{
	uint8_t pdu[28] = { [0] = 5, [2] = 2, [3] = 3, [9] = 28, [19] = 4, [26] = 9, [27] = 8 };

	(void)state;
	script_open_pipe();
	ask_del();
	pdu[15] = (uint8_t)c.rpc.call_id;
	answer_data(0, STATUS_SUCCESS, pdu, sizeof pdu);
	expect_deleted(2312);
}

static void a_deletions_short_answer_ends_the_conversation(void **state)
{
	(void)state;
	for (size_t count = 0; count < 4; count++) {
		NET_API_STATUS status;

		script_open_pipe();
		ask_del();
		answer_stub((const uint8_t[]){ 0, 0, 0 }, count);
		expect(CLIENT_EVENT_ANSWER);
		assert_int_equal(client_state_take_del(&c, &status), RPC_X_BAD_STUB_DATA);
		expect_failure(RPC_X_BAD_STUB_DATA, 0, "NetrSessionDel");
		assert_false(client_state_is_idle(&c));
		tear_down(state);
		set_up(state);
	}
}

static void a_deletions_long_answer_ends_the_conversation(void **state)
{
	static const uint8_t zeros[65];

	(void)state;
	script_open_pipe();
	ask_del();
	answer_stub(zeros, 64); /* what is behind the status means nothing */
	expect_deleted(NERR_Success);
	ask_del();
	answer_stub(zeros, 65);
	expect_failure(RPC_X_BAD_STUB_DATA, 0, "NetrSessionDel");
}

static void a_deletion_that_the_pipe_refuses_ends_the_conversation(void **state)
{
	(void)state;
	script_open_pipe();
	ask_del();
	refuse(0, 0xC000014B); /* STATUS_PIPE_BROKEN */
	expect(CLIENT_EVENT_FAILED);
	assert_int_equal(c.err.nt_status, 0xC000014B);
	assert_string_equal(c.err.step, "NetrSessionDel");
}

/* ---- rows ---- */

static void ask_for_rows(void)
{
	const struct session_enum_request request = { .level = 0, .preferred_bytes = 0xFFFFFFFF };

	client_state_call_enum(&c, &request, 0, true);
	expect(CLIENT_EVENT_READ);
}

/* Takes those that are there, which are number first and on. Returns the number of the next. */
static uint32_t take_rows(uint32_t first)
{
	struct netsession_row row;
	char *scratch = NULL;
	size_t scratch_bytes = 0;

	for (; client_state_next_row(&c, &row, &scratch, &scratch_bytes); first++)
		assert_string_equal(row.client, first % 2 == 0 ? "192.0.2.2" : "fs1.lab.example");
	free(scratch);
	return first;
}

static void rows_come_with_each_fragment_and_before_the_answer(void **state)
{
	uint32_t rows = 0, before = 0;

	(void)state;
	script_open_pipe();
	ask_for_rows();
	make_answer(110, 0, true);
	assert_true(fragments() >= 4);
	answer_fragment(0, 0);
	expect(CLIENT_EVENT_ROWS);
	expect_asked(fragments() - 1, SMB2_READ); /* none waits for who looks at rows */
	rows = take_rows(0);
	assert_true(rows > 0);
	for (size_t number = 1; number < fragments(); number++) {
		assert_int_equal(client_state_next(&c), CLIENT_EVENT_READ);
		assert_true(rows > before && rows < 110);
		before = rows;
		answer_fragment(number - 1, number);
		assert_int_equal(client_state_next(&c), CLIENT_EVENT_ROWS);
		rows = take_rows(rows);
	}
	assert_int_equal(rows, 110);
	expect(CLIENT_EVENT_ANSWER);
	expect_answer(110);
	expect(CLIENT_EVENT_READY);
}

static void rows_that_nobody_wants_are_not_told(void **state)
{
	(void)state;
	script_open_pipe();
	ask_for_rows();
	make_answer(1, 0, true);
	answer_fragment(0, 0);
	expect(CLIENT_EVENT_ROWS);
	assert_int_equal(take_rows(0), 1);
	expect(CLIENT_EVENT_ANSWER);
	expect_answer(1);
	ask_level_0(); /* without rows, after a call that had some */
	make_answer(3, 0, true);
	answer_fragment(0, 0);
	expect(CLIENT_EVENT_ANSWER);
	assert_int_equal(take_rows(0), 0);
	expect_answer(3);
}

static void a_malformed_answer_gives_no_row(void **state)
{
	(void)state;
	script_open_pipe();
	ask_for_rows();
	make_answer(3, 0, true);
	pdus.data[RPC_CALL_HEADER_BYTES] = 1; /* its level */
	answer_fragment(0, 0);
	expect_failure(RPC_X_BAD_STUB_DATA, 0, "NetrSessionEnum");
	assert_int_equal(take_rows(0), 0);
}

TEST_GROUP(client_state_del)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_deletion_is_answered_by_its_status),
		TEST(a_listing_and_a_deletion_follow_each_other_on_one_pipe),
		TEST(a_deletion_is_answered_by_big_endian_servers_too),
		TEST(a_deletions_short_answer_ends_the_conversation),
		TEST(a_deletions_long_answer_ends_the_conversation),
		TEST(a_deletion_that_the_pipe_refuses_ends_the_conversation),
		TEST(rows_come_with_each_fragment_and_before_the_answer),
		TEST(rows_that_nobody_wants_are_not_told),
		TEST(a_malformed_answer_gives_no_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
