/* SPDX-License-Identifier: MIT */
/* Requests that wait for a pipe's data, and CANCEL: [MS-SMB2] 3.3.4.2, 3.3.5.16. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "group.h"
#include "smb_peer.h"

#define CREDITS 100

static int set_up(void **state)
{
	peer_set_up(state);
	peer.next.credits = CREDITS;
	begin_with_pipe(0);
	return 0;
}

/* Sends a READ that has to wait, and gives its interim response's header. */
static struct smb2_header wait_for_data(uint32_t max_bytes)
{
	ask_read(peer.pipe, max_bytes);
	expect_one(STATUS_PENDING);
	return peer.answers[0].header;
}

static void make_data(const char *text)
{
	host_put(0, text, strlen(text));
	peer_listen();
	assert_false(peer.is_closed);
}

/* Sends a CANCEL of the request with that header. */
static void cancel(const struct smb2_header *h, bool by_async_id)
{
	struct smb2_header next = peer.next;

	peer.next.message_id = by_async_id ? 0 : h->message_id;
	if (by_async_id) {
		peer.next.flags = SMB2_FLAGS_ASYNC_COMMAND;
		peer.next.async_id = h->async_id;
	}
	peer.next.credits = 0;
	ask_empty(SMB2_CANCEL);
	peer.next = next;
	peer_send();
}

static void an_interim_response_carries_the_credits_and_is_not_signed(void **state)
{
	struct smb2_header interim, final;

	(void)state;
	interim = wait_for_data(100);
	assert_true((interim.flags & SMB2_FLAGS_ASYNC_COMMAND) != 0);
	assert_int_not_equal(interim.async_id, 0);
	assert_int_equal(interim.credits, CREDITS);
	assert_false(peer.answers[0].is_signed);
	assert_int_equal(peer.answers[0].bytes, SMB2_HEADER_BYTES + 9);
	make_data("at last");
	assert_int_equal(peer.answer_count, 1);
	final = peer.answers[0].header;
	expect_status(0, STATUS_SUCCESS);
	expect_data(0, "at last");
	assert_int_equal(final.message_id, interim.message_id);
	assert_int_equal(final.async_id, interim.async_id);
	assert_true((final.flags & SMB2_FLAGS_ASYNC_COMMAND) != 0);
	assert_int_equal(final.credits, 0);
	assert_true(peer.answers[0].is_signed);
}

static void an_encrypted_pending_request_gets_an_encrypted_response(void **state)
{
	(void)state;
	peer.seals = true;
	(void)wait_for_data(100);
	assert_true(peer.answers[0].is_sealed);
	peer.seals = false;
	make_data("at last");
	assert_true(peer.answers[0].is_sealed);
	expect_data(0, "at last");
}

static void pending_requests_are_answered_in_their_order(void **state)
{
	struct smb2_header first = wait_for_data(100), second = wait_for_data(3);

	(void)state;
	assert_int_not_equal(first.async_id, second.async_id);
	host_put(0, "one", 3);
	make_data("three");
	assert_int_equal(peer.answer_count, 2);
	assert_int_equal(peer.answers[0].header.message_id, first.message_id);
	expect_data(0, "one");
	assert_int_equal(peer.answers[1].header.message_id, second.message_id);
	expect_status(1, STATUS_BUFFER_OVERFLOW);
	expect_data(1, "thr");
}

static void a_later_request_does_not_overtake_a_pending_one(void **state)
{
	struct smb2_header first = wait_for_data(100), second;

	(void)state;
	host.echoes = true;
	ask_write(peer.pipe, "one");
	ask_read(peer.pipe, 100);
	peer_send();
	expect_answers(3); /* to the WRITE, an interim response, and one that has waited */
	expect_status(0, STATUS_SUCCESS);
	expect_status(1, STATUS_PENDING);
	assert_int_equal(peer.answers[2].header.message_id, first.message_id);
	expect_data(2, "one");
	second = peer.answers[1].header;
	make_data("two");
	expect_answers(1);
	assert_int_equal(peer.answers[0].header.message_id, second.message_id);
	expect_data(0, "two");
}

static void a_write_by_the_same_client_wakes_its_read(void **state)
{
	(void)state;
	(void)wait_for_data(100);
	host.echoes = true;
	ask_write(peer.pipe, "to myself");
	peer_send();
	expect_answers(2);
	assert_int_equal(peer.answers[0].header.command, SMB2_WRITE);
	assert_int_equal(peer.answers[1].header.command, SMB2_READ);
	expect_data(1, "to myself");
}

static void a_pending_transceive_is_answered_as_a_transceive(void **state)
{
	(void)state;
	ask_transceive(peer.pipe, "question", 4);
	expect_one(STATUS_PENDING);
	ask_transceive(peer.pipe, "another", 4);
	expect_one(STATUS_PIPE_BUSY);
	make_data("answer");
	assert_int_equal(peer.answer_count, 1);
	assert_int_equal(peer.answers[0].header.command, SMB2_IOCTL);
	expect_status(0, STATUS_BUFFER_OVERFLOW);
	expect_data(0, "answ");
}

static void a_cancel_by_either_id_ends_the_pending_request(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct smb2_header h = wait_for_data(100);

		cancel(&h, i != 0);
		expect_answers(1);
		expect_status(0, STATUS_CANCELLED);
		assert_int_equal(peer.answers[0].header.message_id, h.message_id);
		assert_int_equal(peer.answers[0].header.async_id, h.async_id);
		assert_true(peer.answers[0].is_signed);
	}
	make_data("for nobody");
	assert_int_equal(peer.answer_count, 0);
}

static void a_cancel_ends_one_pending_request_only(void **state)
{
	struct smb2_header first = wait_for_data(100), second = wait_for_data(100),
			   third = wait_for_data(100);

	(void)state;
	cancel(&second, true);
	expect_answers(1);
	assert_int_equal(peer.answers[0].header.message_id, second.message_id);
	host_put(0, "one", 3);
	make_data("three");
	assert_int_equal(peer.answer_count, 2);
	assert_int_equal(peer.answers[0].header.message_id, first.message_id);
	assert_int_equal(peer.answers[1].header.message_id, third.message_id);
}

static void a_cancel_of_nothing_is_not_answered_and_costs_no_credit(void **state)
{
	struct smb2_header h = { .message_id = 9999, .async_id = 9999 };
	uint64_t next = peer.next.message_id;

	(void)state;
	cancel(&h, false);
	expect_answers(0);
	cancel(&h, true);
	expect_answers(0);
	assert_true(peer.next.message_id == next);
	ask_empty(SMB2_ECHO);
	expect_one(STATUS_SUCCESS);
}

static void a_cancel_that_is_not_signed_or_of_another_session_does_nothing(void **state)
{
	struct smb2_header h = wait_for_data(100);

	(void)state;
	peer.is_silent_about_signing = true;
	cancel(&h, true);
	expect_answers(0);
	peer.is_silent_about_signing = false;
	peer.damage = SMB2_SIGNATURE_AT;
	cancel(&h, true);
	expect_answers(0);
	peer.damage = 0;
	peer.next.session_id++;
	cancel(&h, true);
	expect_answers(0);
	peer.next.session_id--;
	cancel(&h, true);
	expect_answers(1);
}

static void an_encrypted_cancel_works(void **state)
{
	struct smb2_header h = wait_for_data(100);

	(void)state;
	peer.seals = true;
	cancel(&h, true);
	expect_answers(1);
	expect_status(0, STATUS_CANCELLED);
	assert_false(peer.answers[0].is_sealed); /* as its READ was */
}

static void closing_a_pipe_ends_its_pending_requests(void **state)
{
	(void)state;
	(void)wait_for_data(100);
	(void)wait_for_data(100);
	ask_close(peer.pipe, 0);
	peer_send();
	expect_answers(3);
	assert_int_equal(peer.answers[0].header.command, SMB2_CLOSE);
	expect_status(0, STATUS_SUCCESS);
	expect_status(1, STATUS_CANCELLED);
	expect_status(2, STATUS_CANCELLED);
	assert_true(peer.answers[1].header.message_id < peer.answers[2].header.message_id);
}

static void a_tree_disconnect_ends_pending_requests(void **state)
{
	(void)state;
	(void)wait_for_data(100);
	ask_empty(SMB2_TREE_DISCONNECT);
	peer_send();
	expect_answers(2);
	expect_status(0, STATUS_SUCCESS);
	expect_status(1, STATUS_CANCELLED);
}

static void a_broken_pipe_ends_its_pending_requests(void **state)
{
	(void)state;
	(void)wait_for_data(100);
	host.breaks = true;
	ask_write(peer.pipe, "hello");
	peer_send();
	expect_answers(2);
	expect_status(0, STATUS_PIPE_BROKEN);
	expect_status(1, STATUS_PIPE_BROKEN);
	assert_int_equal(peer.answers[1].header.command, SMB2_READ);
}

static void an_ended_pipe_ends_pending_requests_after_its_last_message(void **state)
{
	(void)state;
	(void)wait_for_data(100);
	ask_read(peer.pipe, 100);
	peer_send();
	host.is_over = host.echoes = true;
	ask_write(peer.pipe, "hello");
	peer_send();
	expect_answers(3);
	expect_status(0, STATUS_SUCCESS);
	expect_status(1, STATUS_SUCCESS);
	expect_data(1, "hello");
	expect_status(2, STATUS_PIPE_BROKEN);
}

static void a_connection_that_ends_answers_no_pending_request(void **state)
{
	(void)state;
	(void)wait_for_data(100);
	ask_negotiate(0);
	expect_closed();
	smb2_server_close_session(server, smb2_server_sessions(server));
	peer_listen();
	assert_int_equal(peer.answer_count, 0);
}

static void at_most_64_requests_of_a_pipe_are_pending(void **state)
{
	(void)state;
	for (size_t i = 0; i < 64; i++)
		(void)wait_for_data(100);
	ask_read(peer.pipe, 100);
	expect_one(STATUS_INSUFFICIENT_RESOURCES);
}

static void at_most_512_requests_of_a_connection_are_pending(void **state)
{
	(void)state;
	for (unsigned pipe = 0; pipe < 8; pipe++) {
		for (size_t i = 0; i < 64; i++)
			(void)wait_for_data(100);
		open_pipe();
	}
	ask_read(peer.pipe, 100);
	expect_one(STATUS_INSUFFICIENT_RESOURCES);
	host_put(0, "hello", 5);
	ask_empty(SMB2_ECHO);
	peer_send();
	expect_answers(2); /* and one may wait again */
	(void)wait_for_data(100);
}

static void an_async_id_of_the_client_is_ignored(void **state)
{
	struct smb2_header next = peer.next;

	(void)state;
	peer.next.flags = SMB2_FLAGS_ASYNC_COMMAND;
	peer.next.async_id = 77;
	ask_empty(SMB2_ECHO);
	expect_one(STATUS_SUCCESS);
	assert_int_equal(peer.answers[0].header.flags & SMB2_FLAGS_ASYNC_COMMAND, 0);
	assert_int_equal(peer.answers[0].header.credits, CREDITS);
	next.message_id++;
	peer.next = next;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, peer_tear_down)

TEST_GROUP(smb2_server_waiting)
{
	const struct CMUnitTest tests[] = {
		TEST(an_interim_response_carries_the_credits_and_is_not_signed),
		TEST(an_encrypted_pending_request_gets_an_encrypted_response),
		TEST(pending_requests_are_answered_in_their_order),
		TEST(a_later_request_does_not_overtake_a_pending_one),
		TEST(a_write_by_the_same_client_wakes_its_read),
		TEST(a_pending_transceive_is_answered_as_a_transceive),
		TEST(a_cancel_by_either_id_ends_the_pending_request),
		TEST(a_cancel_ends_one_pending_request_only),
		TEST(a_cancel_of_nothing_is_not_answered_and_costs_no_credit),
		TEST(a_cancel_that_is_not_signed_or_of_another_session_does_nothing),
		TEST(an_encrypted_cancel_works),
		TEST(closing_a_pipe_ends_its_pending_requests),
		TEST(a_tree_disconnect_ends_pending_requests),
		TEST(a_broken_pipe_ends_its_pending_requests),
		TEST(an_ended_pipe_ends_pending_requests_after_its_last_message),
		TEST(a_connection_that_ends_answers_no_pending_request),
		TEST(at_most_64_requests_of_a_pipe_are_pending),
		TEST(at_most_512_requests_of_a_connection_are_pending),
		TEST(an_async_id_of_the_client_is_ignored),
	};

	return cmocka_run_group_tests_name("requests that wait for a pipe", tests, NULL, NULL);
}
