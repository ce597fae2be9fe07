/* SPDX-License-Identifier: MIT */
/* The events that the SMB2 server gives, and what its host may do while it handles one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "group.h"
#include "smb2/frames.h"
#include "smb2/signing.h"
#include "smb_peer.h"

static int set_up(void **state)
{
	peer_set_up(state);
	peer.next.credits = 100;
	begin_with_pipe(0);
	return 0;
}

/* Delivers what was built, without a look at what comes back. */
static void deliver_request(void)
{
	struct wire_writer frame = { 0 };
	size_t at = smb2_frame_begin(&frame), room;
	uint8_t *to;

	assert_true(smb2_sign(peer.signing_key, peer_message()->data, peer_message()->len));
	wire_put_bytes(&frame, peer_message()->data, peer_message()->len);
	smb2_frame_end(&frame, at);
	to = smb2_server_space(server, &room);
	assert_true(room >= frame.len);
	memcpy(to, frame.data, frame.len);
	smb2_server_received(server, frame.len, SERVER_TIME);
	wire_writer_fini(&frame);
	peer_forget_request();
}

/* Handles events up to the first one of a type, and gives that one. */
static struct smb2_server_event await_event(enum smb2_server_event_type type)
{
	struct smb2_server_event e;

	while (smb2_server_next_event(server, &e) && e.type != type)
		host_handle(server, &e);
	assert_int_equal(e.type, type);
	return e;
}

/* ---- sending ---- */

static void the_send_event_is_repeated_and_no_message_is_answered_before(void **state)
{
	struct smb2_server_event first, again;
	unsigned used = host.used;

	(void)state;
	ask_empty(SMB2_ECHO);
	deliver_request();
	ask_empty(SMB2_ECHO);
	deliver_request();
	first = await_event(SMB2_SERVER_SEND);
	assert_true(smb2_server_next_event(server, &again));
	assert_int_equal(again.type, SMB2_SERVER_SEND);
	assert_int_equal(again.bytes, first.bytes);
	assert_int_equal(host.used, used + 1);
	smb2_server_sent(server);
	(void)await_event(SMB2_SERVER_SEND);
	assert_int_equal(host.used, used + 2);
	smb2_server_sent(server);
	assert_false(smb2_server_next_event(server, &again));
}

static void a_session_is_closed_although_data_is_unsent(void **state)
{
	(void)state;
	ask_empty(SMB2_ECHO);
	deliver_request();
	(void)await_event(SMB2_SERVER_SEND);
	smb2_server_close_session(server, smb2_server_sessions(server));
	(void)await_event(SMB2_SERVER_SEND);
	assert_int_equal(host.closed, 1);
	assert_int_equal(host_open_pipes(), 0);
}

static void the_disconnect_event_is_repeated(void **state)
{
	struct smb2_server_event first, again;

	(void)state;
	ask_negotiate(0);
	deliver_request();
	first = await_event(SMB2_SERVER_DISCONNECT);
	assert_non_null(first.reason);
	assert_true(smb2_server_next_event(server, &again));
	assert_int_equal(again.type, SMB2_SERVER_DISCONNECT);
	assert_string_equal(again.reason, first.reason);
}

/* ---- while an event is handled ---- */

static void a_session_that_its_own_request_closes_ends_after_the_message(void **state)
{
	(void)state;
	ask_read(peer.pipe, 100);
	expect_one(STATUS_PENDING);
	host.closes_session = true;
	ask_write(peer.pipe, "hello");
	ask_empty(SMB2_ECHO);
	peer_send();
	expect_answers(3);
	expect_status(0, STATUS_SUCCESS);
	expect_status(1, STATUS_SUCCESS);
	assert_true(peer.answers[1].is_signed);
	assert_int_equal(peer.answers[2].header.command, SMB2_READ);
	expect_status(2, STATUS_CANCELLED);
	assert_true(peer.answers[2].is_signed);
	assert_int_equal(host.closed, 1);
	assert_int_equal(host_open_pipes(), 0);
	ask_empty(SMB2_ECHO);
	expect_one(STATUS_USER_SESSION_DELETED);
}

static void a_read_that_waits_gets_the_answer_of_a_call_that_closes_its_session(void **state)
{
	(void)state;
	ask_read(peer.pipe, 100);
	expect_one(STATUS_PENDING);
	host.closes_session = true;
	host.echoes = true;
	ask_write(peer.pipe, "hello");
	peer_send();
	expect_answers(2);
	expect_status(0, STATUS_SUCCESS);
	expect_status(1, STATUS_SUCCESS);
	expect_data(1, "hello");
}

/* The call has waited for a refresh or a turn, and closes its session when it runs at last. */
static void a_late_answer_of_a_call_that_closes_its_session_is_sent(void **state)
{
	(void)state;
	ask_transceive(peer.pipe, "hello", 100);
	expect_one(STATUS_PENDING);
	smb2_server_close_session(server, smb2_server_sessions(server));
	host_put(0, "done", 4);
	peer_listen();
	expect_answers(1);
	expect_status(0, STATUS_SUCCESS);
	assert_int_equal(host.closed, 1);
}

static void a_log_on_under_way_is_answered_when_its_session_is_closed(void **state)
{
	(void)state;
	ask_session_setup("again", 0, 0);
	peer_send();
	smb2_server_close_session(server, smb2_server_sessions(server));
	peer_listen();
	expect_answers(1);
	expect_status(0, STATUS_USER_SESSION_DELETED);
	assert_int_equal(host.closed, 1);
}

static void a_log_on_under_way_is_answered_when_its_session_logs_off(void **state)
{
	(void)state;
	ask_session_setup("again", 0, 0);
	peer_send();
	ask_empty(SMB2_LOGOFF);
	peer_send();
	expect_answers(2);
	assert_int_equal(host.closed, 1);
}

static void a_logoff_is_use_of_the_session(void **state)
{
	unsigned used = host.used;

	(void)state;
	ask_empty(SMB2_LOGOFF);
	expect_one(STATUS_SUCCESS);
	assert_int_equal(host.used, used + 1);
}

static void pipes_and_sessions_exist_until_their_last_event_was_handled(void **state)
{
	struct smb2_server_event e;
	uint64_t id = smb2_server_session_id(smb2_server_sessions(server));

	(void)state;
	ask_empty(SMB2_LOGOFF);
	deliver_request();
	e = await_event(SMB2_SERVER_PIPE_CLOSED);
	assert_ptr_equal(smb2_server_pipe_tag(e.pipe), &host.pipes[0]);
	assert_int_equal(smb2_server_session_id(e.session), id);
	host_handle(server, &e);
	e = await_event(SMB2_SERVER_SESSION_CLOSED);
	assert_int_equal(smb2_server_session_id(e.session), id);
	assert_ptr_equal(smb2_server_session_tag(e.session), &host);
	assert_non_null(smb2_server_session_identity(e.session));
	host_handle(server, &e);
}

/* What the test closes the connection in the middle of. */
static void ask_for_event(enum smb2_server_event_type type)
{
	switch (type) {
	case SMB2_SERVER_AUTHENTICATE:
		ask_session_setup("renewed", 0, 0);
		break;
	case SMB2_SERVER_PIPE_OPEN:
		ask_create(SRVSVC);
		break;
	case SMB2_SERVER_PIPE_READ:
		host.echoes = true;
		ask_transceive(peer.pipe, "hello", 100);
		break;
	case SMB2_SERVER_PIPE_CLOSED:
		ask_close(peer.pipe, 0);
		break;
	case SMB2_SERVER_SESSION_CLOSED:
		ask_empty(SMB2_LOGOFF);
		break;
	default:
		ask_write(peer.pipe, "hello");
		break;
	}
}

static void a_connection_may_be_closed_while_any_event_is_handled(void **state)
{
	static const enum smb2_server_event_type types[] = {
		SMB2_SERVER_AUTHENTICATE,   SMB2_SERVER_SESSION_USED, SMB2_SERVER_PIPE_OPEN,
		SMB2_SERVER_PIPE_WRITE,     SMB2_SERVER_PIPE_READ,    SMB2_SERVER_PIPE_CLOSED,
		SMB2_SERVER_SESSION_CLOSED, SMB2_SERVER_SEND,
	};

	for (size_t i = 0; i < 2 * COUNT(types); i++) {
		enum smb2_server_event_type type = types[i / 2];
		struct smb2_server_event e;

		ask_read(peer.pipe, 100);
		if (i % 2 != 0 && type != SMB2_SERVER_PIPE_READ)
			expect_one(STATUS_PENDING);
		else
			peer_forget_request();
		ask_for_event(type);
		deliver_request();
		e = await_event(type);
		if (type != SMB2_SERVER_SEND)
			host_handle(server, &e);
		smb2_server_close(server);
		while (smb2_server_next_event(server, &e)) {
			assert_true(e.type == SMB2_SERVER_PIPE_CLOSED ||
			            e.type == SMB2_SERVER_SESSION_CLOSED);
			host_handle(server, &e);
		}
		assert_int_equal(host.closed, 1);
		assert_int_equal(host_open_pipes(), 0);
		peer_tear_down(state);
		set_up(state);
	}
}

static void a_pipe_that_the_host_does_not_answer_is_refused(void **state)
{
	struct smb2_server_event e;

	(void)state;
	ask_create(SRVSVC);
	deliver_request();
	e = await_event(SMB2_SERVER_PIPE_OPEN);
	assert_string_equal(e.name, SRVSVC);
	peer_listen();
	expect_answers(1);
	expect_status(0, STATUS_INSUFFICIENT_RESOURCES);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, peer_tear_down)

TEST_GROUP(smb2_server_events)
{
	const struct CMUnitTest tests[] = {
		TEST(a_read_that_waits_gets_the_answer_of_a_call_that_closes_its_session),
		TEST(a_late_answer_of_a_call_that_closes_its_session_is_sent),
		TEST(a_log_on_under_way_is_answered_when_its_session_is_closed),
		TEST(a_log_on_under_way_is_answered_when_its_session_logs_off),
		TEST(a_logoff_is_use_of_the_session),
		TEST(the_send_event_is_repeated_and_no_message_is_answered_before),
		TEST(a_session_is_closed_although_data_is_unsent),
		TEST(the_disconnect_event_is_repeated),
		TEST(a_session_that_its_own_request_closes_ends_after_the_message),
		TEST(pipes_and_sessions_exist_until_their_last_event_was_handled),
		TEST(a_connection_may_be_closed_while_any_event_is_handled),
		TEST(a_pipe_that_the_host_does_not_answer_is_refused),
	};

	return cmocka_run_group_tests_name("the SMB2 server's events", tests, NULL, NULL);
}
