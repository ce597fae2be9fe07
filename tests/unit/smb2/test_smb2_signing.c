/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "group.h"
#include "recording.h"
#include "smb2/header.h"
#include "smb2/frames.h"
#include "smb2/signing.h"

#define FLAGS_AT     16
#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct sample {
	const char *name;
	uint16_t dialect;
	enum smb2_signing_algorithm algorithm;
	enum crypto_mac_algorithm mac;
} samples[] = {
	/* Below 3.0 there is HMAC only, whatever algorithm was noted. */
	{ "signing-hmac-sha256-2.0.2", SMB2_DIALECT_202, SMB2_SIGNING_AES_CMAC,
	  CRYPTO_HMAC_SHA256 },
	{ "signing-hmac-sha256-2.1", SMB2_DIALECT_210, SMB2_SIGNING_AES_CMAC, CRYPTO_HMAC_SHA256 },
	{ "signing-hmac-sha256-3.1.1", SMB2_DIALECT_311, SMB2_SIGNING_HMAC_SHA256,
	  CRYPTO_HMAC_SHA256 },
	{ "signing-aes-cmac-3.0", SMB2_DIALECT_300, SMB2_SIGNING_AES_CMAC, CRYPTO_AES_CMAC },
	{ "signing-aes-cmac-3.0.2", SMB2_DIALECT_302, SMB2_SIGNING_AES_CMAC, CRYPTO_AES_CMAC },
	{ "signing-aes-cmac-3.1.1", SMB2_DIALECT_311, SMB2_SIGNING_AES_CMAC, CRYPTO_AES_CMAC },
	{ "signing-aes-gmac-3.1.1", SMB2_DIALECT_311, SMB2_SIGNING_AES_GMAC, CRYPTO_AES_GMAC },
};

static struct crypto_mac *session_signing_key(const struct sample *s)
{
	struct smb2_session_key session_key = { .bytes = SMB2_SESSION_KEY_BYTES };
	uint8_t preauth[CRYPTO_SHA512_BYTES] = { 0 };
	struct crypto_mac *key;

	assert_int_equal(
		recording_key(s->name, "session_key", session_key.data, sizeof session_key.data),
		session_key.bytes);
	if (s->dialect == SMB2_DIALECT_311)
		assert_int_equal(recording_key(s->name, "preauth", preauth, sizeof preauth),
		                 sizeof preauth);
	key = smb2_signing_key_new(s->dialect, s->algorithm, &session_key, preauth);
	assert_non_null(key);
	return key;
}

/* Calls check with a copy of each message of each recording, and the key of its session. Gives
 * the number of messages. */
static size_t for_each_message(void (*check)(struct crypto_mac *key, uint8_t *message,
                                             size_t bytes))
{
	size_t count = 0;

	for (const struct sample *s = samples; s < samples + COUNT(samples); s++) {
		struct recording r = recording_load(s->name);
		struct smb2_frames frames = { .data = r.data, .end = r.bytes, .cap = r.bytes };
		struct crypto_mac *key = session_signing_key(s);
		enum session_packet type;
		uint8_t *message;
		size_t bytes;

		for (; smb2_frames_next(&frames, &type, &message, &bytes); count++) {
			struct recording original = { (uint8_t *)(uintptr_t)message, bytes };
			uint8_t *copy = recording_cut(&original, bytes);

			check(key, copy, bytes);
			free(copy);
		}
		crypto_mac_free(key);
		recording_free(&r);
	}
	return count;
}

static void the_key_of_each_recorded_session_is_the_one_that_its_server_used(void **state)
{
	static const uint8_t nonce[CRYPTO_MAC_NONCE_BYTES] = { 1 };
	static const struct crypto_span span = { "some message", 12 };

	(void)state;
	for (const struct sample *s = samples; s < samples + COUNT(samples); s++) {
		uint8_t stated[CRYPTO_MAC_KEY_BYTES], ours[CRYPTO_MAC_BYTES],
			theirs[CRYPTO_MAC_BYTES];
		struct crypto_mac *key = session_signing_key(s), *expected;

		assert_int_equal(recording_key(s->name, "signing_key", stated, sizeof stated),
		                 sizeof stated);
		expected = crypto_mac_new(s->mac, stated);
		assert_true(crypto_mac_compute(key, nonce, &span, 1, ours));
		assert_true(crypto_mac_compute(expected, nonce, &span, 1, theirs));
		assert_memory_equal(ours, theirs, sizeof ours);
		crypto_mac_free(expected);
		crypto_mac_free(key);
	}
}

static void expect_valid(struct crypto_mac *key, uint8_t *message, size_t bytes)
{
	assert_true(smb2_signature_holds(key, message, bytes));
}

static void every_recorded_message_verifies(void **state)
{
	(void)state;
	assert_int_equal(for_each_message(expect_valid), 4 * COUNT(samples));
}

static void expect_one_flipped_bit_to_show(struct crypto_mac *key, uint8_t *message, size_t bytes)
{
	for (size_t at = 0; at < bytes; at++) {
		uint8_t bit = (uint8_t)(1 << at % 8);

		message[at] ^= bit;
		assert_false(smb2_signature_holds(key, message, bytes));
		message[at] ^= bit;
	}
	expect_valid(key, message, bytes);
}

static void one_flipped_bit_anywhere_shows(void **state)
{
	(void)state;
	for_each_message(expect_one_flipped_bit_to_show);
}

static void expect_a_missing_end_to_show(struct crypto_mac *key, uint8_t *message, size_t bytes)
{
	for (size_t cut = SMB2_HEADER_BYTES; cut < bytes; cut++)
		assert_false(smb2_signature_holds(key, message, cut));
}

static void a_missing_end_shows(void **state)
{
	(void)state;
	for_each_message(expect_a_missing_end_to_show);
}

static void expect_the_flag_to_be_needed(struct crypto_mac *key, uint8_t *message, size_t bytes)
{
	message[FLAGS_AT] &= (uint8_t)~SMB2_FLAGS_SIGNED;
	assert_false(smb2_signature_holds(key, message, bytes));
	memset(message + SMB2_SIGNATURE_AT, 0, SMB2_SIGNATURE_BYTES);
	assert_false(smb2_signature_holds(key, message, bytes));
}

static void an_unsigned_message_is_refused(void **state)
{
	(void)state;
	for_each_message(expect_the_flag_to_be_needed);
}

/* A code that holds for the message as it is, flag and all, but for the flag's meaning. */
static void a_right_code_without_the_signed_flag_is_refused(void **state)
{
	const struct sample *s = &samples[0]; /* HMAC over the message with a zeroed signature */
	struct crypto_mac *key = session_signing_key(s);
	uint8_t message[SMB2_HEADER_BYTES] = { 0xFE, 'S', 'M', 'B' };
	const struct crypto_span span = { message, sizeof message };
	uint8_t code[CRYPTO_MAC_BYTES];

	(void)state;
	assert_true(crypto_mac_compute(key, message, &span, 1, code));
	memcpy(message + SMB2_SIGNATURE_AT, code, sizeof code);
	assert_false(smb2_signature_holds(key, message, sizeof message));
	crypto_mac_free(key);
}

static void expect_the_same_signature(struct crypto_mac *key, uint8_t *message, size_t bytes)
{
	uint8_t recorded[SMB2_SIGNATURE_BYTES];

	memcpy(recorded, message + SMB2_SIGNATURE_AT, sizeof recorded);
	memset(message + SMB2_SIGNATURE_AT, 0, sizeof recorded);
	message[FLAGS_AT] &= (uint8_t)~SMB2_FLAGS_SIGNED;
	assert_true(smb2_sign(key, message, bytes));
	assert_memory_equal(message + SMB2_SIGNATURE_AT, recorded, sizeof recorded);
	assert_true(message[FLAGS_AT] & SMB2_FLAGS_SIGNED);
}

static void signing_again_gives_the_recorded_signature(void **state)
{
	(void)state;
	for_each_message(expect_the_same_signature);
}

static void the_key_of_one_session_does_not_open_another(void **state)
{
	struct recording r = recording_load(samples[0].name);
	struct crypto_mac *key = session_signing_key(&samples[1]);
	struct smb2_frames frames = { .data = r.data, .end = r.bytes, .cap = r.bytes };
	enum session_packet type;
	uint8_t *message;
	size_t bytes;

	(void)state;
	while (smb2_frames_next(&frames, &type, &message, &bytes))
		assert_false(smb2_signature_holds(key, message, bytes));
	crypto_mac_free(key);
	recording_free(&r);
}

/* 3.1.4.1: the nonce of a CANCEL, whose message id is that of what it cancels, has a bit more. The
 * signature was made by Python's cryptography: AES-GCM over nothing, with the message beside it,
 * and a nonce of the message id and 2. */
static void a_cancel_is_signed_with_a_nonce_of_its_own(void **state)
{
	static const uint8_t key_bytes[CRYPTO_MAC_KEY_BYTES] = { 0, 1, 2,  3,  4,  5,  6,  7,
		                                                 8, 9, 10, 11, 12, 13, 14, 15 };
	static const uint8_t expected[SMB2_SIGNATURE_BYTES] = { 0x2d, 0xed, 0x93, 0x2d, 0xb3, 0x53,
		                                                0x69, 0x90, 0x8c, 0x3c, 0x6b, 0x7d,
		                                                0x16, 0x8f, 0x0b, 0xd2 };
	const struct smb2_header cancel = { .credit_charge = 1,
		                            .command = SMB2_CANCEL,
		                            .message_id = 7,
		                            .session_id = 0x1122334455667788 };
	struct crypto_mac *key = crypto_mac_new(CRYPTO_AES_GMAC, key_bytes);
	struct wire_writer w = { 0 };

	(void)state;
	smb2_header_encode(&w, &cancel);
	smb2_empty_body_encode(&w);
	assert_true(smb2_sign(key, w.data, w.len));
	assert_memory_equal(w.data + SMB2_SIGNATURE_AT, expected, sizeof expected);
	assert_true(smb2_signature_holds(key, w.data, w.len));
	wire_writer_fini(&w);
	crypto_mac_free(key);
}

TEST_GROUP(smb2_signing)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_key_of_each_recorded_session_is_the_one_that_its_server_used),
		cmocka_unit_test(every_recorded_message_verifies),
		cmocka_unit_test(one_flipped_bit_anywhere_shows),
		cmocka_unit_test(a_missing_end_shows),
		cmocka_unit_test(an_unsigned_message_is_refused),
		cmocka_unit_test(a_right_code_without_the_signed_flag_is_refused),
		cmocka_unit_test(signing_again_gives_the_recorded_signature),
		cmocka_unit_test(the_key_of_one_session_does_not_open_another),
		cmocka_unit_test(a_cancel_is_signed_with_a_nonce_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
