/* SPDX-License-Identifier: MIT */
/* A conversation with the local service: the same calls, and nothing below them but a stream. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "group.h"
#include "local/local_list.h"
#include "scripted_server.h"

/* Of a local conversation's own: scripted_server's c is made anew, its PDUs serve here too. */
static int set_up_local(void **state)
{
	set_up(state);
	client_state_fini(&c);
	client_state_init_local(&c, &client_srvsvc);
	return 0;
}

static void deliver(const uint8_t *data, size_t bytes)
{
	while (bytes > 0) {
		size_t room;
		uint8_t *space = client_state_space(&c, &room);
		size_t now = bytes < room ? bytes : room;

		assert_non_null(space);
		assert_true(room > 0);
		memcpy(space, data, now);
		client_state_received(&c, now);
		data += now;
		bytes -= now;
		if (bytes > 0)
			assert_int_equal(client_state_next(&c), CLIENT_EVENT_READ);
	}
}

/* Runs the client; what it sends is one PDU of this kind. */
static void expect_sent(enum rpc_ptype ptype)
{
	struct wire_writer *out = client_state_out(&c);
	struct wire_reader r;
	struct rpc_header h;

	assert_int_equal(client_state_next(&c), CLIENT_EVENT_READ);
	wire_reader_init(&r, out->data, out->len);
	rpc_header_decode(&r, &h);
	assert_null(r.error);
	assert_int_equal(h.ptype, ptype);
	assert_int_equal(h.frag_length, out->len);
	wire_writer_clear(out);
}

static void bind_it(void)
{
	expect_sent(RPC_BIND);
	make_bind_ack(RPC_ACCEPTANCE, 0);
	deliver(pdus.data, pdus.len);
	assert_int_equal(client_state_next(&c), CLIENT_EVENT_READY);
	assert_true(client_state_is_idle(&c));
}

static void ask_level(uint32_t level, bool streams_rows)
{
	const struct session_enum_request request = { .level = level,
		                                      .preferred_bytes = 0xFFFFFFFF };

	client_state_call_enum(&c, &request, 0, streams_rows);
	assert_string_equal(client_state_step(&c), "NetrSessionEnum");
	expect_sent(RPC_REQUEST);
	assert_false(client_state_is_idle(&c));
}

static void the_bind_is_all_that_comes_before_a_call(void **state)
{
	(void)state;
	bind_it();
	ask_level(0, false);
	make_answer(3, 0, true);
	deliver(pdus.data, pdus.len);
	assert_int_equal(client_state_next(&c), CLIENT_EVENT_ANSWER);
	expect_answer(3);
	assert_true(client_state_is_idle(&c));
	assert_false(client_state_is_spent(&c));
}

static void an_answer_of_many_fragments_may_be_cut_anywhere(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < 5000; piece += 1 + piece / 2) {
		tear_down(state);
		set_up_local(state);
		bind_it();
		ask_level(0, false);
		make_answer(300, 0, true);
		assert_true(fragments() > 5);
		for (size_t at = 0; at < pdus.len; at += piece) {
			size_t left = pdus.len - at;

			assert_int_equal(client_state_next(&c), CLIENT_EVENT_READ);
			deliver(pdus.data + at, left < piece ? left : piece);
		}
		assert_int_equal(client_state_next(&c), CLIENT_EVENT_ANSWER);
		expect_answer(300);
	}
}

static void rows_are_given_before_their_answer_is_whole(void **state)
{
	struct netsession_row row;
	size_t scratch_bytes = 0;
	char *scratch = NULL;
	uint32_t rows = 0;

	(void)state;
	bind_it();
	ask_level(0, true);
	make_answer(300, 0, true);
	deliver(pdus.data, pdus.len / 2);
	assert_int_equal(client_state_next(&c), CLIENT_EVENT_ROWS);
	while (client_state_next_row(&c, &row, &scratch, &scratch_bytes))
		rows++;
	assert_int_in_range(rows, 1, 299);
	deliver(pdus.data + pdus.len / 2, pdus.len - pdus.len / 2);
	assert_int_equal(client_state_next(&c), CLIENT_EVENT_ROWS);
	while (client_state_next_row(&c, &row, &scratch, &scratch_bytes))
		rows++;
	assert_int_equal(rows, 300);
	assert_int_equal(client_state_next(&c), CLIENT_EVENT_ANSWER);
	expect_answer(300);
	free(scratch);
}

static void a_request_of_many_fragments_is_sent_at_once(void **state)
{
	static char name[1000];
	const struct session_enum_request request = { .level = 0, .client = name, .user = name };
	struct wire_writer *out = client_state_out(&c);
	size_t count = 0;

	(void)state;
	memset(name, 'n', sizeof name - 1);
	bind_it();
	client_state_call_enum(&c, &request, 0, false);
	assert_int_equal(client_state_next(&c), CLIENT_EVENT_READ);
	for (size_t at = 0; at < out->len; count++) {
		struct wire_reader r;
		struct rpc_header h;

		wire_reader_init(&r, out->data + at, out->len - at);
		rpc_header_decode(&r, &h);
		assert_null(r.error);
		assert_true(h.frag_length <= FRAG_BYTES);
		at += h.frag_length;
		assert_int_equal((h.pfc_flags & RPC_PFC_FIRST_FRAG) != 0, count == 0);
		assert_int_equal((h.pfc_flags & RPC_PFC_LAST_FRAG) != 0, at == out->len);
	}
	assert_int_in_range(count, 3, 4);
}

static void answer_stub(void)
{
	const struct rpc_response response = { 0 };
	size_t at = 0;

	wire_writer_clear(&pdus);
	rpc_response_encode(&pdus, c.rpc.call_id, &response, stub.data, stub.len, &at, 60000);
	deliver(pdus.data, pdus.len);
}

static void a_deletion_is_answered_by_its_status(void **state)
{
	const struct session_del_request request = { .user = "alice" };
	NET_API_STATUS status;
	struct ndr_writer w;

	(void)state;
	bind_it();
	client_state_call_del(&c, &request);
	expect_sent(RPC_REQUEST);
	wire_writer_clear(&stub);
	ndr_writer_init(&w, &stub);
	session_del_answer_encode(&w, NERR_ClientNameNotFound);
	answer_stub();
	assert_int_equal(client_state_next(&c), CLIENT_EVENT_ANSWER);
	assert_int_equal(client_state_take_del(&c, &status), NERR_Success);
	assert_int_equal(status, NERR_ClientNameNotFound);
	assert_true(client_state_is_idle(&c));
}

static struct local_entry one_entry(const void *context, size_t i)
{
	(void)i;
	return (struct local_entry){ .name = context };
}

static void our_own_interface_is_bound_and_answers_lists(void **state)
{
	struct wire_reader r;
	struct local_list list;
	struct local_entry entry;
	struct ndr_writer w;

	(void)state;
	client_state_fini(&c);
	client_state_init_local(&c, &client_netsession_local);
	bind_it();
	client_state_call_local(&c, LOCAL_GET_CALLER, NULL);
	expect_sent(RPC_REQUEST);
	wire_writer_clear(&stub);
	ndr_writer_init(&w, &stub);
	local_list_encode(&w, NERR_Success, 1, one_entry, "alice");
	answer_stub();
	assert_int_equal(client_state_next(&c), CLIENT_EVENT_ANSWER);
	assert_int_equal(client_state_take_local(&c, &r), NERR_Success);
	local_list_decode(&list, &r);
	assert_true(local_list_next(&list, &entry));
	assert_string_equal(entry.name, "alice");
	assert_true(client_state_is_idle(&c));
}

static void an_answer_longer_than_any_list_is_refused(void **state)
{
	(void)state;
	bind_it();
	client_state_call_local(&c, LOCAL_GET_COUNTERS, NULL);
	expect_sent(RPC_REQUEST);
	for (size_t sent = 0; sent <= LOCAL_LIST_MAX_BYTES; sent += 60000) {
		size_t begin;

		wire_writer_clear(&pdus);
		begin = rpc_pdu_begin(&pdus, RPC_RESPONSE, sent == 0 ? RPC_PFC_FIRST_FRAG : 0,
		                      c.rpc.call_id);
		wire_put_zeros(&pdus, 8 + 60000);
		rpc_pdu_end(&pdus, begin);
		deliver(pdus.data, pdus.len);
		if (client_state_next(&c) == CLIENT_EVENT_FAILED)
			break;
	}
	assert_int_equal(c.err.status, RPC_X_BAD_STUB_DATA);
}

static void what_nobody_asked_for_ends_it(void **state)
{
	(void)state;
	bind_it();
	ask_level(0, false);
	make_answer(1, 0, true);
	deliver(pdus.data, pdus.len);
	deliver(pdus.data, pdus.len);
	assert_int_equal(client_state_next(&c), CLIENT_EVENT_FAILED);
	assert_int_equal(c.err.status, RPC_S_PROTOCOL_ERROR);
}

static void who_does_not_know_the_interface_says_so(void **state)
{
	(void)state;
	expect_sent(RPC_BIND);
	make_bind_ack(RPC_PROVIDER_REJECTION, 1);
	deliver(pdus.data, pdus.len);
	assert_int_equal(client_state_next(&c), CLIENT_EVENT_FAILED);
	assert_int_equal(c.err.status, RPC_S_UNKNOWN_IF);
}

static void a_service_that_hangs_up_is_told_with_the_step(void **state)
{
	struct err err = { .status = ERROR_NETNAME_DELETED };

	(void)state;
	expect_sent(RPC_BIND);
	assert_false(client_state_received_nothing(&c)); /* no SMB1 is looked for */
	assert_false(client_state_has_tree(&c));
	client_state_explain_end(&c, &err);
	assert_string_equal(err.step, "bind srvsvc");
}

TEST_GROUP(client_state_local)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_local, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_bind_is_all_that_comes_before_a_call),
		TEST(an_answer_of_many_fragments_may_be_cut_anywhere),
		TEST(rows_are_given_before_their_answer_is_whole),
		TEST(a_request_of_many_fragments_is_sent_at_once),
		TEST(a_deletion_is_answered_by_its_status),
		TEST(our_own_interface_is_bound_and_answers_lists),
		TEST(an_answer_longer_than_any_list_is_refused),
		TEST(what_nobody_asked_for_ends_it),
		TEST(who_does_not_know_the_interface_says_so),
		TEST(a_service_that_hangs_up_is_told_with_the_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
