/* SPDX-License-Identifier: MIT */
/* NEGOTIATE as a server reads, chooses and answers it: [MS-SMB2] 3.3.5.3, 3.3.5.4, 3.3.5.15.12. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "group.h"
#include "recorded_message.h"
#include "smb2/ioctl.h"
#include "smb2/negotiate_choice.h"
#include "smb2/server_guid.h"
#include "smb2/smb1_negotiate.h"
#include "smb2/status.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Sets of algorithms. */
#define BIT(n) (1u << (n))
#define ALL_CIPHERS                                                              \
	(BIT(SMB2_AES_128_CCM) | BIT(SMB2_AES_128_GCM) | BIT(SMB2_AES_256_CCM) | \
	 BIT(SMB2_AES_256_GCM))
#define ALL_SIGNING \
	(BIT(SMB2_SIGNING_HMAC_SHA256) | BIT(SMB2_SIGNING_AES_CMAC) | BIT(SMB2_SIGNING_AES_GMAC))

static struct smb2_negotiate_offer offer_of(const char *name)
{
	struct wire_reader message = recorded_message(name);
	struct smb2_negotiate_offer offer;

	smb2_negotiate_request_decode(&message, &offer);
	assert_null(message.error);
	return offer;
}

/* ---- what is offered ---- */

static const struct sample {
	const char *name;
	unsigned dialects;
	uint32_t capabilities;
	size_t least_bytes; /* of a message that decodes */
} samples[] = {
	{ "rpcclient-4.17-negotiate-request-2.0.2", 0x01, 0, 102 },
	{ "rpcclient-4.17-negotiate-request-2.1", 0x03, 0, 104 },
	{ "rpcclient-4.17-negotiate-request-3.0", 0x07, 0x7f, 106 },
	{ "rpcclient-4.17-negotiate-request-3.0.2", 0x0f, 0x7f, 108 },
	{ "rpcclient-4.17-negotiate-request-3.1.1", 0x1f, 0x7f, 226 },
};

static void recorded_offers_decode_at_every_dialect(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct smb2_negotiate_offer offer = offer_of(samples[i].name);
		bool has_contexts = (offer.dialects & BIT(4)) != 0;

		assert_int_equal(offer.dialects, samples[i].dialects);
		assert_int_equal(offer.security_mode, 3);
		if (samples[i].capabilities != 0)
			assert_int_equal(offer.capabilities, samples[i].capabilities);
		assert_memory_equal(offer.client_guid,
		                    recorded.data + MESSAGE_AT + SMB2_HEADER_BYTES + 12,
		                    SMB2_GUID_BYTES);
		assert_int_equal(offer.has_preauth_sha512, has_contexts);
		assert_int_equal(offer.has_encryption, has_contexts);
		assert_int_equal(offer.has_signing, has_contexts);
		assert_int_equal(offer.ciphers, has_contexts ? ALL_CIPHERS : 0);
		assert_int_equal(offer.signing_algorithms, has_contexts ? ALL_SIGNING : 0);
	}
}

static void expect_failure_below_the_least(struct wire_reader *message, const void *argument)
{
	const struct sample *s = argument;
	size_t bytes = wire_left(message);
	struct smb2_negotiate_offer offer;

	smb2_negotiate_request_decode(message, &offer);
	assert_int_equal(message->error != NULL, bytes < s->least_bytes);
}

static void every_offer_that_ends_early_fails(void **state)
{
	(void)state;
	for (const struct sample *s = samples; s < samples + COUNT(samples); s++) {
		(void)recorded_message(s->name);
		recorded_message_cut(expect_failure_below_the_least, s);
	}
}

static void what_our_client_offers_is_found(void **state)
{
	struct smb2_negotiate_request request = { .client_guid = { 1, 2, 3 }, .salt = { 4 } };
	struct smb2_negotiate_offer offer, validated;
	struct wire_writer w = { 0 };
	struct wire_reader r;

	(void)state;
	wire_put_zeros(&w, SMB2_HEADER_BYTES);
	smb2_negotiate_request_encode(&w, 0, &request);
	wire_reader_init(&r, w.data, w.len);
	smb2_negotiate_request_decode(&r, &offer);
	assert_null(r.error);
	assert_int_equal(offer.dialects, 0x1f);
	assert_int_equal(offer.security_mode, SMB2_NEGOTIATE_SIGNING_REQUIRED);
	assert_int_equal(offer.ciphers, ALL_CIPHERS);
	assert_int_equal(offer.signing_algorithms, ALL_SIGNING);
	assert_true(offer.has_preauth_sha512);
	wire_writer_clear(&w);
	smb2_negotiate_offer_encode(&w, &request);
	wire_reader_init(&r, w.data, w.len);
	smb2_negotiate_offer_decode(&r, &validated);
	assert_null(r.error);
	assert_true(smb2_negotiate_offer_equal(&offer, &validated));
	wire_writer_fini(&w);
}

/* ---- offers that are made up ---- */

/* A NEGOTIATE of 2.1 and 3.1.1 with these contexts, each {type, bytes, hex of its data}. */
struct context {
	uint16_t type, bytes;
	const char *data;
};

static const struct context preauth = { 1, 6, "\1\0\0\0\1\0" };

static const char *offer_error(const struct context contexts[], size_t count,
                               struct smb2_negotiate_offer *offer)
{
	struct wire_writer w = { 0 };
	struct wire_reader r;

	wire_put_zeros(&w, SMB2_HEADER_BYTES);
	wire_put_u16le(&w, 36);
	wire_put_u16le(&w, 2);
	wire_put_zeros(&w, 2 + 2 + 4 + SMB2_GUID_BYTES);
	wire_put_u32le(&w, SMB2_HEADER_BYTES + 40);
	wire_put_u16le(&w, (uint16_t)count);
	wire_put_u16le(&w, 0);
	wire_put_u16le(&w, SMB2_DIALECT_210);
	wire_put_u16le(&w, SMB2_DIALECT_311);
	for (size_t i = 0; i < count; i++) {
		wire_put_padding(&w, 0, 8);
		wire_put_u16le(&w, contexts[i].type);
		wire_put_u16le(&w, contexts[i].bytes);
		wire_put_u32le(&w, 0);
		wire_put_bytes(&w, contexts[i].data, contexts[i].bytes);
	}
	wire_reader_init(&r, w.data, w.len);
	smb2_negotiate_request_decode(&r, offer);
	wire_writer_fini(&w);
	return r.error;
}

static void contexts_that_must_not_occur_twice_fail_and_others_are_ignored(void **state)
{
	static const char twice[] = "a negotiate context occurs twice";
	static const struct context others[] = {
		{ 2, 4, "\1\0\2\0" },
		{ 3, 10, "\1\0\0\0\0\0\0\0\1\0" },
		{ 7, 10, "\1\0\0\0\0\0\0\0\1\0" },
		{ 8, 4, "\1\0\1\0" },
		{ 5, 2, "a" },
		{ 6, 4, "\0\0\0\0" },
		{ 0x100, 8, "12345678" },
		{ 0xFFFF, 0, "" },
	};
	struct smb2_negotiate_offer offer;

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++) {
		struct context contexts[] = { preauth, others[i], others[i] };
		const char *error = offer_error(contexts, 3, &offer);

		if (i < 4)
			assert_string_equal(error, twice);
		else
			assert_null(error);
		assert_null(offer_error(contexts, 2, &offer));
		assert_int_equal(offer.has_encryption, i == 0);
		assert_int_equal(offer.has_signing, i == 3);
	}
	assert_string_equal(offer_error((struct context[]){ preauth, preauth }, 2, &offer), twice);
}

static void dialect_3_1_1_needs_one_context_of_preauthentication(void **state)
{
	static const char none[] = "dialect 3.1.1 without a preauthentication integrity context";
	static const struct context other_hash = { 1, 6, "\1\0\0\0\2\0" },
				    second_hash = { 1, 8, "\2\0\0\0\2\0\1\0" },
				    no_hash = { 1, 4, "\0\0\0\0" },
				    cut_hashes = { 1, 6, "\2\0\0\0\1\0" },
				    cut_salt = { 1, 8, "\1\0\3\0\1\0\1\0" },
				    signing = { 8, 4, "\1\0\1\0" };
	struct smb2_negotiate_response response = { 0 };
	struct smb2_negotiate_offer offer;

	(void)state;
	assert_string_equal(offer_error(NULL, 0, &offer), none);
	assert_string_equal(offer_error(&signing, 1, &offer), none);
	assert_non_null(offer_error(&cut_hashes, 1, &offer));
	assert_non_null(offer_error(&cut_salt, 1, &offer));
	assert_null(offer_error(&second_hash, 1, &offer));
	assert_true(offer.has_preauth_sha512);
	assert_null(offer_error(&other_hash, 1, &offer));
	assert_int_equal(smb2_negotiate_choose(&offer, SMB2_DIALECT_202, true, &response),
	                 STATUS_SMB_NO_PREAUTH_INTEGRITY_HASH_OVERLAP);
	assert_null(offer_error(&no_hash, 1, &offer));
	assert_int_equal(smb2_negotiate_choose(&offer, SMB2_DIALECT_202, true, &response),
	                 STATUS_SMB_NO_PREAUTH_INTEGRITY_HASH_OVERLAP);
}

static void lists_of_algorithms_are_never_empty_and_unknown_ones_are_ignored(void **state)
{
	struct smb2_negotiate_offer offer;

	(void)state;
	for (uint16_t type = 2; type <= 8; type += 6) {
		struct context empty[] = { preauth, { type, 2, "\0\0" } };
		struct context cut[] = { preauth, { type, 4, "\2\0\1\0" } };
		struct context strange[] = { preauth,
			                     { type, 12, "\5\0\0\0\2\0\5\0\x21\0\xFF\xFF" } };
		unsigned known;

		assert_string_equal(offer_error(empty, 2, &offer),
		                    "a negotiate context lists no algorithm");
		assert_non_null(offer_error(cut, 2, &offer));
		assert_null(offer_error(strange, 2, &offer));
		known = type == 2 ? offer.ciphers : offer.signing_algorithms;
		assert_int_equal(known, type == 2 ? BIT(2) : BIT(0) | BIT(2));
	}
}

static void no_dialect_at_all_fails(void **state)
{
	struct wire_reader message = recorded_message("rpcclient-4.17-negotiate-request-3.0");
	struct smb2_negotiate_offer offer;

	(void)state;
	recorded.data[MESSAGE_AT + SMB2_HEADER_BYTES + 2] = 0;
	smb2_negotiate_request_decode(&message, &offer);
	assert_string_equal(message.error, "the NEGOTIATE offers no dialect");
}

/* ---- what is chosen ---- */

static void the_greatest_common_dialect_is_chosen(void **state)
{
	static const struct {
		unsigned dialects;
		uint32_t capabilities; /* of a server that may encrypt */
		uint16_t dialect, cipher, signing_algorithm;
		uint32_t offered;
	} cases[] = {
		{ 0x01, 0, SMB2_DIALECT_202, 0, SMB2_SIGNING_HMAC_SHA256, 0x40 },
		{ 0x03, 4, SMB2_DIALECT_210, 0, SMB2_SIGNING_HMAC_SHA256, 0x40 },
		{ 0x04, 0x44, SMB2_DIALECT_300, SMB2_AES_128_CCM, SMB2_SIGNING_AES_CMAC, 0x40 },
		{ 0x07, 0x04, SMB2_DIALECT_300, 0, SMB2_SIGNING_AES_CMAC, 0 },
		{ 0x0f, 0x44, SMB2_DIALECT_302, SMB2_AES_128_CCM, SMB2_SIGNING_AES_CMAC, 0x7f },
		{ 0x1f, 0x04, SMB2_DIALECT_311, 0, SMB2_SIGNING_AES_CMAC, 0x7f },
		{ 0x11, 0x04, SMB2_DIALECT_311, 0, SMB2_SIGNING_AES_CMAC, 0x7f },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct smb2_negotiate_offer offer = { .dialects = cases[i].dialects,
			                                    .capabilities = cases[i].offered,
			                                    .has_preauth_sha512 = true };
		struct smb2_negotiate_response response = { 0 };

		assert_int_equal(smb2_negotiate_choose(&offer, SMB2_DIALECT_202, true, &response),
		                 STATUS_SUCCESS);
		assert_int_equal(response.dialect, cases[i].dialect);
		assert_int_equal(response.capabilities, cases[i].capabilities);
		assert_int_equal(response.cipher, cases[i].cipher);
		assert_int_equal(response.signing_algorithm, cases[i].signing_algorithm);
		assert_int_equal(response.has_preauth_sha512, cases[i].dialect == SMB2_DIALECT_311);
		assert_false(response.has_encryption || response.has_signing_algorithm);
		assert_int_equal(smb2_negotiate_choose(&offer, SMB2_DIALECT_202, false, &response),
		                 STATUS_SUCCESS);
		assert_int_equal(response.cipher, SMB2_CIPHER_NONE);
		assert_int_equal(response.capabilities & SMB2_GLOBAL_CAP_ENCRYPTION, 0);
	}
}

static void no_common_dialect_is_not_supported(void **state)
{
	const struct smb2_negotiate_offer offer = { .has_preauth_sha512 = true };
	struct smb2_negotiate_response response = { 0 };

	(void)state;
	assert_int_equal(smb2_negotiate_choose(&offer, SMB2_DIALECT_202, true, &response),
	                 STATUS_NOT_SUPPORTED);
}

static void ciphers_and_signing_algorithms_are_chosen_by_our_preference(void **state)
{
	static const struct {
		unsigned ciphers, signing;
		uint16_t cipher, algorithm;
	} cases[] = {
		{ ALL_CIPHERS, ALL_SIGNING, SMB2_AES_256_GCM, SMB2_SIGNING_AES_GMAC },
		{ BIT(1) | BIT(2), BIT(0) | BIT(1), SMB2_AES_128_GCM, SMB2_SIGNING_AES_CMAC },
		{ BIT(1) | BIT(3), BIT(0), SMB2_AES_256_CCM, SMB2_SIGNING_HMAC_SHA256 },
		{ BIT(1), BIT(2), SMB2_AES_128_CCM, SMB2_SIGNING_AES_GMAC },
		/* 3.3.5.4: nothing in common still is answered. */
		{ 0, 0, SMB2_CIPHER_NONE, SMB2_SIGNING_AES_CMAC },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct smb2_negotiate_offer offer = {
			.dialects = 0x10,
			.has_preauth_sha512 = true,
			.has_encryption = true,
			.has_signing = true,
			.ciphers = cases[i].ciphers,
			.signing_algorithms = cases[i].signing,
		};
		struct smb2_negotiate_response response = { 0 };

		assert_int_equal(smb2_negotiate_choose(&offer, SMB2_DIALECT_202, true, &response),
		                 STATUS_SUCCESS);
		assert_true(response.has_encryption && response.has_signing_algorithm);
		assert_int_equal(response.cipher, cases[i].cipher);
		assert_int_equal(response.signing_algorithm, cases[i].algorithm);
		assert_int_equal(smb2_negotiate_choose(&offer, SMB2_DIALECT_202, false, &response),
		                 STATUS_SUCCESS);
		assert_false(response.has_encryption);
		assert_int_equal(response.cipher, SMB2_CIPHER_NONE);
	}
}

/* ---- what is answered ---- */

/* Encodes a response anew that smbd sent, behind something that is not its header's. */
static void expect_the_response_again(const char *name, uint16_t dialect)
{
	enum { SALT_IN_CONTEXTS = 8 + 6, DIALECT_AT = SMB2_HEADER_BYTES + 4 };
	struct wire_reader message = recorded_message(name);
	struct smb2_negotiate_response response;
	struct wire_writer w = { 0 };
	size_t bytes = wire_left(&message);

	smb2_negotiate_response_decode(&message, &response);
	response.dialect = dialect;
	if (response.has_preauth_sha512)
		memcpy(response.salt, message.start + 0xd0 + SALT_IN_CONTEXTS, SMB2_SALT_BYTES);
	wire_put_zeros(&w, 5 + SMB2_HEADER_BYTES);
	smb2_negotiate_response_encode(&w, 5, &response);
	assert_int_equal(w.len - 5, bytes);
	assert_memory_equal(w.data + 5 + SMB2_HEADER_BYTES, message.start + SMB2_HEADER_BYTES,
	                    bytes - SMB2_HEADER_BYTES);
	wire_writer_fini(&w);
}

static void recorded_responses_are_encoded_as_smbd_did(void **state)
{
	(void)state;
	expect_the_response_again("samba-4.17-negotiate-response-2.0.2", SMB2_DIALECT_202);
	expect_the_response_again("samba-4.17-negotiate-response-2.1", SMB2_DIALECT_210);
	expect_the_response_again("samba-4.17-negotiate-response-3.0", SMB2_DIALECT_300);
	expect_the_response_again("samba-4.17-negotiate-response-3.0.2", SMB2_DIALECT_302);
	expect_the_response_again("samba-4.17-negotiate-response-3.1.1", SMB2_DIALECT_311);
	expect_the_response_again("samba-4.17-negotiate-response-to-smb1", SMB2_DIALECT_WILDCARD);
}

static void guids_are_of_version_8_and_differ(void **state)
{
	static const uint8_t of_samba[SMB2_GUID_BYTES] = "labsrv";
	uint8_t one[SMB2_GUID_BYTES], other[SMB2_GUID_BYTES];

	(void)state;
	assert_true(smb2_server_guid_make(one) && smb2_server_guid_make(other));
	assert_memory_not_equal(one, other, sizeof one);
	assert_int_equal(one[7] >> 4, 8); /* little-endian */
	assert_int_equal(one[8] >> 6, 2); /* the variant */
	assert_true(smb2_server_guid_transceives_anywhere(one));
	assert_true(smb2_server_guid_transceives_anywhere(other));
	assert_false(smb2_server_guid_transceives_anywhere(of_samba));
}

static void what_is_chosen_our_client_reads(void **state)
{
	struct smb2_negotiate_offer offer = offer_of("rpcclient-4.17-negotiate-request-3.1.1");
	struct smb2_negotiate_response said = { .security_mode = 3,
		                                .server_guid = { 7 },
		                                .max_transact_bytes = 65536,
		                                .max_read_bytes = 65537,
		                                .max_write_bytes = 65538,
		                                .system_time = 0x0102030405060708,
		                                .token = { (const uint8_t *)"token", 5 } },
				       heard;
	struct wire_writer w = { 0 };
	struct wire_reader r;

	(void)state;
	assert_int_equal(smb2_negotiate_choose(&offer, SMB2_DIALECT_202, true, &said),
	                 STATUS_SUCCESS);
	wire_put_zeros(&w, SMB2_HEADER_BYTES);
	smb2_negotiate_response_encode(&w, 0, &said);
	wire_reader_init(&r, w.data, w.len);
	smb2_negotiate_response_decode(&r, &heard);
	assert_null(r.error);
	assert_int_equal(heard.dialect, SMB2_DIALECT_311);
	assert_int_equal(heard.security_mode, 3);
	assert_memory_equal(heard.server_guid, said.server_guid, SMB2_GUID_BYTES);
	assert_int_equal(heard.capabilities, SMB2_GLOBAL_CAP_LARGE_MTU);
	assert_int_equal(heard.max_transact_bytes, 65536);
	assert_int_equal(heard.max_read_bytes, 65537);
	assert_int_equal(heard.max_write_bytes, 65538);
	assert_int_equal(heard.system_time, said.system_time);
	assert_int_equal(heard.cipher, SMB2_AES_256_GCM);
	assert_int_equal(heard.signing_algorithm, SMB2_SIGNING_AES_GMAC);
	assert_int_equal(heard.token.bytes, 5);
	assert_memory_equal(heard.token.data, "token", 5);
	wire_writer_fini(&w);
}

/* ---- what is validated ---- */

static void a_client_that_repeats_another_offer_is_noticed(void **state)
{
	struct wire_reader message =
		recorded_message("rpcclient-4.17-ioctl-request-validate-negotiate-info");
	struct smb2_negotiate_offer then, now;
	struct smb2_ioctl_request request;
	struct wire_reader input;

	(void)state;
	smb2_ioctl_request_decode(&message, &request);
	wire_reader_init(&input, request.input.data, request.input.bytes);
	smb2_negotiate_offer_decode(&input, &then);
	assert_null(input.error);
	assert_int_equal(request.fsctl, FSCTL_VALIDATE_NEGOTIATE_INFO);
	assert_true(request.max_output_bytes >= SMB2_VALIDATE_RESPONSE_BYTES);
	assert_int_equal(then.dialects, 0x07);
	assert_int_equal(then.security_mode, 3);
	assert_int_equal(then.capabilities, 0x7f);
	/* The client of another connection: only its GUID is another one. */
	now = offer_of("rpcclient-4.17-negotiate-request-3.0");
	assert_false(smb2_negotiate_offer_equal(&then, &now));
	memcpy(now.client_guid, then.client_guid, sizeof now.client_guid);
	assert_true(smb2_negotiate_offer_equal(&then, &now));
	now.dialects = 0x0f;
	assert_false(smb2_negotiate_offer_equal(&then, &now));
	now.dialects = then.dialects;
	now.security_mode ^= SMB2_NEGOTIATE_SIGNING_REQUIRED;
	assert_false(smb2_negotiate_offer_equal(&then, &now));
	now.security_mode = then.security_mode;
	now.capabilities ^= SMB2_GLOBAL_CAP_ENCRYPTION;
	assert_false(smb2_negotiate_offer_equal(&then, &now));
}

static void what_is_validated_is_answered_as_smbd_did(void **state)
{
	struct wire_reader message =
		recorded_message("samba-4.17-ioctl-response-validate-negotiate-info");
	struct smb2_negotiate_response negotiated = { .capabilities = 0x4f,
		                                      .server_guid = "labsrv",
		                                      .security_mode = 1,
		                                      .dialect = SMB2_DIALECT_300 };
	struct wire_writer w = { 0 };

	(void)state;
	smb2_validate_response_encode(&w, &negotiated);
	assert_int_equal(w.len, wire_left(&message) - SMB2_HEADER_BYTES);
	assert_memory_equal(w.data, message.start + SMB2_HEADER_BYTES, w.len);
	smb2_validate_response_check(&message, &negotiated);
	assert_null(message.error);
	wire_writer_fini(&w);
}

/* ---- SMB1 ---- */

static const char *smb1_error(const void *message, size_t bytes, struct smb1_negotiate_offer *offer)
{
	struct wire_reader r;

	wire_reader_init(&r, message, bytes);
	smb1_negotiate_decode(&r, offer);
	return r.error;
}

static void expect_failure_unless_whole(struct wire_reader *message, const void *argument)
{
	const size_t *whole = argument;
	size_t bytes = wire_left(message);
	struct smb1_negotiate_offer offer;

	smb1_negotiate_decode(message, &offer);
	assert_int_equal(message->error != NULL, bytes < *whole);
}

static void an_smb1_negotiate_shows_which_smb2_it_offers(void **state)
{
	struct wire_reader message = recorded_message("impacket-0.10-negotiate-request-smb1");
	struct smb1_negotiate_offer offer;
	struct wire_writer w = { 0 };
	size_t whole = wire_left(&message);

	(void)state;
	smb1_negotiate_decode(&message, &offer);
	assert_null(message.error);
	assert_true(offer.has_smb_2002 && offer.has_smb_2xxx);
	recorded_message_cut(expect_failure_unless_whole, &whole);
	smb1_negotiate_encode(&w);
	assert_null(smb1_error(w.data, w.len, &offer));
	assert_true(offer.has_smb_2002 && offer.has_smb_2xxx);
	w.data[w.len - 2] = '!';
	assert_null(smb1_error(w.data, w.len, &offer));
	assert_true(offer.has_smb_2002 && !offer.has_smb_2xxx);
	w.data[w.len - 1] = '!'; /* no terminator */
	assert_non_null(smb1_error(w.data, w.len, &offer));
	w.data[w.len - 1] = 0;
	w.data[35] = 3; /* another buffer format */
	assert_non_null(smb1_error(w.data, w.len, &offer));
	w.data[35] = 2;
	w.data[4] = 0x73; /* another command */
	assert_non_null(smb1_error(w.data, w.len, &offer));
	wire_writer_fini(&w);
}

TEST_GROUP(smb2_negotiation)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_offers_decode_at_every_dialect),
		cmocka_unit_test(every_offer_that_ends_early_fails),
		cmocka_unit_test(what_our_client_offers_is_found),
		cmocka_unit_test(contexts_that_must_not_occur_twice_fail_and_others_are_ignored),
		cmocka_unit_test(dialect_3_1_1_needs_one_context_of_preauthentication),
		cmocka_unit_test(lists_of_algorithms_are_never_empty_and_unknown_ones_are_ignored),
		cmocka_unit_test(no_dialect_at_all_fails),
		cmocka_unit_test(the_greatest_common_dialect_is_chosen),
		cmocka_unit_test(no_common_dialect_is_not_supported),
		cmocka_unit_test(ciphers_and_signing_algorithms_are_chosen_by_our_preference),
		cmocka_unit_test(recorded_responses_are_encoded_as_smbd_did),
		cmocka_unit_test(guids_are_of_version_8_and_differ),
		cmocka_unit_test(what_is_chosen_our_client_reads),
		cmocka_unit_test(a_client_that_repeats_another_offer_is_noticed),
		cmocka_unit_test(what_is_validated_is_answered_as_smbd_did),
		cmocka_unit_test(an_smb1_negotiate_shows_which_smb2_it_offers),
	};

	return cmocka_run_group_tests(tests, NULL, recorded_message_unload);
}
