/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <lmerr.h>
#include <winerror.h>
#include "auth/ntlm_message.h"
#include "auth/spnego/message.h"
#include "group.h"
#include "recording.h"

/* What rpcclient and smbd had agreed upon. */
#define KEY_EXCH   0x40000000u
#define UNICODE    0x00000001u
#define NEGOTIATED (KEY_EXCH | UNICODE)

/* Where AUTHENTICATE has the lengths of its fields: [MS-NLMP] 2.2.1.3. */
enum { LM_AT = 12, NT_AT = 20, DOMAIN_AT = 28, USER_AT = 36, KEY_AT = 52 };

/* rpcclient's last message, which a test may spoil. */
static struct recording frame;
static struct crypto_span message;

static int set_up(void **state)
{
	struct spnego_response token;

	(void)state;
	frame = recording_load("rpcclient-4.17-session-setup-request-2");
	/* its security buffer, [MS-SMB2] 2.2.5: behind the length of the frame and both headers */
	if (!spnego_response_decode(
		    (struct crypto_span){ frame.data + 4 + 64 + 24, frame.bytes - (4 + 64 + 24) },
		    &token))
		return -1;
	message = token.token;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	recording_free(&frame);
	return 0;
}

static uint8_t *byte_at(size_t at)
{
	return frame.data + ((const uint8_t *)message.data - frame.data) + at;
}

static void set_length(size_t at, uint8_t bytes)
{
	*byte_at(at) = bytes;
	*byte_at(at + 1) = 0;
}

static enum ntlm_verdict judge(uint32_t negotiated)
{
	return ntlm_message_judge(message, negotiated);
}

static void a_response_of_ntlmv2_is_told_and_whose_it_is(void **state)
{
	struct ntlm_claim claim;

	(void)state;
	assert_int_equal(judge(NEGOTIATED), NTLM_V2);
	assert_true(ntlm_message_claim(message, NEGOTIATED, &claim));
	assert_string_equal(claim.user, "root");
	assert_string_equal(claim.domain, "LABGRP");
}

static void a_message_without_the_signature_is_none(void **state)
{
	(void)state;
	*byte_at(0) ^= 0x20;
	assert_int_equal(judge(NEGOTIATED), NTLM_NOT_AUTHENTICATE);
	assert_int_equal(ntlm_message_challenge_flags(message), 0);
	assert_false(ntlm_message_is_short(message));
}

static void a_negotiate_without_a_version_is_lengthened_by_it(void **state)
{
	static const uint8_t negotiate[32] = "NTLMSSP\0\1\0\0\0\7\2\0\0", zeros[8];
	struct crypto_span is_short = { negotiate, sizeof negotiate };
	struct wire_writer w = { 0 };

	(void)state;
	assert_true(ntlm_message_is_short(is_short));
	ntlm_message_lengthen(is_short, &w);
	assert_int_equal(w.len, sizeof negotiate + sizeof zeros);
	assert_memory_equal(w.data, negotiate, sizeof negotiate);
	assert_memory_equal(w.data + sizeof negotiate, zeros, sizeof zeros);
	assert_false(ntlm_message_is_short((struct crypto_span){ w.data, w.len }));
	is_short.bytes--; /* shorter than any version of NTLM has it */
	assert_false(ntlm_message_is_short(is_short));
	assert_false(ntlm_message_is_short(message)); /* AUTHENTICATE */
	wire_writer_fini(&w);
}

static void responses_shorter_than_ntlmv2s_are_weak(void **state)
{
	(void)state;
	set_length(NT_AT, 24); /* NTLMv1's */
	assert_int_equal(judge(NEGOTIATED), NTLM_WEAK);
	set_length(NT_AT, 0); /* LM's alone */
	assert_int_equal(judge(NEGOTIATED), NTLM_WEAK);
	set_length(NT_AT, 43);
	assert_int_equal(judge(NEGOTIATED), NTLM_WEAK);
	set_length(NT_AT, 44); /* long enough, but its pairs do not end */
	assert_int_equal(judge(NEGOTIATED), NTLM_WRONG);
}

static void who_names_nobody_and_proves_nothing_is_anonymous(void **state)
{
	(void)state;
	set_length(USER_AT, 0);
	set_length(NT_AT, 0);
	set_length(LM_AT, 1);
	assert_int_equal(judge(NEGOTIATED), NTLM_ANONYMOUS);
	set_length(LM_AT, 0);
	assert_int_equal(judge(NEGOTIATED), NTLM_ANONYMOUS);
	set_length(LM_AT, 24);
	assert_int_equal(judge(NEGOTIATED), NTLM_WRONG);
	set_length(LM_AT, 0);
	set_length(NT_AT, 44);
	assert_int_equal(judge(NEGOTIATED), NTLM_WRONG);
}

static void a_key_of_another_length_than_16_is_wrong_where_one_was_agreed_upon(void **state)
{
	(void)state;
	set_length(KEY_AT, 0);
	assert_int_equal(judge(NEGOTIATED), NTLM_WRONG);
	assert_int_equal(judge(UNICODE), NTLM_V2);
	set_length(KEY_AT, 15);
	assert_int_equal(judge(NEGOTIATED), NTLM_WRONG);
}

/* ---- CHALLENGE ---- */

enum { FLAGS_AT = 20, INFO_AT = 40 };

#define OEM            0x00000002u
#define SIGN           0x00000010u
#define SESSION_SECURE 0x00080000u
#define TARGET_INFO    0x00800000u
#define TARGET_DOMAIN  0x00010000u
#define TARGET_SERVER  0x00020000u
#define NEEDED         (UNICODE | SIGN | SESSION_SECURE)

/* Behind the fields, of 48 bytes: a pair of another kind, MsvAvTimestamp, MsvAvEOL. */
static const uint8_t challenge_pairs[] = { 2,    0,    2,    0,    'L',  0,    7,    0, 8, 0, 0x00,
	                                   0x80, 0x3E, 0xD5, 0xDE, 0xB1, 0x9D, 0x01, 0, 0, 0, 0 };
#define CHALLENGE_TIME 0x019DB1DED53E8000u

static uint8_t challenge[48 + sizeof challenge_pairs];

static struct crypto_span challenge_of(uint32_t flags)
{
	memset(challenge, 0, sizeof challenge);
	memcpy(challenge, "NTLMSSP\0\2", 9);
	for (size_t i = 0; i < 4; i++)
		challenge[FLAGS_AT + i] = (uint8_t)(flags >> (8 * i));
	if ((flags & TARGET_INFO) != 0) {
		challenge[INFO_AT] = challenge[INFO_AT + 2] = sizeof challenge_pairs;
		challenge[INFO_AT + 4] = 48;
		memcpy(challenge + 48, challenge_pairs, sizeof challenge_pairs);
	}
	return (struct crypto_span){ challenge, sizeof challenge };
}

static void expect_fault(struct crypto_span of, NET_API_STATUS status, const char *words)
{
	struct err err = { 0 };

	assert_false(ntlm_challenge_check(of, true, &err));
	assert_int_equal(err.status, status);
	assert_string_equal(err.step, "SESSION_SETUP");
	if (strstr(err.text, words) == NULL)
		fail_msg("%s", err.text);
}

static void a_flag_that_a_challenge_does_not_grant_is_named(void **state)
{
	static const struct {
		uint32_t flags;
		const char *words;
	} faults[] = {
		{ NEEDED & ~SIGN, "not grant NTLMSSP_NEGOTIATE_SIGN," },
		{ NEEDED & ~SESSION_SECURE,
		  "not grant NTLMSSP_NEGOTIATE_EXTENDED_SESSIONSECURITY," },
		{ NEEDED & ~UNICODE, "not grant NTLMSSP_NEGOTIATE_UNICODE," },
		{ (NEEDED & ~UNICODE) | OEM, "not grant NTLMSSP_NEGOTIATE_UNICODE," },
		{ 0, "not grant NTLMSSP_NEGOTIATE_UNICODE," },
	};

	(void)state;
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
		expect_fault(challenge_of(faults[i].flags), ERROR_NOT_SUPPORTED, faults[i].words);
}

static void what_is_needed_for_nothing_may_be_missing(void **state)
{
	static const struct {
		uint32_t flags;
		bool signs;
	} good[] = {
		{ NEEDED, true },
		{ NEEDED | TARGET_INFO | KEY_EXCH, true },
		{ NEEDED | OEM | TARGET_INFO, true }, /* 2.2.2.5: Unicode is what counts */
		{ UNICODE, false },                   /* a null session */
	};
	struct err err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(ntlm_challenge_check(challenge_of(good[i].flags), good[i].signs, &err));
	assert_int_equal(err.status, NERR_Success);
}

static void a_challenge_must_name_the_target_that_it_promises(void **state)
{
	static const uint32_t types[] = { TARGET_DOMAIN, TARGET_SERVER,
		                          TARGET_DOMAIN | TARGET_SERVER };
	struct err err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		expect_fault(challenge_of(NEEDED | types[i]), ERROR_BAD_NET_RESP,
		             "names no target");
		(void)challenge_of(NEEDED | types[i]);
		challenge[12] = 2;
		challenge[16] = 48;
		assert_true(ntlm_challenge_check(
			(struct crypto_span){ challenge, sizeof challenge }, true, &err));
	}
}

static void a_challenge_that_is_none_is_malformed(void **state)
{
	struct crypto_span whole = challenge_of(NEEDED | TARGET_INFO);

	(void)state;
	for (size_t bytes = 0; bytes < whole.bytes; bytes++)
		expect_fault((struct crypto_span){ challenge, bytes }, ERROR_BAD_NET_RESP,
		             "malformed");
	challenge[8] = 3;
	expect_fault(whole, ERROR_BAD_NET_RESP, "malformed");
	(void)challenge_of(NEEDED | TARGET_INFO);
	challenge[INFO_AT + 5] = 1;
	expect_fault(whole, ERROR_BAD_NET_RESP, "malformed");
	expect_fault((struct crypto_span){ NULL, 0 }, ERROR_BAD_NET_RESP, "malformed");
}

static void a_challenge_shows_the_servers_clock(void **state)
{
	struct crypto_span whole = challenge_of(NEEDED | TARGET_INFO);

	(void)state;
	assert_true(ntlm_challenge_time(whole) == CHALLENGE_TIME);
	challenge[48 + 6] = 6; /* another pair of 8 bytes */
	assert_true(ntlm_challenge_time(whole) == 0);
	(void)challenge_of(NEEDED | TARGET_INFO);
	challenge[48 + 8] = 7; /* too short, and the pairs do not end */
	assert_true(ntlm_challenge_time(whole) == 0);
	assert_true(ntlm_challenge_time(challenge_of(NEEDED)) == 0);
	assert_true(ntlm_challenge_time((struct crypto_span){ challenge, 30 }) == 0);
}

static void the_pairs_of_a_response_must_end(void **state)
{
	size_t nt = *byte_at(NT_AT) | (size_t)*byte_at(NT_AT + 1) << 8;

	(void)state;
	/* MsvAvEOL is the last pair, behind which rpcclient has four zeros or none. */
	for (size_t bytes = 44; bytes < nt - 8; bytes++) {
		*byte_at(NT_AT) = (uint8_t)bytes;
		*byte_at(NT_AT + 1) = (uint8_t)(bytes >> 8);
		assert_int_equal(judge(NEGOTIATED), NTLM_WRONG);
	}
}

static void fields_outside_the_message_are_wrong(void **state)
{
	static const size_t fields[] = { LM_AT, NT_AT, DOMAIN_AT, USER_AT, KEY_AT };

	(void)state;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		*byte_at(fields[i] + 6) ^= 0x01; /* 64 KiB further */
		assert_int_equal(judge(NEGOTIATED), NTLM_WRONG);
		*byte_at(fields[i] + 6) ^= 0x01;
	}
	assert_int_equal(judge(NEGOTIATED), NTLM_V2);
}

static void names_that_are_none_are_not_claimed(void **state)
{
	struct ntlm_claim claim;

	(void)state;
	assert_false(ntlm_message_claim(message, KEY_EXCH, &claim)); /* UTF-16 is no ASCII */
	set_length(USER_AT, 7);
	assert_false(ntlm_message_claim(message, NEGOTIATED, &claim));
	set_length(USER_AT, 242);
	assert_false(ntlm_message_claim(message, NEGOTIATED, &claim));
}

static void a_message_that_is_cut_off_is_none_or_wrong(void **state)
{
	(void)state;
	for (size_t bytes = 0; bytes < message.bytes; bytes++) {
		uint8_t *cut = malloc(bytes > 0 ? bytes : 1);
		enum ntlm_verdict verdict;

		memcpy(cut, message.data, bytes);
		verdict = ntlm_message_judge((struct crypto_span){ cut, bytes }, NEGOTIATED);
		assert_true(verdict == NTLM_NOT_AUTHENTICATE || verdict == NTLM_WRONG);
		free(cut);
	}
}

TEST_GROUP(ntlm_message)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_response_of_ntlmv2_is_told_and_whose_it_is,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_message_without_the_signature_is_none, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(a_negotiate_without_a_version_is_lengthened_by_it,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(responses_shorter_than_ntlmv2s_are_weak, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(who_names_nobody_and_proves_nothing_is_anonymous,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_key_of_another_length_than_16_is_wrong_where_one_was_agreed_upon, set_up,
			tear_down),
		cmocka_unit_test(a_flag_that_a_challenge_does_not_grant_is_named),
		cmocka_unit_test(what_is_needed_for_nothing_may_be_missing),
		cmocka_unit_test(a_challenge_must_name_the_target_that_it_promises),
		cmocka_unit_test(a_challenge_that_is_none_is_malformed),
		cmocka_unit_test(a_challenge_shows_the_servers_clock),
		cmocka_unit_test_setup_teardown(the_pairs_of_a_response_must_end, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(fields_outside_the_message_are_wrong, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(names_that_are_none_are_not_claimed, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(a_message_that_is_cut_off_is_none_or_wrong, set_up,
		                                tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
