/* SPDX-License-Identifier: MIT */
/* How a connection to the SMB server begins: [MS-SMB2] 3.3.5.3, 3.3.5.4, 3.3.5.15.12. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "group.h"
#include "smb2/frames.h"
#include "smb2/ioctl.h"
#include "smb2/smb1_negotiate.h"
#include "smb_peer.h"

/* ---- SMB2 NEGOTIATE ---- */

static void every_dialect_is_supported_and_the_latest_is_preferred(void **state)
{
	(void)state;
	for (size_t i = 0; i < SMB2_DIALECT_COUNT; i++) {
		negotiate(smb2_dialects[i]);
		assert_int_equal(peer.agreed.dialect, smb2_dialects[i]);
		peer_begin_anew();
	}
	negotiate(0);
	assert_int_equal(peer.agreed.dialect, SMB2_DIALECT_311);
}

static void the_negotiate_response_has_the_guid_and_requires_signing(void **state)
{
	uint8_t guid[SMB2_GUID_BYTES];

	(void)state;
	memset(guid, 0x42, sizeof guid);
	negotiate(0);
	assert_int_equal(peer.agreed.security_mode,
	                 SMB2_NEGOTIATE_SIGNING_ENABLED | SMB2_NEGOTIATE_SIGNING_REQUIRED);
	assert_memory_equal(peer.agreed.server_guid, guid, sizeof guid);
	assert_int_equal(peer.agreed.max_transact_bytes, 65536);
	assert_int_equal(peer.agreed.max_read_bytes, 65536);
	assert_int_equal(peer.agreed.max_write_bytes, 65536);
	assert_true(peer.agreed.system_time == SERVER_TIME);
	assert_int_equal(peer.agreed.token.bytes, settings.hint_bytes);
	assert_memory_equal(peer.agreed.token.data, settings.hint, settings.hint_bytes);
	assert_true(peer.agreed.has_preauth_sha512);
	assert_int_equal(peer.answers[0].header.credits, 1);
}

static void a_cipher_is_agreed_on_unless_encryption_is_off(void **state)
{
	static const struct {
		uint16_t dialect, offered, off;
	} cases[] = {
		{ SMB2_DIALECT_202, SMB2_CIPHER_NONE, SMB2_CIPHER_NONE },
		{ SMB2_DIALECT_210, SMB2_CIPHER_NONE, SMB2_CIPHER_NONE },
		{ SMB2_DIALECT_300, SMB2_AES_128_CCM, SMB2_CIPHER_NONE },
		{ SMB2_DIALECT_302, SMB2_AES_128_CCM, SMB2_CIPHER_NONE },
		{ SMB2_DIALECT_311, SMB2_AES_256_GCM, SMB2_CIPHER_NONE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		settings.encryption = SMB2_SERVER_ENCRYPTION_OFFERED;
		negotiate(cases[i].dialect);
		assert_int_equal(peer.agreed.cipher, cases[i].offered);
		peer_begin_anew();
		settings.encryption = SMB2_SERVER_ENCRYPTION_OFF;
		negotiate(cases[i].dialect);
		assert_int_equal(peer.agreed.cipher, cases[i].off);
		peer_begin_anew();
	}
}

static void a_second_negotiate_ends_the_connection(void **state)
{
	(void)state;
	for (size_t i = 0; i < SMB2_DIALECT_COUNT; i++) {
		negotiate(smb2_dialects[i]);
		ask_negotiate(0);
		expect_closed();
		peer_begin_anew();
	}
}

static void no_request_is_answered_before_negotiate(void **state)
{
	(void)state;
	for (uint16_t command = 1; command < SMB2_COMMAND_COUNT; command++) {
		ask_empty(command);
		expect_closed();
		peer_begin_anew();
	}
}

static void a_negotiate_without_a_supported_dialect_is_refused(void **state)
{
	struct wire_writer *w = peer_request(SMB2_NEGOTIATE);

	(void)state;
	wire_put_u16le(w, 36);
	wire_put_u16le(w, 1); /* DialectCount */
	wire_put_zeros(w, 2 + 2 + 4 + 16 + 8);
	wire_put_u16le(w, 0x0399);
	expect_one(STATUS_NOT_SUPPORTED);
	peer.next.message_id = 1;
	negotiate(SMB2_DIALECT_311); /* nothing was agreed on */
}

static void a_signed_negotiate_is_refused(void **state)
{
	(void)state;
	peer.next.flags = SMB2_FLAGS_SIGNED;
	ask_negotiate(0);
	expect_one(STATUS_INVALID_PARAMETER);
}

static void negotiate_comes_alone(void **state)
{
	(void)state;
	ask_negotiate(0);
	ask_empty(SMB2_ECHO);
	peer_send();
	assert_true(peer.is_closed || peer.answers[0].header.status == STATUS_INVALID_PARAMETER);
}

/* ---- SMB1 NEGOTIATE ---- */

static void open_as_smb1(const char *dialects, size_t bytes)
{
	struct wire_writer w = { 0 };

	smb1_negotiate_encode(&w);
	w.len -= 2 + 22; /* as many bytes as our own list of dialects has */
	wire_put_u16le(&w, (uint16_t)bytes);
	wire_put_bytes(&w, dialects, bytes);
	peer_send_bytes(w.data, w.len);
	wire_writer_fini(&w);
}

#define NT_LM   "\2NT LM 0.12\0"
#define SMB2002 "\2SMB 2.002\0"
#define SMB2ANY "\2SMB 2.???\0"

static void take_negotiated(uint16_t dialect)
{
	struct answer *a = &peer.answers[0];

	expect_answers(1);
	expect_status(0, STATUS_SUCCESS);
	assert_int_equal(a->header.command, SMB2_NEGOTIATE);
	assert_int_equal(a->header.message_id, 0);
	assert_int_equal(a->header.credits, 1);
	wire_skip(&a->message, SMB2_HEADER_BYTES + 2 + 2);
	assert_int_equal(wire_get_u16(&a->message), dialect);
	peer.next.message_id = 1;
}

static void an_smb1_negotiate_leads_to_an_smb2_negotiate(void **state)
{
	static const char dialects[] = NT_LM SMB2002 SMB2ANY;

	(void)state;
	open_as_smb1(dialects, sizeof dialects - 1);
	take_negotiated(SMB2_DIALECT_WILDCARD);
	negotiate(0);
	assert_int_equal(peer.agreed.dialect, SMB2_DIALECT_311);
	log_on(); /* 3.3.5.4: the preauthentication hash begins with the SMB2 one */
}

static void an_smb1_negotiate_with_2_0_2_only_agrees_on_2_0_2(void **state)
{
	static const char dialects[] = NT_LM SMB2002;

	(void)state;
	open_as_smb1(dialects, sizeof dialects - 1);
	take_negotiated(SMB2_DIALECT_202);
	peer.agreed.dialect = SMB2_DIALECT_202;
	log_on();
	connect_tree();
	ask_negotiate(0);
	expect_closed();
}

static void smb1_only_is_refused(void **state)
{
	static const char dialects[] = NT_LM;

	(void)state;
	open_as_smb1(dialects, sizeof dialects - 1);
	assert_true(peer.is_closed);
	assert_int_equal(peer.answer_count, 0);
}

static void smb1_after_smb2_is_refused(void **state)
{
	static const char dialects[] = SMB2ANY;

	(void)state;
	negotiate(0);
	open_as_smb1(dialects, sizeof dialects - 1);
	assert_true(peer.is_closed);
}

static void a_second_smb1_negotiate_ends_the_connection(void **state)
{
	static const char dialects[] = SMB2ANY;

	(void)state;
	open_as_smb1(dialects, sizeof dialects - 1);
	take_negotiated(SMB2_DIALECT_WILDCARD);
	open_as_smb1(dialects, sizeof dialects - 1);
	assert_true(peer.is_closed);
}

static void after_an_smb1_negotiate_only_negotiate_is_answered(void **state)
{
	static const char dialects[] = SMB2ANY;

	(void)state;
	open_as_smb1(dialects, sizeof dialects - 1);
	take_negotiated(SMB2_DIALECT_WILDCARD);
	ask_session_setup("token", 0, 0);
	expect_closed();
}

static void a_message_that_is_not_smb_ends_the_connection(void **state)
{
	static const char *const openings[] = { "GET / HTTP/1.1\r\n",
		                                "\xFE"
		                                "SMC",
		                                "\xFC"
		                                "SMB____",
		                                "\xFE"
		                                "SMB",
		                                "\xFF"
		                                "SMB" };

	(void)state;
	for (size_t i = 0; i < COUNT(openings); i++) {
		peer_send_bytes(openings[i], strlen(openings[i]));
		assert_true(peer.is_closed);
		assert_int_equal(peer.answer_count, 0);
		peer_begin_anew();
	}
}

/* The length of a frame arrives. Returns whether that ends the connection. */
static bool prefix_ends_connection(size_t length)
{
	size_t room;
	uint8_t *to = smb2_server_space(server, &room);

	for (unsigned i = 0; i < SMB2_FRAME_PREFIX_BYTES; i++)
		to[i] = (uint8_t)(length >> (24 - 8 * i));
	smb2_server_received(server, SMB2_FRAME_PREFIX_BYTES, SERVER_TIME);
	peer_listen();
	return peer.is_closed;
}

static void a_frame_that_is_too_long_ends_the_connection_at_its_prefix(void **state)
{
	(void)state;
	assert_true(prefix_ends_connection(SMB2_MAX_NEGOTIATE_BYTES + 1));
	peer_begin_anew();
	assert_false(prefix_ends_connection(SMB2_MAX_NEGOTIATE_BYTES));
}

static void a_frame_may_be_longer_once_the_client_has_negotiated(void **state)
{
	(void)state;
	negotiate(SMB2_DIALECT_311);
	assert_false(prefix_ends_connection(SMB2_MAX_FRAME_BYTES));
	peer_begin_anew();
	negotiate(SMB2_DIALECT_311);
	assert_true(prefix_ends_connection(SMB2_MAX_FRAME_BYTES + 1));
}

/* ---- VALIDATE_NEGOTIATE_INFO ---- */

/* What the client believes to have offered, with one bit changed; changed: SIZE_MAX for none. */
static void ask_validation(size_t changed, uint32_t max_bytes)
{
	struct smb2_negotiate_request said = { .only_dialect = peer.agreed.dialect };
	struct wire_writer input = { 0 };

	memset(said.client_guid, 0x17, sizeof said.client_guid);
	smb2_negotiate_offer_encode(&input, &said);
	if (changed < input.len)
		input.data[changed] ^= 2;
	ask_ioctl(FSCTL_VALIDATE_NEGOTIATE_INFO, same_file, input.data, input.len, max_bytes);
	wire_writer_fini(&input);
}

static void validation_confirms_what_was_negotiated(void **state)
{
	(void)state;
	for (size_t i = 0; i < SMB2_DIALECT_COUNT - 1; i++) {
		begin_with_pipe(smb2_dialects[i]);
		ask_validation(SIZE_MAX, SMB2_VALIDATE_RESPONSE_BYTES);
		expect_one(STATUS_SUCCESS);
		smb2_validate_response_check(&peer.answers[0].message, &peer.agreed);
		assert_null(peer.answers[0].message.error);
		assert_true(peer.answers[0].is_signed);
		peer_begin_anew();
	}
}

static void a_validation_that_differs_ends_the_connection(void **state)
{
	static const size_t fields[] = { 0, 4, 19, 20, 22, 24 }; /* to DialectCount, Dialects */

	(void)state;
	for (size_t i = 0; i < COUNT(fields); i++) {
		begin_with_pipe(SMB2_DIALECT_302);
		ask_validation(fields[i], SMB2_VALIDATE_RESPONSE_BYTES);
		expect_closed();
		peer_begin_anew();
	}
}

static void validation_without_room_for_its_answer_ends_the_connection(void **state)
{
	(void)state;
	begin_with_pipe(SMB2_DIALECT_302);
	ask_validation(SIZE_MAX, SMB2_VALIDATE_RESPONSE_BYTES - 1);
	expect_closed();
}

static void validation_at_3_1_1_ends_the_connection(void **state)
{
	(void)state;
	begin_with_pipe(SMB2_DIALECT_311);
	ask_validation(SIZE_MAX, SMB2_VALIDATE_RESPONSE_BYTES);
	expect_closed();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, peer_set_up, peer_tear_down)

TEST_GROUP(smb2_server_negotiation)
{
	const struct CMUnitTest tests[] = {
		TEST(every_dialect_is_supported_and_the_latest_is_preferred),
		TEST(the_negotiate_response_has_the_guid_and_requires_signing),
		TEST(a_cipher_is_agreed_on_unless_encryption_is_off),
		TEST(a_second_negotiate_ends_the_connection),
		TEST(no_request_is_answered_before_negotiate),
		TEST(a_negotiate_without_a_supported_dialect_is_refused),
		TEST(a_signed_negotiate_is_refused),
		TEST(negotiate_comes_alone),
		TEST(an_smb1_negotiate_leads_to_an_smb2_negotiate),
		TEST(an_smb1_negotiate_with_2_0_2_only_agrees_on_2_0_2),
		TEST(smb1_only_is_refused),
		TEST(smb1_after_smb2_is_refused),
		TEST(a_second_smb1_negotiate_ends_the_connection),
		TEST(after_an_smb1_negotiate_only_negotiate_is_answered),
		TEST(a_message_that_is_not_smb_ends_the_connection),
		TEST(a_frame_that_is_too_long_ends_the_connection_at_its_prefix),
		TEST(a_frame_may_be_longer_once_the_client_has_negotiated),
		TEST(validation_confirms_what_was_negotiated),
		TEST(a_validation_that_differs_ends_the_connection),
		TEST(validation_without_room_for_its_answer_ends_the_connection),
		TEST(validation_at_3_1_1_ends_the_connection),
	};

	return cmocka_run_group_tests_name("the SMB server's NEGOTIATE", tests, NULL, NULL);
}
