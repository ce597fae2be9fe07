/* SPDX-License-Identifier: MIT */
/* What becomes of a session once it is there: renewed, expired, encrypted throughout, nobody's,
 * ended. [MS-SMB2] 3.3.4.12, 3.3.5.2.9, 3.3.5.5.2, 3.3.5.5.3, 3.3.5.6. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "group.h"
#include "smb2/session.h"
#include "smb_peer.h"

static uint16_t session_flags(void)
{
	struct smb2_session_setup_response response;

	smb2_session_setup_response_decode(&peer.answers[0].message, &response);
	assert_null(peer.answers[0].message.error);
	return response.session_flags;
}

static void renew(uint32_t nt, bool is_anonymous)
{
	ask_session_setup("again", 0, 0);
	peer_send();
	expect_answers(0);
	judge(nt, is_anonymous);
}

/* ---- renewed ---- */

static void a_reauthenticated_session_keeps_its_keys_and_pipes(void **state)
{
	(void)state;
	for (size_t i = 0; i < SMB2_DIALECT_COUNT; i++) {
		begin_with_pipe(smb2_dialects[i]);
		renew(STATUS_MORE_PROCESSING_REQUIRED, false);
		expect_answers(1);
		assert_true(peer.answers[0].is_signed);
		ask_empty(SMB2_ECHO); /* it stays usable meanwhile */
		expect_one(STATUS_SUCCESS);
		renew(STATUS_SUCCESS, false);
		expect_answers(1);
		expect_status(0, STATUS_SUCCESS);
		assert_true(peer.answers[0].is_signed);
		ask_write(peer.pipe, "hello");
		expect_one(STATUS_SUCCESS);
		assert_int_equal(host.established, 1);
		assert_int_equal(host.closed, 0);
		peer_begin_anew();
	}
}

static void a_failed_reauthentication_ends_the_session_and_its_pipes(void **state)
{
	(void)state;
	peer.next.credits = 8;
	begin_with_pipe(0);
	ask_read(peer.pipe, 100);
	expect_one(STATUS_PENDING);
	renew(STATUS_LOGON_FAILURE, false);
	assert_false(peer.is_closed);
	assert_int_equal(peer.answer_count, 2);
	assert_int_equal(host.closed, 1);
	assert_int_equal(host_open_pipes(), 0);
	for (size_t i = 0; i < 2; i++)
		expect_status(i, peer.answers[i].header.command == SMB2_READ
		                         ? STATUS_CANCELLED
		                         : STATUS_LOGON_FAILURE);
	ask_empty(SMB2_ECHO);
	expect_one(STATUS_USER_SESSION_DELETED);
}

static void an_authenticated_session_does_not_become_anonymous(void **state)
{
	(void)state;
	begin_with_pipe(0);
	renew(STATUS_SUCCESS, true);
	expect_answers(1);
	expect_status(0, STATUS_ACCESS_DENIED);
	assert_int_equal(host.closed, 1);
}

static void an_anonymous_session_does_not_become_authenticated(void **state)
{
	(void)state;
	negotiate(0);
	log_on_anonymously();
	renew(STATUS_SUCCESS, false);
	expect_answers(1);
	expect_status(0, STATUS_ACCESS_DENIED);
	assert_int_equal(host.closed, 1);
}

/* ---- expired, 3.3.5.2.9 and 3.3.6.3 ---- */

static void expire_session(void)
{
	smb2_server_expire_session(server, smb2_server_sessions(server));
}

static void an_expired_session_serves_only_its_end_and_its_renewal(void **state)
{
	static const struct smb2_file_id nothing = { 0 };
	uint32_t tree;

	(void)state;
	begin_with_pipe(0);
	tree = peer.next.tree_id;
	expire_session();
	ask_tree_connect("IPC$");
	expect_one(STATUS_NETWORK_SESSION_EXPIRED);
	assert_true(peer.answers[0].is_signed);
	peer.next.tree_id = tree;
	ask_create(SRVSVC);
	expect_one(STATUS_NETWORK_SESSION_EXPIRED);
	ask_read(peer.pipe, 100);
	expect_one(STATUS_NETWORK_SESSION_EXPIRED);
	ask_write(peer.pipe, "hello");
	expect_one(STATUS_NETWORK_SESSION_EXPIRED);
	ask_transceive(peer.pipe, "hello", 100);
	expect_one(STATUS_NETWORK_SESSION_EXPIRED);
	ask_query_info(peer.pipe, 1, 5, 100);
	expect_one(STATUS_NETWORK_SESSION_EXPIRED);
	ask_empty(SMB2_TREE_DISCONNECT);
	expect_one(STATUS_NETWORK_SESSION_EXPIRED);
	ask_of_file(SMB2_LOCK, 48, 8, nothing);
	expect_one(STATUS_FILE_CLOSED); /* as LOCK says of a file that is not open */
	ask_empty(SMB2_ECHO);
	expect_one(STATUS_SUCCESS);
	ask_close(peer.pipe, 0);
	expect_one(STATUS_SUCCESS);
	ask_empty(SMB2_LOGOFF);
	expect_one(STATUS_SUCCESS);
	assert_int_equal(host.pipes[0].written, 0);
	assert_int_equal(host.closed, 1);
}

static void
an_expired_session_that_is_authenticated_again_goes_on_with_its_keys_and_pipes(void **state)
{
	(void)state;
	for (size_t i = 0; i < SMB2_DIALECT_COUNT; i++) {
		begin_with_pipe(smb2_dialects[i]);
		expire_session();
		renew(STATUS_MORE_PROCESSING_REQUIRED, false);
		expect_answers(1);
		assert_true(peer.answers[0].is_signed);
		ask_write(peer.pipe, "hello"); /* not yet */
		expect_one(STATUS_NETWORK_SESSION_EXPIRED);
		renew(STATUS_SUCCESS, false);
		expect_answers(1);
		expect_status(0, STATUS_SUCCESS);
		assert_true(peer.answers[0].is_signed);
		ask_write(peer.pipe, "hello");
		expect_one(STATUS_SUCCESS);
		assert_int_equal(host.established, 1);
		assert_int_equal(host.changed, 2); /* a pipe was opened, and the identity is new */
		assert_int_equal(host.closed, 0);
		peer_begin_anew();
	}
}

static void an_expired_session_that_fails_to_authenticate_again_ends(void **state)
{
	(void)state;
	begin_with_pipe(0);
	expire_session();
	renew(STATUS_LOGON_FAILURE, false);
	expect_answers(1);
	expect_status(0, STATUS_LOGON_FAILURE);
	assert_int_equal(host.closed, 1);
	assert_int_equal(host_open_pipes(), 0);
}

static void an_expired_session_is_not_taken_over_by_another_account(void **state)
{
	(void)state;
	begin_with_pipe(0);
	expire_session();
	renew(STATUS_SUCCESS, true);
	expect_answers(1);
	expect_status(0, STATUS_ACCESS_DENIED);
	assert_int_equal(host.closed, 1);
}

static void requests_that_wait_when_a_session_expires_are_answered_or_cancelled(void **state)
{
	(void)state;
	peer.next.credits = 8;
	begin_with_pipe(0);
	ask_read(peer.pipe, 100);
	expect_one(STATUS_PENDING);
	expire_session();
	host_put(0, "late", 4);
	peer_listen();
	expect_answers(1);
	expect_data(0, "late");
	ask_read(peer.pipe, 100);
	expect_one(STATUS_NETWORK_SESSION_EXPIRED);
}

static void a_session_that_is_not_established_does_not_expire(void **state)
{
	(void)state;
	negotiate(0);
	ask_session_setup("token", 0, 0);
	peer_send();
	expire_session();
	judge(STATUS_SUCCESS, false);
	expect_answers(1);
	expect_status(0, STATUS_SUCCESS);
}

/* ---- nobody's ---- */

static void a_null_session_is_not_signed(void **state)
{
	(void)state;
	for (size_t i = 0; i < SMB2_DIALECT_COUNT; i++) {
		negotiate(smb2_dialects[i]);
		log_on_anonymously();
		assert_int_equal(session_flags(), SMB2_SESSION_FLAG_IS_NULL);
		connect_tree();
		assert_false(peer.answers[0].is_signed);
		open_pipe();
		assert_int_equal(host.established, 1);
		peer_begin_anew();
	}
}

static void a_null_session_has_no_key_to_sign_or_encrypt_by(void **state)
{
	(void)state;
	negotiate(0);
	log_on_anonymously();
	peer_make_keys();
	ask_tree_connect("IPC$");
	expect_one(STATUS_NOT_SUPPORTED);
	peer.seals = true;
	ask_tree_connect("IPC$");
	expect_closed();
}

/* ---- encrypted throughout ---- */

static void a_session_that_requires_encryption_refuses_plain_requests(void **state)
{
	static const uint16_t dialects[] = { SMB2_DIALECT_300, SMB2_DIALECT_302, SMB2_DIALECT_311 };

	(void)state;
	settings.encryption = SMB2_SERVER_ENCRYPTION_REQUIRED;
	for (size_t i = 0; i < COUNT(dialects); i++) {
		negotiate(dialects[i]);
		log_on();
		assert_int_equal(session_flags(), SMB2_SESSION_FLAG_ENCRYPT_DATA);
		ask_tree_connect("IPC$");
		expect_one(STATUS_ACCESS_DENIED);
		peer.seals = true;
		connect_tree();
		open_pipe();
		assert_true(peer.answers[0].is_sealed);
		peer_begin_anew();
	}
}

static void clients_that_cannot_encrypt_are_denied_where_encryption_is_required(void **state)
{
	static const uint16_t dialects[] = { SMB2_DIALECT_202, SMB2_DIALECT_210 };

	(void)state;
	settings.encryption = SMB2_SERVER_ENCRYPTION_REQUIRED;
	for (size_t i = 0; i < COUNT(dialects); i++) {
		negotiate(dialects[i]);
		ask_session_setup("token", 0, 0);
		expect_one(STATUS_ACCESS_DENIED);
		assert_null(host.asking);
		peer_begin_anew();
	}
}

static void an_anonymous_log_on_is_denied_where_encryption_is_required(void **state)
{
	(void)state;
	settings.encryption = SMB2_SERVER_ENCRYPTION_REQUIRED;
	negotiate(0);
	ask_session_setup("", 0, 0);
	peer_send();
	judge(STATUS_SUCCESS, true);
	expect_answers(1);
	expect_status(0, STATUS_ACCESS_DENIED);
	assert_int_equal(host.established, 0);
}

/* ---- ended ---- */

static void a_logoff_is_answered_and_ends_the_pipes_of_the_session(void **state)
{
	(void)state;
	peer.next.credits = 8;
	begin_with_pipe(0);
	ask_read(peer.pipe, 100);
	expect_one(STATUS_PENDING);
	ask_empty(SMB2_LOGOFF);
	peer_send();
	expect_answers(2);
	assert_int_equal(peer.answers[0].header.command, SMB2_LOGOFF);
	expect_status(0, STATUS_SUCCESS);
	assert_true(peer.answers[0].is_signed);
	assert_int_equal(peer.answers[1].header.command, SMB2_READ);
	expect_status(1, STATUS_CANCELLED);
	assert_int_equal(host.closed, 1);
	assert_int_equal(host_open_pipes(), 0);
	ask_empty(SMB2_ECHO);
	expect_one(STATUS_USER_SESSION_DELETED);
}

static void a_session_that_the_host_closes_is_deleted(void **state)
{
	(void)state;
	peer.next.credits = 8;
	begin_with_pipe(0);
	ask_read(peer.pipe, 100);
	expect_one(STATUS_PENDING);
	smb2_server_close_session(server, smb2_server_sessions(server));
	peer_listen();
	expect_answers(1);
	expect_status(0, STATUS_CANCELLED);
	assert_int_equal(host.closed, 1);
	assert_int_equal(host_open_pipes(), 0);
	ask_read(peer.pipe, 100);
	expect_one(STATUS_USER_SESSION_DELETED);
	ask_tree_connect("IPC$");
	expect_one(STATUS_USER_SESSION_DELETED);
	peer.seals = true;
	ask_empty(SMB2_ECHO);
	expect_closed(); /* 3.3.5.2.1.1 */
}

static void a_session_may_be_closed_while_its_token_is_authenticated(void **state)
{
	(void)state;
	negotiate(0);
	ask_session_setup("token", 0, 0);
	peer_send();
	smb2_server_close_session(server, smb2_server_sessions(server));
	peer_listen();
	expect_answers(0);
	assert_int_equal(host.closed, 1);
	assert_null(host.asking);
}

static void two_sessions_of_a_connection_have_their_own_keys_trees_and_pipes(void **state)
{
	struct smb2_header first;

	(void)state;
	peer.next.credits = 8;
	begin_with_pipe(SMB2_DIALECT_302);
	first = peer.next;
	peer.next.session_id = 0;
	peer.next.tree_id = 0;
	peer.is_silent_about_signing = true;
	ask_session_setup("second", 0, 0);
	peer_send();
	judge(STATUS_SUCCESS, false);
	expect_answers(1);
	expect_status(0, STATUS_SUCCESS);
	assert_int_not_equal(peer.next.session_id, first.session_id);
	peer.is_silent_about_signing = false; /* of the same key: the same log-on was told */
	peer.next.tree_id = first.tree_id;
	ask_write(peer.pipe, "hello");
	expect_one(STATUS_NETWORK_NAME_DELETED);
	connect_tree();
	ask_write(peer.pipe, "hello");
	expect_one(STATUS_FILE_CLOSED);
	ask_empty(SMB2_LOGOFF);
	expect_one(STATUS_SUCCESS);
	peer.next.session_id = first.session_id;
	peer.next.tree_id = first.tree_id;
	ask_write(peer.pipe, "hello");
	expect_one(STATUS_SUCCESS);
}

static void the_host_gets_events_about_what_a_session_does(void **state)
{
	unsigned used;

	(void)state;
	negotiate(0);
	log_on();
	assert_int_equal(host.established, 1);
	connect_tree();
	assert_int_equal(smb2_server_session_pipes(smb2_server_sessions(server)), 0);
	open_pipe();
	assert_int_equal(smb2_server_session_pipes(smb2_server_sessions(server)), 1);
	assert_int_equal(host.changed, 1);
	used = host.used;
	ask_write(peer.pipe, "hello");
	expect_one(STATUS_SUCCESS);
	assert_int_equal(host.used, used + 1);
	ask_close(peer.pipe, 0);
	expect_one(STATUS_SUCCESS);
	assert_int_equal(smb2_server_session_pipes(smb2_server_sessions(server)), 0);
	assert_int_equal(host.changed, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, peer_set_up, peer_tear_down)

TEST_GROUP(smb2_server_life)
{
	const struct CMUnitTest tests[] = {
		TEST(a_reauthenticated_session_keeps_its_keys_and_pipes),
		TEST(a_failed_reauthentication_ends_the_session_and_its_pipes),
		TEST(an_authenticated_session_does_not_become_anonymous),
		TEST(an_anonymous_session_does_not_become_authenticated),
		TEST(an_expired_session_serves_only_its_end_and_its_renewal),
		TEST(an_expired_session_that_is_authenticated_again_goes_on_with_its_keys_and_pipes),
		TEST(an_expired_session_that_fails_to_authenticate_again_ends),
		TEST(an_expired_session_is_not_taken_over_by_another_account),
		TEST(requests_that_wait_when_a_session_expires_are_answered_or_cancelled),
		TEST(a_session_that_is_not_established_does_not_expire),
		TEST(a_null_session_is_not_signed),
		TEST(a_null_session_has_no_key_to_sign_or_encrypt_by),
		TEST(a_session_that_requires_encryption_refuses_plain_requests),
		TEST(clients_that_cannot_encrypt_are_denied_where_encryption_is_required),
		TEST(an_anonymous_log_on_is_denied_where_encryption_is_required),
		TEST(a_logoff_is_answered_and_ends_the_pipes_of_the_session),
		TEST(a_session_that_the_host_closes_is_deleted),
		TEST(a_session_may_be_closed_while_its_token_is_authenticated),
		TEST(two_sessions_of_a_connection_have_their_own_keys_trees_and_pipes),
		TEST(the_host_gets_events_about_what_a_session_does),
	};

	return cmocka_run_group_tests_name("an SMB session's life", tests, NULL, NULL);
}
