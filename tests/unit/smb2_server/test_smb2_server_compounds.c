/* SPDX-License-Identifier: MIT */
/* Several requests in one message: [MS-SMB2] 3.3.4.1.3, 3.3.5.2.7. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "group.h"
#include "smb2/frames.h"
#include "smb2/ioctl.h"
#include "smb_peer.h"

static void begin_session(uint16_t dialect)
{
	peer.next.credits = 100;
	negotiate(dialect);
	log_on();
}

/* From the next request on, all are related to the one before. */
static void relate(bool is_related)
{
	peer.next.flags = is_related ? RELATED : 0;
	if (is_related)
		peer.next.tree_id = SMB2_RELATED_ID_32;
}

static void expect_statuses(const uint32_t statuses[], size_t count)
{
	expect_answers(count);
	for (size_t i = 0; i < count; i++)
		expect_status(i, statuses[i]);
}

/* ---- related ---- */

static void tree_connect_create_and_transceive_are_one_message(void **state)
{
	(void)state;
	for (size_t d = 0; d < SMB2_DIALECT_COUNT; d++) {
		begin_session(smb2_dialects[d]);
		host.echoes = true;
		ask_tree_connect("IPC$");
		relate(true);
		ask_create(SRVSVC);
		ask_transceive(same_file, "question", 100);
		ask_close(same_file, 0);
		peer_send();
		expect_statuses((const uint32_t[]){ 0, 0, 0, 0 }, 4);
		expect_data(2, "question");
		for (size_t i = 0; i < 4; i++) {
			const struct smb2_header *h = &peer.answers[i].header;

			assert_true(peer.answers[i].is_signed);
			assert_int_equal((h->flags & RELATED) != 0, i > 0);
			assert_int_equal(h->tree_id, 1);
			assert_int_equal(h->session_id, peer.answers[0].header.session_id);
			assert_int_equal(h->next_command != 0, i < 3);
		}
		peer_begin_anew();
	}
}

static void a_related_message_is_encrypted_as_a_whole(void **state)
{
	(void)state;
	begin_session(0);
	peer.seals = true;
	ask_tree_connect("IPC$");
	relate(true);
	ask_create(SRVSVC);
	ask_close(same_file, 0);
	peer_send();
	expect_statuses((const uint32_t[]){ 0, 0, 0 }, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_true(peer.answers[i].is_sealed);
		assert_false(peer.answers[i].is_signed);
	}
}

static void related_requests_after_a_failed_create_fail_with_its_status(void **state)
{
	(void)state;
	begin_session(0);
	connect_tree();
	ask_create("nothing");
	relate(true);
	ask_query_info(same_file, 1, 5, 100);
	ask_write(same_file, "hello");
	ask_close(same_file, 0);
	peer_send();
	expect_statuses(
		(const uint32_t[]){ STATUS_OBJECT_NAME_NOT_FOUND, STATUS_OBJECT_NAME_NOT_FOUND,
	                            STATUS_OBJECT_NAME_NOT_FOUND, STATUS_OBJECT_NAME_NOT_FOUND },
		4);
}

static void related_requests_after_a_failure_on_a_pipe_fail_with_its_status(void **state)
{
	(void)state;
	begin_session(0);
	connect_tree();
	ask_create(SRVSVC);
	relate(true);
	ask_ioctl(0x12345678, same_file, NULL, 0, 0);
	ask_write(same_file, "hello");
	ask_close(same_file, 0);
	peer_send();
	expect_statuses((const uint32_t[]){ STATUS_SUCCESS, STATUS_INVALID_DEVICE_REQUEST,
	                                    STATUS_INVALID_DEVICE_REQUEST,
	                                    STATUS_INVALID_DEVICE_REQUEST },
	                4);
	assert_int_equal(host.pipes[0].written, 0);
}

static void a_warning_does_not_fail_related_requests(void **state)
{
	(void)state;
	begin_session(0);
	connect_tree();
	open_pipe();
	host_put(0, "a message", 9);
	ask_read(peer.pipe, 4);
	relate(true);
	ask_read(same_file, 100);
	ask_ioctl(0x12345678, same_file, NULL, 0, 0);
	peer_send();
	expect_statuses((const uint32_t[]){ STATUS_BUFFER_OVERFLOW, STATUS_SUCCESS,
	                                    STATUS_INVALID_DEVICE_REQUEST },
	                3);
	expect_data(1, "ssage");
}

static void related_requests_after_a_close_find_the_pipe_closed(void **state)
{
	(void)state;
	begin_session(0);
	connect_tree();
	ask_create(SRVSVC);
	relate(true);
	ask_close(same_file, 0);
	ask_write(same_file, "hello");
	peer_send();
	expect_statuses((const uint32_t[]){ 0, 0, STATUS_FILE_CLOSED }, 3);
}

static void related_requests_after_a_failed_tree_connect_have_no_tree(void **state)
{
	(void)state;
	begin_session(0);
	ask_tree_connect("C$");
	relate(true);
	ask_create(SRVSVC);
	ask_write(same_file, "hello");
	peer_send();
	expect_statuses((const uint32_t[]){ STATUS_BAD_NETWORK_NAME, STATUS_INVALID_PARAMETER,
	                                    STATUS_INVALID_PARAMETER },
	                3);
}

static void related_requests_after_a_request_without_a_pipe_have_no_handle(void **state)
{
	(void)state;
	begin_session(0);
	ask_tree_connect("IPC$");
	relate(true);
	ask_write(same_file, "hello");
	peer_send();
	expect_statuses((const uint32_t[]){ STATUS_SUCCESS, STATUS_INVALID_HANDLE }, 2);
}

static void a_related_request_uses_the_previous_pipe_whatever_its_own_id_is(void **state)
{
	struct smb2_file_id first;

	(void)state;
	begin_session(0);
	connect_tree();
	open_pipe();
	first = peer.pipe;
	ask_create(SRVSVC);
	relate(true);
	ask_write(first, "hello");
	peer_send();
	expect_statuses((const uint32_t[]){ 0, 0 }, 2);
	assert_int_equal(host.pipes[0].written, 0);
	assert_int_equal(host.pipes[1].written, 5);
}

static void a_compound_that_begins_with_related_requests_refuses_these(void **state)
{
	(void)state;
	begin_session(0);
	connect_tree();
	open_pipe();
	peer.next.flags = RELATED;
	ask_create(SRVSVC);
	ask_close(same_file, 0);
	peer.next.flags = 0;
	ask_close(peer.pipe, 0);
	peer_send();
	expect_statuses((const uint32_t[]){ STATUS_INVALID_PARAMETER, STATUS_INVALID_PARAMETER,
	                                    STATUS_SUCCESS },
	                3);
	assert_int_equal(host_open_pipes(), 0);
}

static void requests_related_to_a_logoff_find_the_session_deleted(void **state)
{
	(void)state;
	begin_session(0);
	connect_tree();
	ask_create(SRVSVC);
	relate(true);
	ask_empty(SMB2_LOGOFF);
	ask_write(same_file, "hello");
	peer_send();
	expect_statuses((const uint32_t[]){ 0, 0, STATUS_USER_SESSION_DELETED }, 3);
	assert_true(peer.answers[1].is_signed);
	assert_int_equal(host_open_pipes(), 0);
}

/* ---- unrelated ---- */

static void unrelated_requests_fail_and_succeed_independently(void **state)
{
	(void)state;
	begin_session(0);
	connect_tree();
	open_pipe();
	ask_create("nothing");
	ask_write(peer.pipe, "hello");
	ask_write(same_file, "hello");
	ask_tree_connect("C$");
	ask_close(peer.pipe, 0);
	peer_send();
	expect_statuses((const uint32_t[]){ STATUS_OBJECT_NAME_NOT_FOUND, STATUS_SUCCESS,
	                                    STATUS_FILE_CLOSED, STATUS_BAD_NETWORK_NAME,
	                                    STATUS_SUCCESS },
	                5);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(peer.answers[i].header.flags & RELATED, 0);
}

static void each_request_of_a_message_has_its_own_signature(void **state)
{
	(void)state;
	begin_session(0);
	connect_tree();
	ask_create(SRVSVC);
	ask_create(SRVSVC);
	peer.damage = peer_header_at() + SMB2_SIGNATURE_AT;
	ask_create(SRVSVC);
	peer_send();
	expect_statuses((const uint32_t[]){ 0, STATUS_ACCESS_DENIED, 0 }, 3);
}

static void related_requests_after_a_tampered_request_are_denied_too(void **state)
{
	(void)state;
	begin_session(0);
	connect_tree();
	ask_create(SRVSVC);
	peer.damage = peer_header_at() + SMB2_SIGNATURE_AT;
	relate(true);
	ask_write(same_file, "hello");
	peer_send();
	expect_statuses((const uint32_t[]){ STATUS_ACCESS_DENIED, STATUS_ACCESS_DENIED }, 2);
	assert_int_equal(host.pipe_count, 0);
}

/* ---- with requests that wait ---- */

static void the_last_request_of_a_compound_may_become_pending(void **state)
{
	(void)state;
	begin_session(0);
	connect_tree();
	ask_create(SRVSVC);
	relate(true);
	ask_read(same_file, 100);
	peer_send();
	expect_statuses((const uint32_t[]){ STATUS_SUCCESS, STATUS_PENDING }, 2);
	assert_true(peer.answers[0].is_signed);
	relate(false);
	host_put(0, "at last", 7);
	peer_listen();
	expect_answers(1);
	expect_data(0, "at last");
}

static void no_other_request_of_a_compound_may_become_pending(void **state)
{
	(void)state;
	begin_session(0);
	connect_tree();
	ask_create(SRVSVC);
	relate(true);
	ask_read(same_file, 100);
	ask_close(same_file, 0);
	peer_send();
	expect_statuses(
		(const uint32_t[]){ STATUS_SUCCESS, STATUS_INTERNAL_ERROR, STATUS_INTERNAL_ERROR },
		3);
}

static void a_cancel_within_a_compound_has_no_response(void **state)
{
	(void)state;
	begin_session(0);
	ask_empty(SMB2_ECHO);
	ask_empty(SMB2_CANCEL);
	ask_empty(SMB2_ECHO);
	peer_send();
	expect_statuses((const uint32_t[]){ 0, 0 }, 2);
	assert_int_equal(peer.answers[0].header.next_command % 8, 0);
}

/* ---- its form ---- */

static void a_next_command_outside_the_message_ends_the_connection(void **state)
{
	static const uint32_t nexts[] = { 8, 63, 68, 71, 73, 80, 4096, 0xFFFFFFF8, 0xFFFFFFFF };

	(void)state;
	for (size_t i = 0; i < COUNT(nexts); i++) {
		begin_session(0);
		peer.is_silent_about_signing = true;
		ask_empty(SMB2_ECHO);
		smb2_header_set_next(peer_message(), 0, nexts[i]);
		expect_closed();
		peer_begin_anew();
	}
}

static void no_request_of_a_compound_is_answered_if_a_later_one_ends_the_connection(void **state)
{
	(void)state;
	begin_session(0);
	ask_empty(SMB2_ECHO);
	peer.next.message_id += 5000;
	ask_empty(SMB2_ECHO);
	expect_closed();
}

/* A request of each costs little, and its response much: what one frame takes is never exceeded. */
static void a_compound_whose_responses_exceed_a_message_ends_the_connection(void **state)
{
	(void)state;
	for (size_t round = 0; round < 2; round++) {
		peer.next.credits = 2000;
		negotiate(0);
		log_on();
		connect_tree();
		open_pipe();
		peer.seals = round != 0;
		while (peer_message()->len + 200 < SMB2_MAX_FRAME_BYTES)
			ask_query_info(peer.pipe, 1, 18, 100);
		expect_closed();
		peer_begin_anew();
	}
}

static void the_longest_responses_that_fit_are_sent(void **state)
{
	static char text[60000];

	(void)state;
	memset(text, 'x', sizeof text);
	begin_session(0);
	connect_tree();
	open_pipe();
	for (size_t i = 0; i < 2; i++) {
		host_put(0, text, sizeof text);
		ask_read(peer.pipe, sizeof text);
	}
	peer_send();
	expect_statuses((const uint32_t[]){ 0, 0 }, 2);
	for (size_t i = 0; i < 3; i++)
		host_put(0, text, sizeof text);
	for (size_t i = 0; i < 3; i++)
		ask_read(peer.pipe, sizeof text);
	expect_closed();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, peer_set_up, peer_tear_down)

TEST_GROUP(smb2_server_compounds)
{
	const struct CMUnitTest tests[] = {
		TEST(tree_connect_create_and_transceive_are_one_message),
		TEST(a_related_message_is_encrypted_as_a_whole),
		TEST(related_requests_after_a_failed_create_fail_with_its_status),
		TEST(related_requests_after_a_failure_on_a_pipe_fail_with_its_status),
		TEST(a_warning_does_not_fail_related_requests),
		TEST(related_requests_after_a_close_find_the_pipe_closed),
		TEST(related_requests_after_a_failed_tree_connect_have_no_tree),
		TEST(related_requests_after_a_request_without_a_pipe_have_no_handle),
		TEST(a_related_request_uses_the_previous_pipe_whatever_its_own_id_is),
		TEST(a_compound_that_begins_with_related_requests_refuses_these),
		TEST(requests_related_to_a_logoff_find_the_session_deleted),
		TEST(unrelated_requests_fail_and_succeed_independently),
		TEST(each_request_of_a_message_has_its_own_signature),
		TEST(related_requests_after_a_tampered_request_are_denied_too),
		TEST(the_last_request_of_a_compound_may_become_pending),
		TEST(no_other_request_of_a_compound_may_become_pending),
		TEST(a_cancel_within_a_compound_has_no_response),
		TEST(a_next_command_outside_the_message_ends_the_connection),
		TEST(no_request_of_a_compound_is_answered_if_a_later_one_ends_the_connection),
		TEST(a_compound_whose_responses_exceed_a_message_ends_the_connection),
		TEST(the_longest_responses_that_fit_are_sent),
	};

	return cmocka_run_group_tests_name("compounded requests", tests, NULL, NULL);
}
