/* SPDX-License-Identifier: MIT */
/* SPNEGO's messages: recorded ones, malformed ones, and our own through our own decoder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "auth/spnego/mechanism.h"
#include "auth/spnego/message.h"
#include "group.h"
#include "recording.h"
#include "wire/der.h"

#define SPAN(text) ((struct crypto_span){ (text), sizeof(text) - 1 })

/* Where the security buffer of a frame begins: behind the length of the frame, the SMB2 header and
 * the fixed part of the body. */
enum { REQUEST_TOKEN_AT = 4 + 64 + 24, RESPONSE_TOKEN_AT = 4 + 64 + 8 };

static const struct crypto_span kerberos = { KERBEROS_OID_BYTES, sizeof KERBEROS_OID_BYTES - 1 };
static const struct crypto_span ntlm = { NTLM_OID_BYTES, sizeof NTLM_OID_BYTES - 1 };

static void expect_span(struct crypto_span expected, struct crypto_span found)
{
	assert_non_null(found.data);
	assert_int_equal(found.bytes, expected.bytes);
	assert_memory_equal(found.data, expected.data, expected.bytes);
}

static struct crypto_span token_of(const struct recording *r, size_t at)
{
	return (struct crypto_span){ r->data + at, r->bytes - at };
}

static bool is_ntlm_message(struct crypto_span message, uint8_t type)
{
	const uint8_t *bytes = message.data;

	return message.bytes > 12 && memcmp(bytes, "NTLMSSP", 8) == 0 && bytes[8] == type;
}

/* ---- recorded ---- */

static void first_tokens_of_clients_are_decoded(void **state)
{
	static const char *const names[] = { "rpcclient-4.17-session-setup-request-1",
		                             "impacket-0.10-session-setup-request" };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct recording r = recording_load(names[i]);
		struct spnego_init init;

		assert_int_equal(spnego_token_kind(token_of(&r, REQUEST_TOKEN_AT)),
		                 SPNEGO_TOKEN_NEGOTIATION);
		assert_true(spnego_init_decode(token_of(&r, REQUEST_TOKEN_AT), &init));
		assert_int_equal(init.count, 1);
		expect_span(ntlm, init.mechanisms[0]);
		expect_span(SPAN("\x30\x0c\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a"),
		            init.mechanism_list);
		assert_true(is_ntlm_message(init.token, 1));
		assert_true(spnego_token_is_of(init.token, AUTH_NTLM));
		assert_false(spnego_token_is_of(init.token, AUTH_KERBEROS));
		assert_null(init.mic.data);
		recording_free(&r);
	}
}

static void the_answers_of_samba_are_decoded(void **state)
{
	struct recording challenge = recording_load(
				 "samba-4.17-session-setup-response-more-processing"),
			 success = recording_load("samba-4.17-session-setup-response-success");
	struct spnego_response response;

	(void)state;
	assert_true(spnego_response_decode(token_of(&challenge, RESPONSE_TOKEN_AT), &response));
	assert_int_equal(response.state, SPNEGO_ACCEPT_INCOMPLETE);
	expect_span(ntlm, response.mechanism);
	assert_true(is_ntlm_message(response.token, 2));
	assert_null(response.mic.data);

	assert_true(spnego_response_decode(token_of(&success, RESPONSE_TOKEN_AT), &response));
	assert_int_equal(response.state, SPNEGO_ACCEPT_COMPLETED);
	assert_null(response.mechanism.data);
	assert_null(response.token.data);
	assert_int_equal(response.mic.bytes, 16);
	recording_free(&challenge);
	recording_free(&success);
}

static void the_second_token_of_rpcclient_has_a_mic(void **state)
{
	struct recording r = recording_load("rpcclient-4.17-session-setup-request-2");
	struct spnego_response response;

	(void)state;
	assert_true(spnego_response_decode(token_of(&r, REQUEST_TOKEN_AT), &response));
	assert_true(is_ntlm_message(response.token, 3));
	assert_int_equal(response.mic.bytes, 16);
	recording_free(&r);
}

/* A token in which nothing follows the message: a frame may be padded. */
static size_t bytes_needed(struct crypto_span token, bool is_init)
{
	struct wire_reader r;

	wire_reader_init(&r, token.data, token.bytes);
	(void)der_enter(&r, is_init ? DER_APPLICATION_0 : DER_CONTEXT_1);
	return (size_t)(r.at - r.start);
}

static void a_message_that_is_cut_off_is_refused_at_every_byte(void **state)
{
	static const struct {
		const char *name;
		size_t at;
		bool is_init;
	} messages[] = {
		{ "rpcclient-4.17-session-setup-request-1", REQUEST_TOKEN_AT, true },
		{ "rpcclient-4.17-session-setup-request-2", REQUEST_TOKEN_AT, false },
		{ "samba-4.17-session-setup-response-more-processing", RESPONSE_TOKEN_AT, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
		struct recording r = recording_load(messages[i].name);
		struct crypto_span whole = token_of(&r, messages[i].at);
		size_t needed = bytes_needed(whole, messages[i].is_init);

		for (size_t bytes = 0; bytes < needed; bytes++) {
			struct crypto_span cut = { malloc(bytes > 0 ? bytes : 1), bytes };
			struct spnego_response response;
			struct spnego_init init;

			memcpy((void *)(uintptr_t)cut.data, whole.data, bytes);
			if (messages[i].is_init)
				assert_false(spnego_init_decode(cut, &init));
			else
				assert_false(spnego_response_decode(cut, &response));
			free((void *)(uintptr_t)cut.data);
		}
		recording_free(&r);
	}
}

/* ---- by hand ---- */

/* "Outer header, SPNEGO, negTokenInit, sequence" around these fields. */
static bool decode_init(struct crypto_span fields, struct spnego_init *init, struct wire_writer *w)
{
	size_t choice = der_element_bytes(fields.bytes);

	wire_writer_clear(w);
	der_put_header(w, DER_APPLICATION_0, 8 + der_element_bytes(choice));
	wire_put_bytes(w, "\x06\x06" SPNEGO_OID_BYTES, 8);
	der_put_header(w, DER_CONTEXT_0, choice);
	der_put_header(w, DER_SEQUENCE, fields.bytes);
	wire_put_bytes(w, fields.data, fields.bytes);
	return spnego_init_decode((struct crypto_span){ w->data, w->len }, init);
}

static bool decode_response(struct crypto_span fields, struct spnego_response *response,
                            struct wire_writer *w)
{
	wire_writer_clear(w);
	der_put_header(w, DER_CONTEXT_1, der_element_bytes(fields.bytes));
	der_put_header(w, DER_SEQUENCE, fields.bytes);
	wire_put_bytes(w, fields.data, fields.bytes);
	return spnego_response_decode((struct crypto_span){ w->data, w->len }, response);
}

#define NTLM_LIST "\xa0\x0e\x30\x0c\x06\x0a" NTLM_OID_BYTES

static void optional_fields_may_be_there_or_not(void **state)
{
	struct wire_writer w = { 0 };
	struct spnego_init init;

	(void)state;
	assert_true(decode_init(SPAN(NTLM_LIST), &init, &w));
	assert_null(init.token.data);
	assert_null(init.mic.data);
	/* reqFlags, an empty mechToken, a MIC */
	assert_true(decode_init(
		SPAN(NTLM_LIST "\xa1\x04\x03\x02\x01\x06\xa2\x02\x04\x00\xa3\x05\x04\x03mic"),
		&init, &w));
	assert_non_null(init.token.data);
	assert_int_equal(init.token.bytes, 0);
	expect_span(SPAN("mic"), init.mic);
	wire_writer_fini(&w);
}

static void a_server_s_hints_are_not_taken_for_a_mic(void **state)
{
	struct wire_writer w = { 0 };
	struct spnego_init init;

	(void)state;
	assert_true(decode_init(SPAN(NTLM_LIST "\xa3\x07\x30\x05\xa0\x03\x1b\x01x"), &init, &w));
	assert_null(init.mic.data);
	assert_true(decode_init(
		SPAN(NTLM_LIST "\xa3\x07\x30\x05\xa0\x03\x1b\x01x\xa4\x05\x04\x03mic"), &init, &w));
	expect_span(SPAN("mic"), init.mic);
	wire_writer_fini(&w);
}

static void the_mic_of_an_answer_is_field_3_and_no_other(void **state)
{
	struct wire_writer w = { 0 };
	struct spnego_response response;

	(void)state;
	assert_true(
		decode_response(SPAN("\xa0\x03\x0a\x01\x00\xa3\x05\x04\x03mic"), &response, &w));
	expect_span(SPAN("mic"), response.mic);
	assert_true(
		decode_response(SPAN("\xa0\x03\x0a\x01\x00\xa4\x05\x04\x03mic"), &response, &w));
	assert_null(response.mic.data);
	wire_writer_fini(&w);
}

static void fields_behind_those_that_are_known_are_ignored(void **state)
{
	struct wire_writer w = { 0 };
	struct spnego_response response;
	struct spnego_init init;

	(void)state;
	assert_true(decode_init(SPAN(NTLM_LIST "\xa7\x02\x05\x00\xa9\x00"), &init, &w));
	assert_true(decode_response(SPAN("\xa0\x03\x0a\x01\x01\xa5\x00"), &response, &w));
	assert_int_equal(response.state, SPNEGO_ACCEPT_INCOMPLETE);
	wire_writer_fini(&w);
}

static void malformed_fields_are_refused(void **state)
{
	const struct crypto_span inits[] = {
		SPAN(""),                                 /* no list */
		SPAN("\xa0\x02\x30\x00"),                 /* an empty list */
		SPAN("\xa0\x00"),                         /* no sequence */
		SPAN("\xa0\x06\x30\x04\x04\x02\x01\x02"), /* no object identifier */
		SPAN("\xa0\x10\x30\x0c\x06\x0a" NTLM_OID_BYTES
		     "\x05\x00"),                                       /* more behind the list */
		SPAN("\xa0\x0f\x30\x0c\x06\x0a" NTLM_OID_BYTES "\x05"), /* one byte more */
		SPAN("\xa0\x0f\x30\x0d\x06\x0a" NTLM_OID_BYTES "\x06"), /* ... in the list */
		SPAN(NTLM_LIST "\xa2\x03\x04\x00\x04"),                 /* ... behind octets */
		SPAN(NTLM_LIST "\xa5"),                                 /* ... behind all fields */
		SPAN(NTLM_LIST "\xa7\x00\xa5\x00"),                 /* extensions out of order */
		SPAN(NTLM_LIST "\xa3\x02\x04\x00\xa3\x02\x04\x00"), /* a MIC twice */
		SPAN(NTLM_LIST "\xa2\x02\x0a\x00"),                 /* no octets */
		SPAN(NTLM_LIST "\xa2\x04\x04\x00\x04\x00"),         /* octets twice */
		SPAN(NTLM_LIST "\xa2\x03\x04\x02\x00"),             /* cut off inside */
		SPAN(NTLM_LIST "\xa2\x02\x04\x00\xa2\x02\x04\x00"), /* a field twice */
		SPAN(NTLM_LIST "\xa3\x02\x04\x00\xa2\x02\x04\x00"), /* out of order */
		SPAN("\xa2\x02\x04\x00" NTLM_LIST),
		SPAN(NTLM_LIST "\x04\x00"),                 /* no number */
		SPAN(NTLM_LIST "\xa2\x80\x04\x00\x00\x00"), /* the indefinite form */
		SPAN(NTLM_LIST "\xa2\x85\x00\x00\x00\x00\x02\x04\x00"),
		SPAN(NTLM_LIST "\xa2\x84\xff\xff\xff\xff\x04\x00"),
	};
	const struct crypto_span responses[] = {
		SPAN("\xa0\x03\x0a\x01\x04"), /* an unknown state */
		SPAN("\xa0\x03\x0a\x01\xff"),
		SPAN("\xa0\x02\x0a\x00"),         /* no state */
		SPAN("\xa0\x04\x0a\x02\x00\x00"), /* two bytes */
		SPAN("\xa0\x03\x02\x01\x00"),     /* INTEGER */
		SPAN("\xa1\x03\x04\x01\x2a"),     /* no object identifier */
		SPAN("\xa2\x02\x04\x00\xa0\x03\x0a\x01\x00"),
		SPAN("\xa3\x02\x04\x00\xa3\x02\x04\x00"),
		SPAN("\x30\x00"),
	};
	struct wire_writer w = { 0 };
	struct spnego_response response;
	struct spnego_init init;

	(void)state;
	for (size_t i = 0; i < sizeof inits / sizeof *inits; i++)
		if (decode_init(inits[i], &init, &w))
			fail_msg("NegTokenInit %zu was accepted", i);
	for (size_t i = 0; i < sizeof responses / sizeof *responses; i++)
		if (decode_response(responses[i], &response, &w))
			fail_msg("NegTokenResp %zu was accepted", i);
	wire_writer_fini(&w);
}

static void lengths_may_have_leading_zeros(void **state)
{
	struct wire_writer w = { 0 };
	struct spnego_init init;

	(void)state;
	assert_true(decode_init(
		SPAN(NTLM_LIST "\xa2\x84\x00\x00\x00\x08\x04\x84\x00\x00\x00\x02hi"), &init, &w));
	expect_span(SPAN("hi"), init.token);
	wire_writer_fini(&w);
}

/* A NegTokenInit that names a mechanism so many times. */
static bool decode_list_of(size_t count, struct spnego_init *init, struct wire_writer *w)
{
	size_t list = count * 12;
	struct wire_writer fields = { 0 };
	bool decoded;

	der_put_header(&fields, DER_CONTEXT_0, der_element_bytes(list));
	der_put_header(&fields, DER_SEQUENCE, list);
	for (size_t i = 0; i < count; i++)
		wire_put_bytes(&fields, "\x06\x0a" NTLM_OID_BYTES, 12);
	decoded = decode_init((struct crypto_span){ fields.data, fields.len }, init, w);
	wire_writer_fini(&fields);
	return decoded;
}

static void a_list_is_bounded(void **state)
{
	struct wire_writer w = { 0 };
	struct spnego_init init;

	(void)state;
	assert_true(decode_list_of(SPNEGO_MAX_MECHANISMS, &init, &w));
	assert_int_equal(init.count, SPNEGO_MAX_MECHANISMS);
	assert_false(decode_list_of(SPNEGO_MAX_MECHANISMS + 1, &init, &w));
	assert_false(decode_list_of(5000, &init, &w));
	wire_writer_fini(&w);
}

/* ---- our own ---- */

static void what_is_encoded_is_decoded(void **state)
{
	static const enum auth_mechanism both[] = { AUTH_KERBEROS, AUTH_NTLM };
	static uint8_t long_token[SPNEGO_MAX_TOKEN_BYTES];
	struct wire_writer list = { 0 }, w = { 0 };
	struct spnego_response response;
	struct spnego_init init;

	(void)state;
	spnego_mechanism_list_encode(&list, both, 2, false);
	for (size_t bytes = 0; bytes <= sizeof long_token; bytes = bytes * 5 / 4 + 1) {
		struct crypto_span token = { long_token, bytes }, mic = SPAN("0123456789abcdef");

		wire_writer_clear(&w);
		spnego_init_encode(&w, (struct crypto_span){ list.data, list.len }, token);
		assert_true(spnego_init_decode((struct crypto_span){ w.data, w.len }, &init));
		assert_int_equal(bytes_needed((struct crypto_span){ w.data, w.len }, true), w.len);
		assert_int_equal(init.count, 2);
		expect_span(kerberos, init.mechanisms[0]);
		expect_span(ntlm, init.mechanisms[1]);
		expect_span((struct crypto_span){ list.data, list.len }, init.mechanism_list);
		expect_span(token, init.token);

		wire_writer_clear(&w);
		spnego_response_encode(
			&w, &(struct spnego_response){ SPNEGO_REQUEST_MIC, ntlm, token, mic });
		assert_true(w.len <= UINT16_MAX);
		assert_true(
			spnego_response_decode((struct crypto_span){ w.data, w.len }, &response));
		assert_int_equal(bytes_needed((struct crypto_span){ w.data, w.len }, false), w.len);
		assert_int_equal(response.state, SPNEGO_REQUEST_MIC);
		expect_span(ntlm, response.mechanism);
		expect_span(token, response.token);
		expect_span(mic, response.mic);
	}
	wire_writer_fini(&list);
	wire_writer_fini(&w);
}

static void messages_have_the_bytes_that_the_standard_gives_them(void **state)
{
	static const enum auth_mechanism one[] = { AUTH_NTLM };
	struct wire_writer list = { 0 }, w = { 0 };

	(void)state;
	spnego_mechanism_list_encode(&list, one, 1, false);
	spnego_init_encode(&w, (struct crypto_span){ list.data, list.len }, SPAN("hi"));
	expect_span(SPAN("\x60\x22\x06\x06" SPNEGO_OID_BYTES "\xa0\x18\x30\x16" NTLM_LIST
	                 "\xa2\x04\x04\x02hi"),
	            (struct crypto_span){ w.data, w.len });
	wire_writer_clear(&w);
	spnego_init2_encode(&w, (struct crypto_span){ list.data, list.len });
	expect_span(SPAN("\x60\x48\x06\x06" SPNEGO_OID_BYTES "\xa0\x3e\x30\x3c" NTLM_LIST
	                 "\xa3\x2a\x30\x28\xa0\x26\x1b\x24not_defined_in_RFC4178@please_ignore"),
	            (struct crypto_span){ w.data, w.len });
	wire_writer_fini(&list);
	wire_writer_fini(&w);
}

static void lengths_are_written_in_the_fewest_bytes(void **state)
{
	const struct {
		size_t bytes;
		struct crypto_span header;
	} elements[] = {
		{ 0x00, SPAN("\x04\x00") },          { 0x7f, SPAN("\x04\x7f") },
		{ 0x80, SPAN("\x04\x81\x80") },      { 0xff, SPAN("\x04\x81\xff") },
		{ 0x100, SPAN("\x04\x82\x01\x00") }, { 0xffff, SPAN("\x04\x82\xff\xff") },
	};
	struct wire_writer w = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof elements / sizeof *elements; i++) {
		wire_writer_clear(&w);
		der_put_header(&w, DER_OCTET_STRING, elements[i].bytes);
		expect_span(elements[i].header, (struct crypto_span){ w.data, w.len });
		assert_int_equal(der_element_bytes(elements[i].bytes), w.len + elements[i].bytes);
	}
	wire_writer_fini(&w);
}

static void what_is_absent_stays_absent(void **state)
{
	struct wire_writer w = { 0 };
	struct spnego_response response;

	(void)state;
	spnego_response_encode(&w, &(struct spnego_response){ .state = SPNEGO_NO_STATE });
	assert_true(spnego_response_decode((struct crypto_span){ w.data, w.len }, &response));
	assert_int_equal(response.state, SPNEGO_NO_STATE);
	assert_null(response.mechanism.data);
	assert_null(response.token.data);
	assert_null(response.mic.data);
	wire_writer_fini(&w);
}

static void a_hint_names_mechanisms_as_windows_does(void **state)
{
	static const enum auth_mechanism both[] = { AUTH_KERBEROS, AUTH_NTLM };
	struct wire_writer list = { 0 }, w = { 0 };
	struct spnego_init init;

	(void)state;
	spnego_mechanism_list_encode(&list, both, 2, true);
	spnego_init2_encode(&w, (struct crypto_span){ list.data, list.len });
	assert_true(spnego_init_decode((struct crypto_span){ w.data, w.len }, &init));
	assert_int_equal(init.count, 3);
	expect_span(SPAN("\x2a\x86\x48\x82\xf7\x12\x01\x02\x02"), init.mechanisms[0]);
	expect_span(kerberos, init.mechanisms[1]);
	expect_span(ntlm, init.mechanisms[2]);
	assert_null(init.token.data);
	assert_null(init.mic.data);
	assert_int_equal(spnego_hint_mechanisms((struct crypto_span){ w.data, w.len }),
	                 1u << AUTH_KERBEROS | 1u << AUTH_NTLM);
	assert_int_equal(spnego_hint_mechanisms((struct crypto_span){ w.data, w.len - 1 }), 0);
	wire_writer_clear(&list);
	wire_writer_clear(&w);
	spnego_mechanism_list_encode(&list, both + 1, 1, true);
	spnego_init2_encode(&w, (struct crypto_span){ list.data, list.len });
	assert_int_equal(spnego_hint_mechanisms((struct crypto_span){ w.data, w.len }),
	                 1u << AUTH_NTLM);
	wire_writer_fini(&list);
	wire_writer_fini(&w);
}

/* ---- the first token of a mechanism ---- */

static void a_mechanism_is_known_by_its_first_token(void **state)
{
	const struct {
		struct crypto_span token;
		enum spnego_token_kind kind;
	} tokens[] = {
		{ SPAN("\x60\x0b\x06\x09" KERBEROS_OID_BYTES), SPNEGO_TOKEN_KERBEROS },
		/* only SPNEGO writes Kerberos so */
		{ SPAN("\x60\x0b\x06\x09\x2a\x86\x48\x82\xf7\x12\x01\x02\x02"),
		  SPNEGO_TOKEN_UNKNOWN },
		{ SPAN("\x6e\x02\x30\x00"), SPNEGO_TOKEN_KERBEROS },
		{ SPAN("\x60\x08\x06\x06" SPNEGO_OID_BYTES), SPNEGO_TOKEN_NEGOTIATION },
		{ SPAN("NTLMSSP\0\1\0\0\0"), SPNEGO_TOKEN_NTLM },
		{ SPAN("\x60\x0c\x06\x0a" NTLM_OID_BYTES), SPNEGO_TOKEN_UNKNOWN },
		{ SPAN("\x60\x07\x06\x05\x2b\x06\x01\x05\x05"), SPNEGO_TOKEN_UNKNOWN },
		{ SPAN("\x60\x0b\x06\x0a\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"),
		  SPNEGO_TOKEN_UNKNOWN },
		{ SPAN("\x60"), SPNEGO_TOKEN_UNKNOWN },
		{ SPAN("NTLMSSP"), SPNEGO_TOKEN_UNKNOWN }, /* without the NUL that belongs to it */
		{ SPAN(""), SPNEGO_TOKEN_UNKNOWN },
		{ SPAN("\xa1\x02\x30\x00"), SPNEGO_TOKEN_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++)
		assert_int_equal(spnego_token_kind(tokens[i].token), tokens[i].kind);
}

TEST_GROUP(spnego_messages)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_tokens_of_clients_are_decoded),
		cmocka_unit_test(the_answers_of_samba_are_decoded),
		cmocka_unit_test(the_second_token_of_rpcclient_has_a_mic),
		cmocka_unit_test(a_message_that_is_cut_off_is_refused_at_every_byte),
		cmocka_unit_test(optional_fields_may_be_there_or_not),
		cmocka_unit_test(a_server_s_hints_are_not_taken_for_a_mic),
		cmocka_unit_test(the_mic_of_an_answer_is_field_3_and_no_other),
		cmocka_unit_test(fields_behind_those_that_are_known_are_ignored),
		cmocka_unit_test(malformed_fields_are_refused),
		cmocka_unit_test(lengths_may_have_leading_zeros),
		cmocka_unit_test(a_list_is_bounded),
		cmocka_unit_test(what_is_encoded_is_decoded),
		cmocka_unit_test(messages_have_the_bytes_that_the_standard_gives_them),
		cmocka_unit_test(lengths_are_written_in_the_fewest_bytes),
		cmocka_unit_test(what_is_absent_stays_absent),
		cmocka_unit_test(a_hint_names_mechanisms_as_windows_does),
		cmocka_unit_test(a_mechanism_is_known_by_its_first_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
