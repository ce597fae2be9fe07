/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "group.h"
#include "scripted_server.h"
#include "smb2/session.h"
#include "smb2/status.h"
#include "smb2/tree.h"

/* ---- credits ---- */

static struct smb2_file_id asked_pipe(size_t i)
{
	struct wire_reader r = asked[i].body;
	struct smb2_file_id id;

	wire_skip(&r, asked[i].header.command == SMB2_IOCTL ? 8 : 16);
	id.persistent = wire_get_u64(&r);
	id.volatile_ = wire_get_u64(&r);
	return id;
}

static void with_credits_the_pipe_opens_in_one_message(void **state)
{
	struct smb2_file_id id;

	(void)state;
	script_log_on();
	expect_asked(3, SMB2_TREE_CONNECT);
	assert_int_equal(asked[1].header.command, SMB2_CREATE);
	assert_int_equal(asked[2].header.command, SMB2_IOCTL);
	assert_true(asked[2].header.flags & SMB2_FLAGS_RELATED_OPERATIONS);
	assert_int_equal(asked[2].header.session_id, SESSION_ID);
	id = asked_pipe(2);
	assert_int_equal(id.persistent, SMB2_RELATED_ID_64);
	assert_int_equal(id.volatile_, SMB2_RELATED_ID_64);
}

static void with_one_credit_at_a_time_the_pipe_opens_step_by_step(void **state)
{
	struct smb2_file_id id;

	(void)state;
	grants = 1;
	script_log_on();
	expect_asked(1, SMB2_TREE_CONNECT);
	answer_tree_connect(0, 0);
	expect(CLIENT_EVENT_READ);
	expect_asked(1, SMB2_CREATE);
	assert_int_equal(asked[0].header.tree_id, TREE_ID);
	assert_false(asked[0].header.flags & SMB2_FLAGS_RELATED_OPERATIONS);
	answer_create(0);
	expect(CLIENT_EVENT_READ);
	expect_asked(1, SMB2_IOCTL);
	id = asked_pipe(0);
	assert_memory_equal(&id, &pipe_id, sizeof id);
	make_bind_ack(RPC_ACCEPTANCE, 0);
	answer_data(0, STATUS_SUCCESS, pdus.data, pdus.len);
	expect(CLIENT_EVENT_READY);
}

static void with_two_credits_the_bind_waits_for_both_answers(void **state)
{
	(void)state;
	grants = 1;
	script_negotiate();
	grants = 2;
	complete_log_on();
	expect(CLIENT_EVENT_READ);
	expect_asked(2, SMB2_TREE_CONNECT);
	answer_tree_connect(0, 0);
	assert_int_equal(client_state_next(&c), CLIENT_EVENT_READ);
	assert_int_equal(c.smb2.connection.out.len, 0);
	answer_create(1);
	expect(CLIENT_EVENT_READ);
	expect_asked(1, SMB2_IOCTL);
	assert_int_equal(asked[0].header.tree_id, TREE_ID);
}

static void without_a_credit_for_the_log_on_the_server_is_at_fault(void **state)
{
	(void)state;
	grants = 0;
	expect(CLIENT_EVENT_READ);
	expect_asked(1, SMB2_NEGOTIATE);
	answer_negotiate();
	expect(CLIENT_EVENT_READ);
	client_state_take_token(&c, (const uint8_t *)"token", 5, NULL);
	expect_failure(ERROR_BAD_NET_RESP, 0, "SESSION_SETUP");
}

static void answers_of_the_open_out_of_their_order_are_refused(void **state)
{
	(void)state;
	script_log_on();
	expect_asked(3, SMB2_TREE_CONNECT);
	answer_create(1);
	expect_failure(ERROR_BAD_NET_RESP, 0, "TREE_CONNECT IPC$");
}

static void without_a_credit_the_server_is_at_fault(void **state)
{
	(void)state;
	grants = 1;
	script_negotiate();
	grants = 0;
	complete_log_on();
	expect_failure(ERROR_BAD_NET_RESP, 0, "TREE_CONNECT IPC$");
	assert_string_equal(c.err.text, "the server grants no credit");
}

/* ---- the NetBIOS session ---- */

static void at_port_139_nothing_precedes_the_netbios_session(void **state)
{
	static const enum client_opening openings[] = { CLIENT_OPEN_SMB2, CLIENT_PROBE_SMB1 };

	(void)state;
	for (size_t i = 0; i < COUNT(openings); i++) {
		size_t room;
		uint8_t *space;

		client_state_fini(&c);
		client_state_init(&c, "fs1", openings[i]);
		client_state_begin_netbios(&c);
		assert_int_equal(client_state_next(&c), CLIENT_EVENT_READ);
		assert_int_equal(client_state_out(&c)->data[0], SESSION_REQUEST);
		assert_int_equal(client_state_out(&c)->len, 72);
		wire_writer_clear(client_state_out(&c));
		assert_string_equal(client_state_step(&c), "NetBIOS session");
		space = client_state_space(&c, &room);
		memcpy(space, "\x82\0\0", 4);
		client_state_received(&c, 4);
		assert_int_equal(client_state_next(&c), CLIENT_EVENT_READ);
		assert_int_equal(client_state_out(&c)->data[4], i == 0 ? 0xFE : 0xFF);
		assert_true(client_state_received_nothing(&c));
	}
}

/* ---- the log-on ---- */

static void a_challenge_is_answered_by_the_next_token(void **state)
{
	(void)state;
	script_negotiate();
	answer_session_setup(STATUS_MORE_PROCESSING_REQUIRED, 0);
	expect(CLIENT_EVENT_TOKEN);
	assert_int_equal(c.challenge.len, sizeof "challenge");
	assert_memory_equal(c.challenge.data, "challenge", c.challenge.len);
	client_state_take_token(&c, (const uint8_t *)"proof", 5, NULL);
	expect(CLIENT_EVENT_READ);
	expect_asked(1, SMB2_SESSION_SETUP);
	assert_int_equal(asked[0].header.session_id, SESSION_ID);
	assert_memory_equal(asked[0].body.end - 5, "proof", 5);
}

static void negotiation_waits_for_the_first_token(void **state)
{
	(void)state;
	expect(CLIENT_EVENT_READ);
	answer_negotiate();
	expect(CLIENT_EVENT_READ);
	assert_int_equal(asked_count, 0);
	client_state_take_token(&c, (const uint8_t *)"token", 5, NULL);
	expect(CLIENT_EVENT_READ);
	expect_asked(1, SMB2_SESSION_SETUP);
}

static void a_log_on_that_ends_before_its_proof_is_refused(void **state)
{
	(void)state;
	script_negotiate();
	answer_session_setup(STATUS_SUCCESS, 0);
	expect(CLIENT_EVENT_TOKEN);
	client_state_take_token(&c, (const uint8_t *)"token", 5, NULL);
	expect_failure(ERROR_LOGON_FAILURE, 0, "SESSION_SETUP");
}

static void guests_are_refused(void **state)
{
	static const uint16_t flags[] = { SMB2_SESSION_FLAG_IS_GUEST, SMB2_SESSION_FLAG_IS_NULL };

	for (size_t i = 0; i < COUNT(flags); i++) {
		tear_down(state);
		set_up(state);
		script_negotiate();
		answer_session_setup(STATUS_SUCCESS, flags[i]);
		expect_failure(ERROR_LOGON_FAILURE, 0, "SESSION_SETUP");
	}
}

static void encryption_without_a_cipher_is_refused(void **state)
{
	(void)state;
	script_negotiate();
	c.must_encrypt = true;
	complete_log_on();
	expect_failure(ERROR_NOT_SUPPORTED, 0, "SESSION_SETUP");
	tear_down(state);
	set_up(state);
	script_log_on();
	answer_tree_connect(0, SMB2_SHAREFLAG_ENCRYPT_DATA);
	expect(CLIENT_EVENT_FAILED);
	assert_int_equal(c.err.status, ERROR_NOT_SUPPORTED);
	assert_string_equal(c.err.text, "the server offers no encryption");
}

/* ---- what NEGOTIATE said, below 3.1.1 ---- */

/* Asks, and gives the two requests that go out: the question and the call. */
static void ask_validated(void)
{
	const struct session_enum_request request = { .level = 0, .preferred_bytes = 0xFFFFFFFF };

	validates = true;
	script_open_pipe();
	client_state_call_enum(&c, &request, 0, false);
	expect(CLIENT_EVENT_READ);
	expect_asked(2, SMB2_IOCTL);
}

static void no_answer_is_handed_on_before_negotiate_is_validated(void **state)
{
	(void)state;
	ask_validated();
	make_answer(1, 0, true);
	answer_data(1, STATUS_SUCCESS, pdus.data, pdus.len);
	expect(CLIENT_EVENT_READ);
	answer_validation(0);
	expect(CLIENT_EVENT_ANSWER);
	expect_answer(1);
}

static void a_server_below_3_0_may_not_know_the_question(void **state)
{
	(void)state;
	ask_validated();
	refuse(0, 0xC0000010);
	make_answer(1, 0, true);
	answer_data(1, STATUS_SUCCESS, pdus.data, pdus.len);
	expect(CLIENT_EVENT_ANSWER);
	expect_answer(1);
}

static void a_changed_negotiation_is_a_downgrade(void **state)
{
	/* Each member of the answer: Capabilities, Guid, SecurityMode, Dialect. */
	static const unsigned members[] = { 1, 2, 3, 4 };

	for (size_t i = 0; i < COUNT(members); i++) {
		tear_down(state);
		set_up(state);
		ask_validated();
		answer_validation(members[i]);
		expect_failure(ERROR_DOWNGRADE_DETECTED, 0, "VALIDATE_NEGOTIATE_INFO");
	}
	tear_down(state);
	set_up(state);
	ask_validated();
	refuse(0, 0xC0000022);
	expect_failure(ERROR_DOWNGRADE_DETECTED, 0, "VALIDATE_NEGOTIATE_INFO");
}

static void a_forged_end_of_the_session_does_not_pass_for_a_refused_question(void **state)
{
	(void)state;
	ask_validated();
	make_answer(1, 0, true);
	answer_data(1, STATUS_SUCCESS, pdus.data, pdus.len);
	expect(CLIENT_EVENT_READ);
	stop_signing();
	asked_count = 1;
	refuse(0, STATUS_USER_SESSION_DELETED);
	expect_failure(ERROR_NETNAME_DELETED, 0, "NetrSessionEnum");
}

static void a_token_too_many_is_not_waited_for(void **state)
{
	const struct smb2_session_key key = { "the session key", 16 };

	(void)state;
	script_negotiate();
	answer_session_setup(STATUS_MORE_PROCESSING_REQUIRED, 0);
	expect(CLIENT_EVENT_TOKEN);
	client_state_take_token(&c, NULL, 0, &key);
	expect_failure(ERROR_LOGON_FAILURE, 0, "SESSION_SETUP");
}

static void the_question_goes_first_where_one_credit_is_left(void **state)
{
	const struct session_enum_request request = { .level = 0, .preferred_bytes = 0xFFFFFFFF };

	(void)state;
	validates = true;
	grants = 1;
	script_log_on();
	expect_asked(1, SMB2_TREE_CONNECT);
	answer_tree_connect(0, 0);
	expect(CLIENT_EVENT_READ);
	answer_create(0);
	expect(CLIENT_EVENT_READ);
	make_bind_ack(RPC_ACCEPTANCE, 0);
	answer_data(0, STATUS_SUCCESS, pdus.data, pdus.len);
	expect(CLIENT_EVENT_READY);
	client_state_call_enum(&c, &request, 0, false);
	expect(CLIENT_EVENT_READ);
	expect_asked(1, SMB2_IOCTL);
	answer_validation(0);
	expect(CLIENT_EVENT_READ);
	expect_asked(1, SMB2_IOCTL);
	make_answer(1, 0, true);
	answer_data(0, STATUS_SUCCESS, pdus.data, pdus.len);
	expect(CLIENT_EVENT_ANSWER);
	expect_answer(1);
}

static void a_server_that_hangs_up_at_the_question_got_another_negotiate(void **state)
{
	struct err err = { .status = ERROR_NETNAME_DELETED, .text = "the server closed it" };

	(void)state;
	ask_validated();
	client_state_explain_end(&c, &err);
	assert_int_equal(err.status, ERROR_DOWNGRADE_DETECTED);
	assert_string_equal(err.step, "VALIDATE_NEGOTIATE_INFO");
}

/* ---- refusals ---- */

static void refusals_before_the_pipe_tell_their_step(void **state)
{
	(void)state;
	expect(CLIENT_EVENT_READ);
	refuse(0, 0xC00000BB);
	expect_failure(ERROR_NOT_SUPPORTED, 0xC00000BB, "NEGOTIATE");
	tear_down(state);
	set_up(state);
	script_negotiate();
	refuse(0, 0xC000006D);
	expect_failure(ERROR_LOGON_FAILURE, 0xC000006D, "SESSION_SETUP");
	assert_string_equal(c.err.text, "");
}

static void a_refusal_in_the_compound_is_the_first_one(void **state)
{
	static const struct {
		uint32_t nt;
		NET_API_STATUS status;
		const char *doing;
	} steps[] = {
		{ 0xC00000CC, ERROR_BAD_NET_NAME, "TREE_CONNECT IPC$" },
		{ 0xC0000034, ERROR_FILE_NOT_FOUND, "CREATE srvsvc" },
		{ 0xC00000B0, ERROR_PIPE_NOT_CONNECTED, "bind srvsvc" },
	};

	for (size_t i = 0; i < COUNT(steps); i++) {
		tear_down(state);
		set_up(state);
		script_log_on();
		if (i > 0)
			answer_tree_connect(0, 0);
		if (i > 1)
			answer_create(1);
		refuse(i, steps[i].nt);
		for (size_t later = i + 1; later < 3; later++)
			refuse(later, 0xC000000D);
		expect_failure(steps[i].status, steps[i].nt, steps[i].doing);
	}
}

static void refusals_of_the_call_tell_their_step(void **state)
{
	(void)state;
	script_open_pipe();
	ask_level_0();
	refuse(0, 0xC0000203);
	expect_failure(ERROR_NETNAME_DELETED, 0xC0000203, "NetrSessionEnum");
	tear_down(state);
	set_up(state);
	script_open_pipe();
	ask_level_0();
	make_answer(100, 0, true);
	answer_fragment(0, 0);
	expect(CLIENT_EVENT_READ);
	refuse(0, 0xC000FFFF); /* known to nobody */
	expect_failure(ERROR_UNEXP_NET_ERR, 0xC000FFFF, "READ srvsvc");
	assert_string_equal(c.err.text, "");
}

static void a_refused_bind_tells_why(void **state)
{
	(void)state;
	script_log_on();
	answer_tree_connect(0, 0);
	answer_create(1);
	make_bind_ack(RPC_PROVIDER_REJECTION, 1);
	answer_data(2, STATUS_SUCCESS, pdus.data, pdus.len);
	expect_failure(RPC_S_UNKNOWN_IF, 0, "bind srvsvc");
}

static void a_fault_fails_the_call(void **state)
{
	(void)state;
	script_open_pipe();
	ask_level_0();
	wire_writer_clear(&pdus);
	rpc_fault_encode(&pdus, c.rpc.call_id,
	                 &(struct rpc_fault){ .status = ERROR_ACCESS_DENIED });
	answer_data(0, STATUS_SUCCESS, pdus.data, pdus.len);
	expect_failure(ERROR_ACCESS_DENIED, 0, "RPC call");
}

static void nothing_is_heard_until_the_first_byte(void **state)
{
	(void)state;
	expect(CLIENT_EVENT_READ);
	assert_true(client_state_received_nothing(&c));
	answer_negotiate();
	assert_false(client_state_received_nothing(&c));
}

TEST_GROUP(client_state)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(at_port_139_nothing_precedes_the_netbios_session),
		TEST(with_credits_the_pipe_opens_in_one_message),
		TEST(with_one_credit_at_a_time_the_pipe_opens_step_by_step),
		TEST(with_two_credits_the_bind_waits_for_both_answers),
		TEST(without_a_credit_for_the_log_on_the_server_is_at_fault),
		TEST(answers_of_the_open_out_of_their_order_are_refused),
		TEST(without_a_credit_the_server_is_at_fault),
		TEST(a_challenge_is_answered_by_the_next_token),
		TEST(negotiation_waits_for_the_first_token),
		TEST(a_log_on_that_ends_before_its_proof_is_refused),
		TEST(guests_are_refused),
		TEST(encryption_without_a_cipher_is_refused),
		TEST(no_answer_is_handed_on_before_negotiate_is_validated),
		TEST(a_server_below_3_0_may_not_know_the_question),
		TEST(a_changed_negotiation_is_a_downgrade),
		TEST(a_forged_end_of_the_session_does_not_pass_for_a_refused_question),
		TEST(a_token_too_many_is_not_waited_for),
		TEST(the_question_goes_first_where_one_credit_is_left),
		TEST(a_server_that_hangs_up_at_the_question_got_another_negotiate),
		TEST(refusals_before_the_pipe_tell_their_step),
		TEST(a_refusal_in_the_compound_is_the_first_one),
		TEST(refusals_of_the_call_tell_their_step),
		TEST(a_refused_bind_tells_why),
		TEST(a_fault_fails_the_call),
		TEST(nothing_is_heard_until_the_first_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
