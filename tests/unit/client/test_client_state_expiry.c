/* SPDX-License-Identifier: MIT */
/* The server expires the session, [MS-SMB2] 3.2.5.1.6: the client authenticates it again, and goes
 * on where it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "group.h"
#include "scripted_server.h"
#include "smb2/status.h"

static const struct smb2_session_key another_key = { "another key     ", 16 };

static void expire(size_t i)
{
	refuse(i, STATUS_NETWORK_SESSION_EXPIRED);
}

/* The client notices, and sends the first token of a log-on in the same session. */
static void expect_renewal(void)
{
	expect(CLIENT_EVENT_EXPIRED);
	assert_int_equal(asked_count, 0);
	assert_true(client_state_is_renewing(&c));
	client_state_take_token(&c, (const uint8_t *)"renewed", 7, NULL);
	expect(CLIENT_EVENT_READ);
	expect_asked(1, SMB2_SESSION_SETUP);
	assert_int_equal(asked[0].header.session_id, SESSION_ID);
	assert_int_equal(asked[0].header.tree_id, 0);
	assert_true((asked[0].header.flags & SMB2_FLAGS_SIGNED) != 0);
}

/* The log-on succeeds. It brings a key of its own, which is not used. */
static void complete_renewal(void)
{
	answer_session_setup(STATUS_SUCCESS, 0);
	expect(CLIENT_EVENT_TOKEN);
	client_state_take_token(&c, NULL, 0, &another_key);
	assert_false(client_state_is_renewing(&c));
}

static void renew(void)
{
	expect_renewal();
	complete_renewal();
	expect(CLIENT_EVENT_READ);
}

static void a_call_that_is_refused_is_made_again(void **state)
{
	(void)state;
	script_open_pipe();
	ask_level_0();
	make_answer(2, 0, true);
	expire(0);
	renew();
	expect_asked(1, SMB2_IOCTL);
	assert_int_equal(asked[0].header.tree_id, TREE_ID);
	answer_fragment(0, 0);
	expect(CLIENT_EVENT_ANSWER);
	expect_answer(2);
	expect(CLIENT_EVENT_READY);
	assert_true(client_state_is_idle(&c));
}

static void reads_that_are_refused_are_sent_again_without_a_loss(void **state)
{
	(void)state;
	for (size_t answered = 0; answered < TRANSPORT_MAX_READS; answered++) {
		size_t given = 1 + answered;

		script_open_pipe();
		ask_level_0();
		make_answer(600, 0, true);
		answer_fragment(0, 0);
		expect(CLIENT_EVENT_READ);
		expect_asked(TRANSPORT_MAX_READS, SMB2_READ);
		for (size_t i = TRANSPORT_MAX_READS; i-- > answered;)
			expire(i);
		for (size_t i = 0; i < answered; i++)
			answer_fragment(i, 1 + i);
		renew();
		while (given < pdus.len / FRAG_BYTES + 1) {
			assert_true(asked_count > 0);
			assert_int_equal(asked[0].header.command, SMB2_READ);
			for (size_t i = 0; i < asked_count; i++)
				answer_fragment(i, given + i);
			given += asked_count;
			(void)client_state_next(&c);
			if (c.call.is_answered)
				break;
			expect(CLIENT_EVENT_READ);
		}
		expect(CLIENT_EVENT_ANSWER);
		expect_answer(600);
		assert_false(client_state_is_spent(&c));
		tear_down(state);
		set_up(state);
	}
}

static void reads_that_were_executed_behind_refused_ones_are_refused(void **state)
{
	(void)state;
	script_open_pipe();
	ask_level_0();
	make_answer(600, 0, true);
	answer_fragment(0, 0);
	expect(CLIENT_EVENT_READ);
	expire(0);
	for (size_t i = 1; i < asked_count; i++)
		answer_fragment(i, i);
	expect_renewal();
	complete_renewal();
	expect_failure(ERROR_BAD_NET_RESP, 0, "NetrSessionEnum");
}

static void a_session_that_expires_while_the_pipe_is_opened_is_renewed(void **state)
{
	(void)state;
	script_log_on();
	expect_asked(3, SMB2_TREE_CONNECT);
	for (size_t i = 0; i < 3; i++)
		expire(i);
	renew();
	expect_asked(3, SMB2_TREE_CONNECT);
	answer_tree_connect(0, 0);
	answer_create(1);
	make_bind_ack(RPC_ACCEPTANCE, 0);
	answer_data(2, STATUS_SUCCESS, pdus.data, pdus.len);
	expect(CLIENT_EVENT_READY);
}

/* The rest of the answer to the bind is read again. */
static void a_read_that_is_refused_while_the_pipe_is_bound_is_sent_again(void **state)
{
	size_t half;

	(void)state;
	script_log_on();
	answer_tree_connect(0, 0);
	answer_create(1);
	make_bind_ack(RPC_ACCEPTANCE, 0);
	half = pdus.len / 2;
	answer_data(2, STATUS_BUFFER_OVERFLOW, pdus.data, half);
	expect(CLIENT_EVENT_READ);
	expect_asked(1, SMB2_READ);
	expire(0);
	renew();
	expect_asked(1, SMB2_READ);
	answer_data(0, STATUS_SUCCESS, pdus.data + half, pdus.len - half);
	expect(CLIENT_EVENT_READY);
}

static void no_answer_is_given_before_a_refused_validation_has_succeeded(void **state)
{
	(void)state;
	validates = true;
	script_open_pipe();
	client_state_call_enum(&c, &(struct session_enum_request){ .level = 0 }, 0, false);
	expect(CLIENT_EVENT_READ);
	expect_asked(2, SMB2_IOCTL); /* the validation, and the call */
	make_answer(1, 0, true);
	answer_fragment(1, 0);
	expire(0);
	renew();
	expect_asked(1, SMB2_IOCTL);
	answer_validation(0);
	expect(CLIENT_EVENT_ANSWER);
	expect_answer(1);
}

static void a_session_that_expires_three_times_at_once_fails_the_call(void **state)
{
	(void)state;
	script_open_pipe();
	ask_level_0();
	for (unsigned times = 0; times < 2; times++) {
		assert_int_equal(client_state_has_expired_again(&c), times > 0);
		expire(0);
		renew();
	}
	expire(0);
	expect_failure(ERROR_NETNAME_DELETED, STATUS_NETWORK_SESSION_EXPIRED, "NetrSessionEnum");
}

static void a_session_may_expire_again_after_an_answer(void **state)
{
	(void)state;
	script_open_pipe();
	for (uint32_t calls = 0; calls < 3; calls++) {
		ask_level_0();
		make_answer(1, 0, true);
		expire(0);
		renew();
		answer_fragment(0, 0);
		expect(CLIENT_EVENT_ANSWER);
		expect_answer(1);
		expect(CLIENT_EVENT_READY);
	}
}

static void a_refused_renewal_fails_the_call(void **state)
{
	(void)state;
	script_open_pipe();
	ask_level_0();
	expire(0);
	expect_renewal();
	refuse(0, STATUS_LOGON_FAILURE);
	expect_failure(ERROR_LOGON_FAILURE, STATUS_LOGON_FAILURE, "SESSION_SETUP");
}

static void a_renewal_that_nobody_has_signed_ends_the_connection(void **state)
{
	(void)state;
	script_open_pipe();
	ask_level_0();
	expire(0);
	expect_renewal();
	stop_signing();
	answer_session_setup(STATUS_SUCCESS, 0);
	expect_failure(ERROR_DOWNGRADE_DETECTED, 0, "SESSION_SETUP");
}

/* What any server can say, also before a log-on. */
static void no_session_expires_before_there_is_one(void **state)
{
	(void)state;
	expect(CLIENT_EVENT_READ);
	expect_asked(1, SMB2_NEGOTIATE);
	expire(0);
	expect_failure(ERROR_NETNAME_DELETED, STATUS_NETWORK_SESSION_EXPIRED, "NEGOTIATE");
	tear_down(state);
	set_up(state);
	script_negotiate();
	expect_asked(1, SMB2_SESSION_SETUP);
	expire(0);
	expect_failure(ERROR_NETNAME_DELETED, STATUS_NETWORK_SESSION_EXPIRED, "SESSION_SETUP");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

TEST_GROUP(client_state_expiry)
{
	const struct CMUnitTest tests[] = {
		TEST(a_call_that_is_refused_is_made_again),
		TEST(reads_that_are_refused_are_sent_again_without_a_loss),
		TEST(reads_that_were_executed_behind_refused_ones_are_refused),
		TEST(a_session_that_expires_while_the_pipe_is_opened_is_renewed),
		TEST(a_read_that_is_refused_while_the_pipe_is_bound_is_sent_again),
		TEST(no_answer_is_given_before_a_refused_validation_has_succeeded),
		TEST(a_session_that_expires_three_times_at_once_fails_the_call),
		TEST(a_session_may_expire_again_after_an_answer),
		TEST(a_refused_renewal_fails_the_call),
		TEST(a_renewal_that_nobody_has_signed_ends_the_connection),
		TEST(no_session_expires_before_there_is_one),
	};

	return cmocka_run_group_tests_name("an expired session", tests, NULL, NULL);
}
