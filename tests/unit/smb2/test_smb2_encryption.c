/* SPDX-License-Identifier: MIT */
/* Encrypted messages, against those that rpcclient and smbd exchanged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "group.h"
#include "recording.h"
#include "smb2/frames.h"
#include "smb2/encryption.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define NONCE_AT     20
#define SIGNATURE_AT 4
#define SESSION_AT   44

static const struct sample {
	const char *name;
	uint16_t dialect;
	enum smb2_cipher cipher;
	enum crypto_cipher primitive;
} samples[] = {
	{ "sealing-aes-128-ccm-3.0", SMB2_DIALECT_300, SMB2_AES_128_CCM, CRYPTO_AES_128_CCM },
	{ "sealing-aes-128-ccm-3.1.1", SMB2_DIALECT_311, SMB2_AES_128_CCM, CRYPTO_AES_128_CCM },
	{ "sealing-aes-128-gcm-3.1.1", SMB2_DIALECT_311, SMB2_AES_128_GCM, CRYPTO_AES_128_GCM },
	{ "sealing-aes-256-ccm-3.1.1", SMB2_DIALECT_311, SMB2_AES_256_CCM, CRYPTO_AES_256_CCM },
	{ "sealing-aes-256-gcm-3.1.1", SMB2_DIALECT_311, SMB2_AES_256_GCM, CRYPTO_AES_256_GCM },
};

/* A recorded exchange: a request and its response, and the session's ends. */
struct exchange {
	struct recording recording;
	uint8_t *request, *response;
	size_t request_bytes, response_bytes;
	uint64_t session_id;
	struct smb2_encryption *client;
	struct smb2_encryption *server;
	struct crypto_aead *to_server; /* with the key that smbd dumped */
};

static uint64_t get_u64(const uint8_t *at)
{
	struct wire_reader r;

	wire_reader_init(&r, at, 8);
	return wire_get_u64(&r);
}

static struct exchange open_exchange(const struct sample *s)
{
	struct exchange x = { .recording = recording_load(s->name) };
	struct smb2_frames frames = { .data = x.recording.data,
		                      .end = x.recording.bytes,
		                      .cap = x.recording.bytes };
	enum session_packet type;
	uint8_t preauth[CRYPTO_SHA512_BYTES] = { 0 }, key[CRYPTO_MAX_CIPHER_KEY_BYTES];
	struct smb2_session_key session_key = { .bytes = 16 };

	assert_true(smb2_frames_next(&frames, &type, &x.request, &x.request_bytes));
	assert_true(smb2_frames_next(&frames, &type, &x.response, &x.response_bytes));
	x.session_id = get_u64(x.request + SESSION_AT);
	assert_int_equal(recording_key(s->name, "session_key", session_key.data, 64), 16);
	if (s->dialect == SMB2_DIALECT_311)
		assert_int_equal(recording_key(s->name, "preauth", preauth, 64), 64);
	assert_int_equal(recording_key(s->name, "key_client_to_server", key, sizeof key),
	                 crypto_cipher_key_bytes(s->primitive));
	x.client = smb2_encryption_new(SMB2_CLIENT, s->dialect, s->cipher, &session_key, preauth);
	x.server = smb2_encryption_new(SMB2_SERVER, s->dialect, s->cipher, &session_key, preauth);
	x.to_server = crypto_aead_new(s->primitive, key);
	assert_non_null(x.client);
	assert_non_null(x.server);
	assert_non_null(x.to_server);
	return x;
}

static void close_exchange(struct exchange *x)
{
	smb2_encryption_free(x->client);
	smb2_encryption_free(x->server);
	crypto_aead_free(x->to_server);
	recording_free(&x->recording);
}

/* Opens a message to the server with the key that smbd dumped. */
static bool server_opens(struct exchange *x, uint8_t *message, size_t bytes)
{
	const struct crypto_span open = { message + NONCE_AT,
		                          SMB2_TRANSFORM_HEADER_BYTES - NONCE_AT };

	return crypto_aead_open(x->to_server, message + NONCE_AT, open,
	                        message + SMB2_TRANSFORM_HEADER_BYTES,
	                        bytes - SMB2_TRANSFORM_HEADER_BYTES, message + SIGNATURE_AT);
}

static void assert_is_plain(const struct sample *s, const char *which, const uint8_t *plain,
                            size_t bytes)
{
	uint8_t expected[1024];

	assert_int_equal(recording_key(s->name, which, expected, sizeof expected), bytes);
	assert_memory_equal(plain, expected, bytes);
}

static void recorded_answers_are_decrypted(void **state)
{
	(void)state;
	for (const struct sample *s = samples; s < samples + COUNT(samples); s++) {
		struct exchange x = open_exchange(s);
		uint8_t *plain;
		size_t bytes;

		assert_null(smb2_decrypt(x.client, x.session_id, x.response, x.response_bytes,
		                         &plain, &bytes));
		assert_is_plain(s, "plain_response", plain, bytes);
		close_exchange(&x);
	}
}

static void a_server_decrypts_recorded_requests(void **state)
{
	(void)state;
	for (const struct sample *s = samples; s < samples + COUNT(samples); s++) {
		struct exchange x = open_exchange(s);
		uint64_t session_id;
		uint8_t *plain;
		size_t bytes;

		assert_true(smb2_encrypted_session_id(x.request, x.request_bytes, &session_id));
		assert_int_equal(session_id, x.session_id);
		assert_null(smb2_decrypt(x.server, session_id, x.request, x.request_bytes, &plain,
		                         &bytes));
		assert_is_plain(s, "plain_request", plain, bytes);
		close_exchange(&x);
	}
}

static void what_a_server_encrypts_only_its_client_can_read(void **state)
{
	(void)state;
	for (const struct sample *s = samples; s < samples + COUNT(samples); s++) {
		struct exchange x = open_exchange(s);
		struct wire_writer w = { 0 };
		uint8_t *plain, *copy;
		size_t bytes;

		wire_put_bytes(&w, "a plain message", 15);
		assert_true(smb2_encrypt(x.server, x.session_id, &w, 0));
		copy = malloc(w.len);
		memcpy(copy, w.data, w.len);
		assert_non_null(smb2_decrypt(x.server, x.session_id, copy, w.len, &plain, &bytes));
		assert_null(smb2_decrypt(x.client, x.session_id, w.data, w.len, &plain, &bytes));
		assert_int_equal(bytes, 15);
		assert_memory_equal(plain, "a plain message", 15);
		free(copy);
		wire_writer_fini(&w);
		close_exchange(&x);
	}
}

static void only_a_whole_transform_header_has_a_session(void **state)
{
	struct exchange x = open_exchange(&samples[0]);
	uint64_t session_id;

	(void)state;
	for (size_t bytes = 0; bytes < SMB2_TRANSFORM_HEADER_BYTES; bytes++)
		assert_false(smb2_encrypted_session_id(x.request, bytes, &session_id));
	assert_true(smb2_encrypted_session_id(x.request, SMB2_TRANSFORM_HEADER_BYTES, &session_id));
	x.request[0] = 0xFE;
	assert_false(smb2_encrypted_session_id(x.request, x.request_bytes, &session_id));
	close_exchange(&x);
}

static void recorded_requests_are_encrypted_as_rpcclient_did(void **state)
{
	(void)state;
	for (const struct sample *s = samples; s < samples + COUNT(samples); s++) {
		struct exchange x = open_exchange(s);
		uint8_t *text = x.request + SMB2_TRANSFORM_HEADER_BYTES, tag[CRYPTO_TAG_BYTES];
		size_t bytes = x.request_bytes - SMB2_TRANSFORM_HEADER_BYTES;
		const struct crypto_span open = { x.request + NONCE_AT,
			                          SMB2_TRANSFORM_HEADER_BYTES - NONCE_AT };
		uint8_t *recorded = recording_cut(&x.recording, x.recording.bytes);

		assert_true(server_opens(&x, x.request, x.request_bytes));
		assert_is_plain(s, "plain_request", text, bytes);
		assert_true(crypto_aead_seal(x.to_server, x.request + NONCE_AT, open, text, bytes,
		                             tag));
		assert_memory_equal(tag, x.request + SIGNATURE_AT, sizeof tag);
		assert_memory_equal(x.recording.data, recorded, x.recording.bytes);
		free(recorded);
		close_exchange(&x);
	}
}

static void what_we_encrypt_the_server_reads_each_with_its_own_nonce(void **state)
{
	(void)state;
	for (const struct sample *s = samples; s < samples + COUNT(samples); s++) {
		struct exchange x = open_exchange(s);
		uint64_t nonce_before = 0;

		for (int i = 0; i < 3; i++) {
			struct wire_writer w = { 0 };

			wire_put_bytes(&w, "before", 6);
			wire_put_bytes(&w, "a plain message", 15);
			assert_true(smb2_encrypt(x.client, x.session_id, &w, 6));
			assert_memory_equal(w.data, "before\xFDSMB", 10);
			assert_int_not_equal(get_u64(w.data + 6 + NONCE_AT), nonce_before);
			nonce_before = get_u64(w.data + 6 + NONCE_AT);
			assert_true(server_opens(&x, w.data + 6, w.len - 6));
			assert_memory_equal(w.data + w.len - 15, "a plain message", 15);
			wire_writer_fini(&w);
		}
		close_exchange(&x);
	}
}

/* Whether a copy of the response opens after one byte of it was changed. */
static bool opens_changed(struct exchange *x, size_t at, uint8_t change)
{
	uint8_t *copy = malloc(x->response_bytes), *plain;
	const char *why;
	size_t bytes;

	memcpy(copy, x->response, x->response_bytes);
	copy[at] ^= change;
	why = smb2_decrypt(x->client, x->session_id, copy, x->response_bytes, &plain, &bytes);
	free(copy);
	return why == NULL;
}

static void one_changed_bit_anywhere_is_noticed(void **state)
{
	(void)state;
	for (const struct sample *s = samples; s < samples + COUNT(samples); s++) {
		struct exchange x = open_exchange(s);

		assert_true(opens_changed(&x, 0, 0));
		for (size_t at = 0; at < x.response_bytes; at++)
			for (unsigned bit = 0; bit < 8; bit++)
				if (opens_changed(&x, at, (uint8_t)(1 << bit)))
					fail_msg("%s: byte %zu bit %u", s->name, at, bit);
		close_exchange(&x);
	}
}

static void every_truncation_is_noticed(void **state)
{
	(void)state;
	for (const struct sample *s = samples; s < samples + COUNT(samples); s++) {
		struct exchange x = open_exchange(s);

		for (size_t cut = 0; cut < x.response_bytes; cut++) {
			uint8_t *copy = malloc(cut > 0 ? cut : 1), *plain;
			size_t bytes;

			memcpy(copy, x.response, cut);
			assert_non_null(
				smb2_decrypt(x.client, x.session_id, copy, cut, &plain, &bytes));
			free(copy);
		}
		close_exchange(&x);
	}
}

static void another_sessions_answer_is_refused(void **state)
{
	struct exchange x = open_exchange(&samples[0]);
	uint8_t *plain;
	size_t bytes;

	(void)state;
	assert_non_null(smb2_decrypt(x.client, x.session_id + 1, x.response, x.response_bytes,
	                             &plain, &bytes));
	close_exchange(&x);
}

TEST_GROUP(smb2_encryption)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_answers_are_decrypted),
		cmocka_unit_test(a_server_decrypts_recorded_requests),
		cmocka_unit_test(what_a_server_encrypts_only_its_client_can_read),
		cmocka_unit_test(only_a_whole_transform_header_has_a_session),
		cmocka_unit_test(recorded_requests_are_encrypted_as_rpcclient_did),
		cmocka_unit_test(what_we_encrypt_the_server_reads_each_with_its_own_nonce),
		cmocka_unit_test(one_changed_bit_anywhere_is_noticed),
		cmocka_unit_test(every_truncation_is_noticed),
		cmocka_unit_test(another_sessions_answer_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
