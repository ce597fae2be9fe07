/* SPDX-License-Identifier: MIT */
/* Sessions of the SMB server: log-ons, signatures, encryption, their end. [MS-SMB2] 3.3.5.2.1,
 * 3.3.5.2.4, 3.3.5.2.9, 3.3.5.5, 3.3.5.6. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "group.h"
#include "smb2/session.h"
#include "smb_peer.h"

#define CONTEXTS_AT (SMB2_HEADER_BYTES + 28) /* NegotiateContextOffset */
#define CIPHERS_AT  (48 + 8 + 2)             /* from the first context: in the second */
#define SIGNING_AT  (48 + 24 + 8 + 2)        /* in the third */

/* Negotiates 3.1.1 with one cipher, and one signing algorithm. */
static void negotiate_algorithms(uint16_t cipher, uint16_t signing)
{
	struct answer *a = &peer.answers[0];
	struct wire_reader r;
	struct wire_writer *w;
	size_t at;

	ask_negotiate(SMB2_DIALECT_311);
	w = peer_message();
	wire_reader_init(&r, w->data + CONTEXTS_AT, 4);
	at = wire_get_u32(&r);
	for (size_t i = 0; i < SMB2_CIPHER_COUNT; i++)
		wire_set_u16le(w, at + CIPHERS_AT + 2 * i, cipher);
	for (size_t i = 0; i < SMB2_SIGNING_ALGORITHM_COUNT; i++)
		wire_set_u16le(w, at + SIGNING_AT + 2 * i, signing);
	expect_one(STATUS_SUCCESS);
	assert_true(crypto_sha512_chain(peer.preauth, a->message.at, a->bytes));
	smb2_negotiate_response_decode(&a->message, &peer.agreed);
	assert_int_equal(peer.agreed.cipher, cipher);
	assert_int_equal(peer.agreed.signing_algorithm, signing);
}

static void echo(uint32_t status)
{
	ask_empty(SMB2_ECHO);
	expect_one(status);
}

/* ---- keys ---- */

static void everything_is_signed_at_every_dialect(void **state)
{
	(void)state;
	for (size_t i = 0; i < SMB2_DIALECT_COUNT; i++) {
		negotiate(smb2_dialects[i]);
		log_on();
		connect_tree();
		assert_true(peer.answers[0].is_signed);
		assert_false(peer.answers[0].is_sealed);
		peer_begin_anew();
	}
}

static void every_signing_algorithm_of_3_1_1_works(void **state)
{
	(void)state;
	for (size_t i = 0; i < SMB2_SIGNING_ALGORITHM_COUNT; i++) {
		negotiate_algorithms(SMB2_AES_128_GCM, smb2_signing_algorithms[i]);
		log_on();
		connect_tree();
		assert_true(peer.answers[0].is_signed);
		peer_begin_anew();
	}
}

static void every_cipher_of_3_1_1_works(void **state)
{
	(void)state;
	for (size_t i = 0; i < SMB2_CIPHER_COUNT; i++) {
		negotiate_algorithms(smb2_ciphers[i], SMB2_SIGNING_AES_GMAC);
		log_on();
		peer.seals = true;
		connect_tree();
		assert_true(peer.answers[0].is_sealed);
		assert_false(peer.answers[0].is_signed); /* 3.3.4.1.1 */
		peer_begin_anew();
	}
}

static void encrypted_requests_and_no_others_get_encrypted_responses(void **state)
{
	static const uint16_t dialects[] = { SMB2_DIALECT_300, SMB2_DIALECT_302, SMB2_DIALECT_311 };

	(void)state;
	for (size_t i = 0; i < COUNT(dialects); i++) {
		negotiate(dialects[i]);
		log_on();
		for (size_t j = 0; j < 4; j++) {
			peer.seals = j % 2 != 0;
			echo(STATUS_SUCCESS);
			assert_int_equal(peer.answers[0].is_sealed, peer.seals);
		}
		peer_begin_anew();
	}
}

static void an_unsigned_request_is_denied(void **state)
{
	(void)state;
	negotiate(0);
	log_on();
	peer.is_silent_about_signing = true;
	ask_tree_connect("IPC$");
	expect_one(STATUS_ACCESS_DENIED);
	echo(STATUS_ACCESS_DENIED);
	ask_empty(SMB2_LOGOFF);
	expect_one(STATUS_ACCESS_DENIED);
	peer.is_silent_about_signing = false;
	connect_tree(); /* <263>, <264>: the connection stays */
}

static void a_tampered_request_is_denied(void **state)
{
	(void)state;
	for (size_t i = 0; i < SMB2_DIALECT_COUNT; i++) {
		negotiate(smb2_dialects[i]);
		log_on();
		peer.damage = SMB2_HEADER_BYTES + 10;
		ask_tree_connect("IPC$");
		expect_one(STATUS_ACCESS_DENIED);
		peer.damage = SMB2_SIGNATURE_AT + 3;
		ask_tree_connect("IPC$");
		expect_one(STATUS_ACCESS_DENIED);
		peer.damage = 0;
		connect_tree();
		peer_begin_anew();
	}
}

static void a_tampered_encrypted_message_ends_the_connection(void **state)
{
	static const size_t places[] = { 4, 20, 36, 42, 44, SMB2_TRANSFORM_HEADER_BYTES + 30 };

	(void)state;
	for (size_t i = 0; i < COUNT(places); i++) {
		negotiate(0);
		log_on();
		peer.seals = true;
		peer.damage = places[i];
		ask_empty(SMB2_ECHO);
		expect_closed();
		peer_begin_anew();
	}
}

static void a_truncated_encrypted_message_ends_the_connection(void **state)
{
	struct wire_writer w = { 0 };

	(void)state;
	negotiate(0);
	log_on();
	wire_put_u32le(&w, 0x424D53FD);
	wire_put_zeros(&w, SMB2_TRANSFORM_HEADER_BYTES - 4);
	peer_send_bytes(w.data, w.len);
	assert_true(peer.is_closed);
	wire_writer_fini(&w);
}

static void a_request_of_another_session_in_an_encrypted_message_ends_the_connection(void **state)
{
	uint64_t id;

	(void)state;
	negotiate(0);
	log_on();
	id = peer.next.session_id;
	peer.seals = true;
	peer.next.session_id = 0;
	ask_empty(SMB2_ECHO);
	peer.next.session_id = id; /* whose keys encrypt it */
	expect_closed();
}

static void a_related_request_first_in_an_encrypted_message_ends_the_connection(void **state)
{
	(void)state;
	negotiate(0);
	log_on();
	peer.seals = true;
	peer.next.flags = RELATED;
	ask_empty(SMB2_ECHO);
	expect_closed();
}

/* ---- who is no session ---- */

static void a_session_that_does_not_exist_is_deleted(void **state)
{
	(void)state;
	negotiate(0);
	log_on();
	peer.next.session_id += 77;
	ask_tree_connect("IPC$");
	expect_one(STATUS_USER_SESSION_DELETED);
	echo(STATUS_USER_SESSION_DELETED);
	peer.is_silent_about_signing = true;
	ask_tree_connect("IPC$");
	expect_one(STATUS_USER_SESSION_DELETED);
	ask_session_setup("token", 0, 0);
	expect_one(STATUS_USER_SESSION_DELETED);
}

static void a_session_in_progress_can_only_go_on_or_log_off(void **state)
{
	(void)state;
	negotiate(0);
	ask_session_setup("first", 0, 0);
	peer_send();
	judge(STATUS_MORE_PROCESSING_REQUIRED, false);
	ask_tree_connect("IPC$");
	expect_one(STATUS_ACCESS_DENIED);
	ask_empty(SMB2_LOGOFF);
	expect_one(STATUS_SUCCESS);
	assert_int_equal(host.established, 0);
	assert_int_equal(host.closed, 1);
}

static void a_signed_request_of_a_session_without_keys_is_not_supported(void **state)
{
	(void)state;
	negotiate(0);
	ask_session_setup("first", 0, 0);
	peer_send();
	judge(STATUS_MORE_PROCESSING_REQUIRED, false);
	peer_make_keys();
	ask_tree_connect("IPC$");
	expect_one(STATUS_NOT_SUPPORTED);
}

/* ---- log-ons ---- */

static void the_token_reaches_the_host_and_its_token_the_client(void **state)
{
	struct smb2_session_setup_response response;

	(void)state;
	negotiate(0);
	ask_session_setup("who I am", 0, 0);
	peer_send();
	expect_answers(0);
	assert_int_equal(host.token_bytes, 8);
	assert_memory_equal(host.token, "who I am", 8);
	judge(STATUS_MORE_PROCESSING_REQUIRED, false);
	smb2_session_setup_response_decode(&peer.answers[0].message, &response);
	assert_int_equal(response.token_bytes, 4);
	assert_memory_equal(response.token, "back", 4);
	assert_int_equal(response.session_flags, 0);
	assert_int_not_equal(peer.next.session_id, 0);
	assert_int_equal(host.established, 0);
}

static void a_failed_log_on_ends_its_session(void **state)
{
	(void)state;
	negotiate(0);
	ask_session_setup("first", 0, 0);
	peer_send();
	judge(STATUS_LOGON_FAILURE, false);
	expect_answers(1);
	expect_status(0, STATUS_LOGON_FAILURE);
	assert_int_equal(host.established, 0);
	assert_int_equal(host.closed, 1);
	ask_session_setup("again", 0, 0);
	expect_one(STATUS_USER_SESSION_DELETED);
	peer.next.session_id = 0;
	memset(peer.preauth, 0, sizeof peer.preauth);
	ask_session_setup("anew", 0, 0);
	peer_send();
	judge(STATUS_MORE_PROCESSING_REQUIRED, false);
	expect_answers(1);
}

static void a_log_on_without_memory_is_refused(void **state)
{
	(void)state;
	negotiate(0);
	host.is_out_of_memory = true;
	ask_session_setup("first", 0, 0);
	expect_one(STATUS_INSUFFICIENT_RESOURCES);
	assert_int_equal(host.closed, 1);
	assert_null(smb2_server_sessions(server));
}

static void a_token_is_not_accepted_while_another_is_authenticated(void **state)
{
	(void)state;
	negotiate(0);
	ask_session_setup("first", 0, 0);
	peer.next.credits = 4;
	peer_send();
	judge(STATUS_MORE_PROCESSING_REQUIRED, false);
	peer.next.credits = 4;
	ask_empty(SMB2_ECHO);
	peer_send();
	ask_session_setup("second", 0, 0);
	peer_send();
	expect_answers(0);
	ask_session_setup("third", 0, 0);
	expect_one(STATUS_REQUEST_NOT_ACCEPTED);
	judge(STATUS_LOGON_FAILURE, false);
	expect_status(0, STATUS_LOGON_FAILURE);
}

static void binding_to_another_connection_is_not_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < SMB2_DIALECT_COUNT; i++) {
		negotiate(smb2_dialects[i]);
		log_on();
		ask_session_setup("token", 0, SMB2_SESSION_FLAG_BINDING);
		expect_one(STATUS_REQUEST_NOT_ACCEPTED);
		peer_begin_anew();
	}
}

static void session_setup_comes_alone(void **state)
{
	(void)state;
	negotiate(0);
	ask_session_setup("token", 0, 0);
	ask_empty(SMB2_ECHO);
	peer.next.credits = 2;
	peer_send();
	assert_true(peer.is_closed || peer.answers[0].header.status == STATUS_INVALID_PARAMETER);
	assert_null(host.asking);
}

static void the_host_gets_an_event_about_the_previous_session(void **state)
{
	(void)state;
	negotiate(0);
	ask_session_setup("token", 0x1234, 0);
	peer_send();
	peer_make_keys();
	judge(STATUS_SUCCESS, false);
	expect_status(0, STATUS_SUCCESS);
	assert_int_equal(host.previous, 0x1234);
}

static void a_failed_log_on_names_no_previous_session(void **state)
{
	(void)state;
	negotiate(0);
	ask_session_setup("token", 0x1234, 0);
	peer_send();
	judge(STATUS_LOGON_FAILURE, false);
	assert_int_equal(host.previous, 0);
}

static void an_anonymous_session_is_not_ended_by_another_anonymous_log_on(void **state)
{
	(void)state;
	negotiate(0);
	ask_session_setup("token", 0x1234, 0);
	peer_send();
	judge(STATUS_SUCCESS, true);
	expect_status(0, STATUS_SUCCESS);
	assert_int_equal(host.previous, 0);
}

static void a_connection_has_32_sessions_at_most(void **state)
{
	(void)state;
	negotiate(0);
	for (unsigned i = 0; i < 32; i++) {
		peer.next.session_id = 0;
		log_on_anonymously();
	}
	peer.next.session_id = 0;
	ask_session_setup("", 0, 0);
	expect_one(STATUS_INSUFFICIENT_RESOURCES);
	assert_int_equal(host.established, 32);
}

/* Returns the id of the session. */
static uint64_t begin_log_on(void)
{
	peer.next.session_id = 0;
	ask_session_setup("token", 0, 0);
	peer_send();
	judge(STATUS_MORE_PROCESSING_REQUIRED, false);
	expect_answers(1);
	expect_status(0, STATUS_MORE_PROCESSING_REQUIRED);
	return peer.answers[0].header.session_id;
}

static void the_oldest_of_nine_log_ons_gives_way(void **state)
{
	uint64_t first, second;

	(void)state;
	negotiate(0);
	log_on_anonymously();
	first = begin_log_on();
	second = begin_log_on();
	for (unsigned i = 0; i < 6; i++)
		(void)begin_log_on();
	assert_int_equal(host.closed, 0);
	(void)begin_log_on();
	assert_int_equal(host.closed, 1);
	peer.next.session_id = first;
	ask_session_setup("token", 0, 0);
	expect_one(STATUS_USER_SESSION_DELETED);
	peer.next.session_id = second;
	ask_session_setup("token", 0, 0);
	peer_send();
	expect_answers(0);
	assert_int_equal(smb2_server_session_id(host.asking), second);
}

/* A man in the middle could name another session of the same user as the previous one. */
static void ids_of_sessions_cannot_be_guessed(void **state)
{
	uint64_t ids[8], steps = 0;

	(void)state;
	negotiate(0);
	for (size_t i = 0; i < 8; i++) {
		ids[i] = begin_log_on();
		if (i > 0)
			assert_true(ids[i] > ids[i - 1]);
		steps |= i > 0 ? ids[i] - ids[i - 1] : 0;
	}
	assert_true(steps > 0xFFFF);
}

static void ids_of_sessions_count_where_that_is_wanted(void **state)
{
	(void)state;
	settings.counts_session_ids = true;
	negotiate(0);
	assert_int_equal(begin_log_on(), 1);
	assert_int_equal(begin_log_on(), 2);
}

static void no_log_on_gives_way_while_it_is_authenticated(void **state)
{
	(void)state;
	peer.next.credits = 20;
	negotiate(0);
	for (unsigned i = 0; i < 8; i++) {
		ask_session_setup("token", 0, 0);
		peer_send();
		expect_answers(0);
		host.asking = NULL; /* for long */
	}
	ask_session_setup("token", 0, 0);
	expect_one(STATUS_INSUFFICIENT_RESOURCES);
	assert_int_equal(host.closed, 0);
}

static void an_echo_without_a_session_is_answered(void **state)
{
	(void)state;
	negotiate(0);
	ask_empty(SMB2_ECHO);
	expect_one(STATUS_SUCCESS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, peer_set_up, peer_tear_down)

TEST_GROUP(smb2_server_sessions)
{
	const struct CMUnitTest tests[] = {
		TEST(everything_is_signed_at_every_dialect),
		TEST(every_signing_algorithm_of_3_1_1_works),
		TEST(every_cipher_of_3_1_1_works),
		TEST(encrypted_requests_and_no_others_get_encrypted_responses),
		TEST(an_unsigned_request_is_denied),
		TEST(a_tampered_request_is_denied),
		TEST(a_tampered_encrypted_message_ends_the_connection),
		TEST(a_truncated_encrypted_message_ends_the_connection),
		TEST(a_request_of_another_session_in_an_encrypted_message_ends_the_connection),
		TEST(a_related_request_first_in_an_encrypted_message_ends_the_connection),
		TEST(a_session_that_does_not_exist_is_deleted),
		TEST(a_session_in_progress_can_only_go_on_or_log_off),
		TEST(a_signed_request_of_a_session_without_keys_is_not_supported),
		TEST(the_token_reaches_the_host_and_its_token_the_client),
		TEST(a_failed_log_on_ends_its_session),
		TEST(a_log_on_without_memory_is_refused),
		TEST(a_token_is_not_accepted_while_another_is_authenticated),
		TEST(binding_to_another_connection_is_not_accepted),
		TEST(session_setup_comes_alone),
		TEST(the_host_gets_an_event_about_the_previous_session),
		TEST(a_failed_log_on_names_no_previous_session),
		TEST(an_anonymous_session_is_not_ended_by_another_anonymous_log_on),
		TEST(a_connection_has_32_sessions_at_most),
		TEST(the_oldest_of_nine_log_ons_gives_way),
		TEST(ids_of_sessions_cannot_be_guessed),
		TEST(ids_of_sessions_count_where_that_is_wanted),
		TEST(no_log_on_gives_way_while_it_is_authenticated),
		TEST(an_echo_without_a_session_is_answered),
	};

	return cmocka_run_group_tests_name("the SMB server's sessions", tests, NULL, NULL);
}
