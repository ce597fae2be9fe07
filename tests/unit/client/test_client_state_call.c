/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "group.h"
#include "scripted_server.h"
#include "smb2/status.h"
#include "srvsvc/interface.h"

/* ---- answers ---- */

static void one_pipe_answers_call_after_call(void **state)
{
	(void)state;
	script_open_pipe();
	for (uint32_t entries = 0; entries < 3; entries++) {
		ask_level_0();
		make_answer(entries, 0, true);
		answer_fragment(0, 0);
		expect(CLIENT_EVENT_ANSWER);
		expect_answer(entries);
		assert_false(client_state_is_spent(&c));
		expect(CLIENT_EVENT_READY);
	}
}

static void reads_answered_in_reverse_are_put_in_order(void **state)
{
	size_t given = 1, most = 0;

	(void)state;
	script_open_pipe();
	ask_level_0();
	make_answer(600, 0, true);
	assert_true(fragments() > 2 * TRANSPORT_MAX_READS);
	answer_fragment(0, 0);
	while (given < fragments()) {
		expect(CLIENT_EVENT_READ);
		most = asked_count > most ? asked_count : most;
		for (size_t i = asked_count; i-- > 0;)
			answer_fragment(i, given + i);
		given += asked_count;
	}
	expect(CLIENT_EVENT_ANSWER);
	expect_answer(600);
	assert_int_equal(most, TRANSPORT_MAX_READS);
	assert_false(client_state_is_spent(&c));
}

static void the_last_read_is_for_the_last_fragment_even_if_that_is_full(void **state)
{
	(void)state;
	script_open_pipe();
	ask_level_0();
	stub_multiple = FRAG_BYTES - RPC_CALL_HEADER_BYTES;
	make_answer(50, 0, true);
	assert_int_equal(pdus.len % FRAG_BYTES, 0);
	answer_fragment(0, 0);
	expect(CLIENT_EVENT_READ);
	assert_int_equal(asked_count, fragments() - 1);
	for (size_t i = 0; i < asked_count; i++)
		answer_fragment(i, 1 + i);
	expect(CLIENT_EVENT_ANSWER);
	expect_answer(50);
	assert_false(client_state_is_spent(&c));
}

static void without_alloc_hint_one_read_follows_another(void **state)
{
	(void)state;
	script_open_pipe();
	ask_level_0();
	make_answer(100, 0, false);
	for (size_t number = 0; number < fragments(); number++) {
		answer_fragment(0, number);
		if (number + 1 < fragments()) {
			expect(CLIENT_EVENT_READ);
			expect_asked(1, SMB2_READ);
		}
	}
	expect(CLIENT_EVENT_ANSWER);
	expect_answer(100);
	assert_false(client_state_is_spent(&c));
}

static void an_alloc_hint_that_lies_leaves_the_pipe_spent(void **state)
{
	(void)state;
	script_open_pipe();
	ask_level_0();
	make_answer(50, 100000, true);
	answer_fragment(0, 0);
	expect(CLIENT_EVENT_READ);
	assert_int_equal(asked_count, TRANSPORT_MAX_READS);
	for (size_t number = 1; number < fragments(); number++)
		answer_fragment(number - 1, number);
	expect(CLIENT_EVENT_ANSWER);
	expect_answer(50);
	assert_true(client_state_is_spent(&c));
}

static void reads_never_outgrow_the_credits(void **state)
{
	(void)state;
	script_open_pipe();
	c.smb2.connection.credits = 3;
	grants = 1;
	ask_level_0();
	make_answer(300, 0, true);
	answer_fragment(0, 0);
	expect(CLIENT_EVENT_READ);
	expect_asked(3, SMB2_READ);
}

/* Gives pdus by so many bytes an answer, until the client wants no more. */
static void answer_in_pieces(size_t first, size_t bytes)
{
	for (size_t at = 0, i = first; at < pdus.len; at += bytes, i = 0) {
		size_t left = pdus.len - at;

		if (at > 0)
			expect(CLIENT_EVENT_READ);
		answer_data(i, left > bytes ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS,
		            pdus.data + at, left < bytes ? left : bytes);
	}
}

static void what_overflows_the_buffer_is_read(void **state)
{
	(void)state;
	script_log_on();
	answer_tree_connect(0, 0);
	answer_create(1);
	make_bind_ack(RPC_ACCEPTANCE, 0);
	answer_in_pieces(2, 20);
	expect(CLIENT_EVENT_READY);
	ask_level_0();
	make_answer(3, 0, true);
	answer_in_pieces(0, 7);
	expect(CLIENT_EVENT_ANSWER);
	expect_answer(3);
	assert_false(client_state_is_spent(&c));
}

static void a_malformed_answer_ends_the_conversation(void **state)
{
	(void)state;
	script_open_pipe();
	ask_level_0();
	make_answer(3, 0, true);
	pdus.data[RPC_CALL_HEADER_BYTES] = 1; /* its level */
	answer_fragment(0, 0);
	expect_failure(RPC_X_BAD_STUB_DATA, 0, "NetrSessionEnum");
}

static void of_a_malformed_answer_no_more_is_read(void **state)
{
	(void)state;
	script_open_pipe();
	ask_level_0();
	make_answer(200, 0, true);
	pdus.data[RPC_CALL_HEADER_BYTES] = 1;
	answer_fragment(0, 0);
	expect_failure(RPC_X_BAD_STUB_DATA, 0, "NetrSessionEnum");
	assert_int_equal(asked_count, 0);
}

static void an_answer_that_ends_early_ends_the_conversation(void **state)
{
	struct session_enum_answer got;
	void *infos;

	(void)state;
	script_open_pipe();
	ask_level_0();
	make_answer(3, 0, true);
	wire_set_u16le(&pdus, 8, (uint16_t)(pdus.len - 4)); /* frag_length: without the status */
	answer_data(0, STATUS_SUCCESS, pdus.data, pdus.len - 4);
	expect(CLIENT_EVENT_ANSWER);
	assert_int_equal(client_state_take_enum(&c, &got, &infos), RPC_X_BAD_STUB_DATA);
	assert_null(infos);
	expect_failure(RPC_X_BAD_STUB_DATA, 0, "NetrSessionEnum");
}

/* ---- a long request ---- */

static char long_name[1001];

static void ask_with_long_names(void)
{
	const struct session_enum_request request = {
		.client = long_name,
		.user = long_name,
		.level = 0,
		.preferred_bytes = 1,
	};

	memset(long_name, '\\', sizeof long_name - 1);
	client_state_call_enum(&c, &request, 0, false);
	expect(CLIENT_EVENT_READ);
}

/* Appends the stub in the fragment that was asked; its header is given. */
static struct rpc_header take_fragment(void)
{
	bool is_write = asked[0].header.command == SMB2_WRITE;
	struct wire_reader r = asked[0].body;
	struct rpc_request request;
	struct rpc_header h;

	wire_skip(&r, is_write ? 48 : 56);
	wire_reader_init(&r, r.at, wire_left(&r));
	rpc_header_decode(&r, &h);
	rpc_request_decode(&r, &h, &request);
	assert_null(r.error);
	assert_int_equal(request.opnum, SRVSVC_NETR_SESSION_ENUM);
	wire_put_bytes(&stub, r.at, wire_left(&r));
	return h;
}

static void a_long_request_is_written_and_its_end_transceived(void **state)
{
	struct session_enum_request request;
	struct session_qualifier_texts texts;
	struct wire_reader r;

	(void)state;
	script_open_pipe();
	ask_with_long_names();
	for (unsigned number = 0; number < 2; number++) {
		struct rpc_header h;

		expect_asked(1, SMB2_WRITE);
		h = take_fragment();
		assert_int_equal(h.pfc_flags, number == 0 ? RPC_PFC_FIRST_FRAG : 0);
		assert_int_in_range(h.frag_length, FRAG_BYTES - 7, FRAG_BYTES);
		answer_write(h.frag_length);
		expect(CLIENT_EVENT_READ);
	}
	expect_asked(1, SMB2_IOCTL);
	assert_int_equal(take_fragment().pfc_flags, RPC_PFC_LAST_FRAG);
	wire_reader_init(&r, stub.data, stub.len);
	session_enum_request_decode(&r, &request, &texts);
	assert_null(r.error);
	assert_string_equal(request.client, long_name);
	assert_string_equal(request.user, long_name);
	make_answer(1, 0, true);
	answer_fragment(0, 0);
	expect(CLIENT_EVENT_ANSWER);
	expect_answer(1);
}

static void half_a_written_fragment_is_a_bad_answer(void **state)
{
	(void)state;
	script_open_pipe();
	ask_with_long_names();
	answer_write(7);
	expect_failure(ERROR_BAD_NET_RESP, 0, "NetrSessionEnum");
	assert_string_equal(c.err.text, "the pipe accepted only a part of a fragment");
}

TEST_GROUP(client_state_call)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(one_pipe_answers_call_after_call),
		TEST(reads_answered_in_reverse_are_put_in_order),
		TEST(the_last_read_is_for_the_last_fragment_even_if_that_is_full),
		TEST(without_alloc_hint_one_read_follows_another),
		TEST(an_alloc_hint_that_lies_leaves_the_pipe_spent),
		TEST(reads_never_outgrow_the_credits),
		TEST(what_overflows_the_buffer_is_read),
		TEST(a_malformed_answer_ends_the_conversation),
		TEST(of_a_malformed_answer_no_more_is_read),
		TEST(an_answer_that_ends_early_ends_the_conversation),
		TEST(a_long_request_is_written_and_its_end_transceived),
		TEST(half_a_written_fragment_is_a_bad_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
