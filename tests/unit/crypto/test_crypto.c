/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "crypto/crypto.h"
#include "group.h"
#include "recording.h"

#define FRAME_PREFIX_BYTES 4
#define SIGNATURE_AT       48
#define HEADER_BYTES       64
#define COUNT(array)       (sizeof(array) / sizeof *(array))

static size_t from_hex(const char *hex, uint8_t *to)
{
	size_t bytes = strlen(hex) / 2;

	for (size_t i = 0; i < bytes; i++) {
		unsigned value;

		assert_int_equal(sscanf(hex + 2 * i, "%2x", &value), 1);
		to[i] = (uint8_t)value;
	}
	return bytes;
}

/* The recording's next frame without its prefix; NULL behind the last one. */
static const uint8_t *next_frame(const struct recording *r, size_t *at, size_t *bytes)
{
	const uint8_t *frame;

	if (*at == r->bytes)
		return NULL;
	frame = r->data + *at + FRAME_PREFIX_BYTES;
	*bytes = (size_t)frame[-2] << 8 | frame[-1];
	*at += FRAME_PREFIX_BYTES + *bytes;
	return frame;
}

/* ---- published vectors ---- */

struct vector {
	const char *key, *nonce, *message, *code;
};

static void check_vector(enum crypto_mac_algorithm algorithm, const struct vector *v)
{
	uint8_t key[CRYPTO_MAC_KEY_BYTES] = { 0 }, nonce[CRYPTO_MAC_NONCE_BYTES] = { 0 };
	uint8_t message[64], expected[CRYPTO_MAC_BYTES], code[CRYPTO_MAC_BYTES];
	struct crypto_span span = { message, from_hex(v->message, message) };
	struct crypto_mac *mac;

	from_hex(v->key, key);
	from_hex(v->nonce, nonce);
	from_hex(v->code, expected);
	mac = crypto_mac_new(algorithm, key);
	assert_non_null(mac);
	assert_true(crypto_mac_compute(mac, nonce, &span, 1, code));
	assert_memory_equal(code, expected, sizeof code);
	crypto_mac_free(mac);
}

static void aes_cmac_agrees_with_rfc_4493(void **state)
{
#define KEY "2b7e151628aed2a6abf7158809cf4f3c"
	static const struct vector vectors[] = {
		{ KEY, "", "", "bb1d6929e95937287fa37d129b756746" },
		{ KEY, "", "6bc1bee22e409f96e93d7e117393172a", "070a16b46b4d4144f79bdd9dd04a287c" },
		{ KEY, "",
		  "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
		  "30c81c46a35ce411",
		  "dfa66747de9ae63030ca32611497c827" },
		{ KEY, "",
		  "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
		  "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710",
		  "51f0bebf7e3b9d92fc49741779363cfe" },
	};
#undef KEY

	(void)state;
	for (size_t i = 0; i < COUNT(vectors); i++)
		check_vector(CRYPTO_AES_CMAC, &vectors[i]);
}

/* Test case 2: its key "Jefe" is as good as the same with the zeros that HMAC appends. */
static void hmac_sha256_is_rfc_4231_cut_to_16_bytes(void **state)
{
	static const struct vector vector = {
		"4a656665",
		"",
		"7768617420646f2079612077616e7420666f72206e6f7468696e673f",
		"5bdcc146bf60754e6a042426089575c7",
	};

	(void)state;
	check_vector(CRYPTO_HMAC_SHA256, &vector);
}

/* The first is test case 1 of the GCM specification, the second of gcmEncryptExtIV128.rsp. */
static void aes_gmac_agrees_with_nist_gcm(void **state)
{
	static const struct vector vectors[] = {
		{ "00000000000000000000000000000000", "000000000000000000000000", "",
		  "58e2fccefa7e3061367f1d57a4e7455a" },
		{ "77be63708971c4e240d1cb79e8d77feb", "e0e00f19fed7ba0136a797f3",
		  "7a43ec1d9c0a5a78a0b16533a6213cab", "209fcc8d3675ed938e9c7166709dd946" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(vectors); i++)
		check_vector(CRYPTO_AES_GMAC, &vectors[i]);
}

/* ---- recordings ---- */

static const struct sample {
	const char *name;
	enum crypto_mac_algorithm algorithm;
} samples[] = {
	{ "signing-hmac-sha256-2.0.2", CRYPTO_HMAC_SHA256 },
	{ "signing-hmac-sha256-2.1", CRYPTO_HMAC_SHA256 },
	{ "signing-hmac-sha256-3.1.1", CRYPTO_HMAC_SHA256 },
	{ "signing-aes-cmac-3.0", CRYPTO_AES_CMAC },
	{ "signing-aes-cmac-3.0.2", CRYPTO_AES_CMAC },
	{ "signing-aes-cmac-3.1.1", CRYPTO_AES_CMAC },
	{ "signing-aes-gmac-3.1.1", CRYPTO_AES_GMAC },
};

static void load_key(const char *name, const char *key, uint8_t *to, size_t bytes)
{
	assert_int_equal(recording_key(name, key, to, bytes), bytes);
}

/* [MS-SMB2] 3.1.4.1, put together here without src/smb2. */
static void compute_signature(struct crypto_mac *mac, const uint8_t *frame, size_t bytes,
                              uint8_t code[CRYPTO_MAC_BYTES])
{
	static const uint8_t zeros[CRYPTO_MAC_BYTES];
	const struct crypto_span spans[] = {
		{ frame, SIGNATURE_AT },
		{ zeros, sizeof zeros },
		{ frame + HEADER_BYTES, bytes - HEADER_BYTES },
	};
	uint8_t nonce[CRYPTO_MAC_NONCE_BYTES] = { 0 };

	memcpy(nonce, frame + 24, 8);
	nonce[8] = frame[16] & 1;
	assert_true(crypto_mac_compute(mac, nonce, spans, COUNT(spans), code));
}

static void one_key_serves_all_messages_of_a_recorded_session(void **state)
{
	(void)state;
	for (const struct sample *s = samples; s < samples + COUNT(samples); s++) {
		struct recording r = recording_load(s->name);
		uint8_t key[CRYPTO_MAC_KEY_BYTES], code[CRYPTO_MAC_BYTES];
		const uint8_t *frame;
		struct crypto_mac *mac;
		size_t at = 0, bytes, frames = 0;

		load_key(s->name, "signing_key", key, sizeof key);
		mac = crypto_mac_new(s->algorithm, key);
		while ((frame = next_frame(&r, &at, &bytes)) != NULL) {
			compute_signature(mac, frame, bytes, code);
			assert_memory_equal(code, frame + SIGNATURE_AT, sizeof code);
			frames++;
		}
		assert_int_equal(frames, 4);
		crypto_mac_free(mac);
		recording_free(&r);
	}
}

static void a_used_key_computes_what_a_fresh_one_does(void **state)
{
	static const enum crypto_mac_algorithm all[] = {
		CRYPTO_HMAC_SHA256,
		CRYPTO_AES_CMAC,
		CRYPTO_AES_GMAC,
	};
	static const uint8_t key[CRYPTO_MAC_KEY_BYTES] = "0123456789abcde";
	uint8_t message[100];

	(void)state;
	for (size_t i = 0; i < sizeof message; i++)
		message[i] = (uint8_t)i;
	for (size_t a = 0; a < COUNT(all); a++) {
		struct crypto_mac *used = crypto_mac_new(all[a], key);

		for (size_t bytes = 0; bytes <= sizeof message; bytes++) {
			const struct crypto_span span = { message, bytes };
			const uint8_t nonce[CRYPTO_MAC_NONCE_BYTES] = { (uint8_t)bytes };
			struct crypto_mac *fresh = crypto_mac_new(all[a], key);
			uint8_t code[CRYPTO_MAC_BYTES], expected[CRYPTO_MAC_BYTES];

			assert_true(crypto_mac_compute(used, nonce, &span, 1, code));
			assert_true(crypto_mac_compute(fresh, nonce, &span, 1, expected));
			assert_memory_equal(code, expected, sizeof code);
			crypto_mac_free(fresh);
		}
		crypto_mac_free(used);
	}
}

static void only_gmac_depends_on_the_nonce(void **state)
{
	static const uint8_t key[CRYPTO_MAC_KEY_BYTES] = "0123456789abcde";
	static const uint8_t nonces[2][CRYPTO_MAC_NONCE_BYTES] = { { 1 }, { 2 } };
	static const struct crypto_span span = { "a message", 9 };

	(void)state;
	for (int algorithm = CRYPTO_HMAC_SHA256; algorithm <= CRYPTO_AES_GMAC; algorithm++) {
		struct crypto_mac *mac = crypto_mac_new((enum crypto_mac_algorithm)algorithm, key);
		uint8_t codes[2][CRYPTO_MAC_BYTES];

		for (size_t i = 0; i < 2; i++)
			assert_true(crypto_mac_compute(mac, nonces[i], &span, 1, codes[i]));
		assert_int_equal(crypto_equal(codes[0], codes[1], CRYPTO_MAC_BYTES),
		                 algorithm != CRYPTO_AES_GMAC);
		crypto_mac_free(mac);
	}
}

static void recorded_signing_keys_of_3_0_derive_from_their_session_keys(void **state)
{
	static const char *const names[] = { "signing-aes-cmac-3.0", "signing-aes-cmac-3.0.2" };

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		uint8_t session_key[16], expected[16], key[16];

		load_key(names[i], "session_key", session_key, sizeof session_key);
		load_key(names[i], "signing_key", expected, sizeof expected);
		assert_true(crypto_derive(session_key, sizeof session_key, "SMB2AESCMAC", 12,
		                          "SmbSign", 8, key, sizeof key));
		assert_memory_equal(key, expected, sizeof key);
	}
}

static const char *const names_311[] = {
	"signing-hmac-sha256-3.1.1",
	"signing-aes-cmac-3.1.1",
	"signing-aes-gmac-3.1.1",
};

static void recorded_signing_keys_of_3_1_1_derive_from_the_preauth_hash(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names_311); i++) {
		uint8_t session_key[16], preauth[CRYPTO_SHA512_BYTES], expected[16], key[16];

		load_key(names_311[i], "session_key", session_key, sizeof session_key);
		load_key(names_311[i], "preauth", preauth, sizeof preauth);
		load_key(names_311[i], "signing_key", expected, sizeof expected);
		assert_true(crypto_derive(session_key, sizeof session_key, "SMBSigningKey", 14,
		                          preauth, sizeof preauth, key, sizeof key));
		assert_memory_equal(key, expected, sizeof key);
	}
}

static void the_chain_over_a_recorded_log_on_is_its_preauth_hash(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names_311); i++) {
		uint8_t expected[CRYPTO_SHA512_BYTES], hash[CRYPTO_SHA512_BYTES] = { 0 };
		struct recording r;
		const uint8_t *frame;
		size_t at = 0, bytes;
		char name[64];

		snprintf(name, sizeof name, "%s-logon", names_311[i]);
		r = recording_load(name);
		load_key(name, "preauth", expected, sizeof expected);
		while ((frame = next_frame(&r, &at, &bytes)) != NULL && at < r.bytes)
			assert_true(crypto_sha512_chain(hash, frame, bytes));
		assert_memory_equal(hash, expected, sizeof hash);
		recording_free(&r);
	}
}

static void a_wiped_secret_is_gone(void **state)
{
	static const char zeros[12];
	char secret[12] = "hunter2-abc";

	(void)state;
	crypto_wipe(secret, sizeof secret);
	assert_memory_equal(secret, zeros, sizeof secret);
}

static void random_bytes_are_not_the_same_twice(void **state)
{
	uint8_t first[32] = { 0 }, second[32] = { 0 };

	(void)state;
	assert_true(crypto_random(first, sizeof first));
	assert_true(crypto_random(second, sizeof second));
	assert_memory_not_equal(first, second, sizeof first);
}

TEST_GROUP(crypto)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aes_cmac_agrees_with_rfc_4493),
		cmocka_unit_test(hmac_sha256_is_rfc_4231_cut_to_16_bytes),
		cmocka_unit_test(aes_gmac_agrees_with_nist_gcm),
		cmocka_unit_test(one_key_serves_all_messages_of_a_recorded_session),
		cmocka_unit_test(a_used_key_computes_what_a_fresh_one_does),
		cmocka_unit_test(only_gmac_depends_on_the_nonce),
		cmocka_unit_test(recorded_signing_keys_of_3_0_derive_from_their_session_keys),
		cmocka_unit_test(recorded_signing_keys_of_3_1_1_derive_from_the_preauth_hash),
		cmocka_unit_test(the_chain_over_a_recorded_log_on_is_its_preauth_hash),
		cmocka_unit_test(a_wiped_secret_is_gone),
		cmocka_unit_test(random_bytes_are_not_the_same_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
