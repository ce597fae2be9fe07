/* SPDX-License-Identifier: MIT */
/* NetrSessionDel, and the requests of NetrSessionEnum: they carry the same qualifiers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "group.h"
#include "recording.h"
#include "rpc/call.h"
#include "rpc/pdu.h"
#include "srvsvc/interface.h"
#include "srvsvc/session_messages.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define ALL          0xFFFFFFFF

/* What the recorded NetrSessionEnum requests ask: server, client, user, level, preferred maximum
 * length, whether there is a resume handle, and which. */
static const struct sample {
	const char *name;
	struct session_enum_request request;
} at_every_level[] = {
	/* %u stands for the level */
	{ "impacket-0.10-session-enum-request-level%u-null",
	  { NULL, NULL, NULL, 0, ALL, false, 0 } },
	{ "impacket-0.10-session-enum-request-level%u-empty", { NULL, "", "", 0, ALL, true, 0 } },
	{ "impacket-0.10-session-enum-request-level%u-qualified",
	  { NULL, "\\\\127.0.0.1", "root", 0, 1024, true, 7 } },
	{ "rpcclient-4.17-session-enum-request-level%u",
	  { "127.0.0.1", "\\\\127.0.0.1", "root", 0, ALL, true, 0 } },
};

static const struct sample no_qualifiers = {
	"rpcclient-4.17-session-enum-request-no-qualifiers",
	{ "127.0.0.1", NULL, NULL, 1, ALL, false, 0 },
};

static const struct sample fragments_of_48 = {
	"impacket-0.10-session-enum-request-fragments-of-48",
	{ NULL, "\\\\127.0.0.1", "root", 502, ALL, true, 0 },
};

static const struct sample big_endian = {
	"samba-4.17-python-session-enum-request-big-endian",
	{ "\\\\127.0.0.1", NULL, "root", 1, ALL, true, 0 },
};

/* The stub of a recorded request, its fragments put together, and its byte order. */
static struct wire_writer load_stub(const char *name, uint16_t opnum, bool *is_big_endian)
{
	struct recording pdus = recording_load(name);
	struct wire_writer stub = { 0 };
	struct rpc_pdu_reader reader;
	struct rpc_header h;
	struct wire_reader r;

	rpc_pdu_reader_init(&reader, 5840);
	rpc_pdu_reader_feed(&reader, pdus.data, pdus.bytes);
	while (rpc_pdu_reader_next(&reader, &h, &r)) {
		struct rpc_request request;

		assert_int_equal(h.ptype, RPC_REQUEST);
		rpc_request_decode(&r, &h, &request);
		assert_int_equal(request.opnum, opnum);
		wire_put_bytes(&stub, r.at, wire_left(&r));
		*is_big_endian = r.big_endian;
	}
	assert_null(reader.error);
	rpc_pdu_reader_fini(&reader);
	recording_free(&pdus);
	return stub;
}

static void assert_same_text(const char *text, const char *expected)
{
	if (expected == NULL)
		assert_null(text);
	else
		assert_string_equal(text, expected);
}

static void assert_decodes_to(const char *name, const struct session_enum_request *expected)
{
	struct session_qualifier_texts *texts = malloc(sizeof *texts);
	struct session_enum_request request;
	struct wire_reader r;
	bool is_big_endian;
	struct wire_writer stub = load_stub(name, SRVSVC_NETR_SESSION_ENUM, &is_big_endian);

	wire_reader_init(&r, stub.data, stub.len);
	r.big_endian = is_big_endian;
	session_enum_request_decode(&r, &request, texts);
	assert_null(r.error);
	assert_int_equal(wire_left(&r), 0);
	assert_same_text(request.client, expected->client);
	assert_same_text(request.user, expected->user);
	assert_int_equal(request.level, expected->level);
	assert_int_equal(request.preferred_bytes, expected->preferred_bytes);
	assert_int_equal(request.has_resume_handle, expected->has_resume_handle);
	assert_int_equal(request.resume_handle, expected->resume_handle);
	wire_writer_fini(&stub);
	free(texts);
}

/* Compares what we sent with what they did, but for what a sender is free to choose: a referent
 * id (ours are 0x0002....: no text here has that character) may be any number but 0, and the two
 * bytes that pad a text behind its terminator may be anything; ours are 0, impacket's aa or ab. */
static void assert_same_but_for_referents_and_padding(const struct wire_writer *ours,
                                                      const struct wire_writer *theirs)
{
	size_t at = 0;

	assert_int_equal(ours->len, theirs->len);
	for (; at + 4 <= ours->len; at += 4) {
		const uint8_t *our = ours->data + at, *their = theirs->data + at;

		if (our[2] == 2 && our[3] == 0)
			assert_memory_not_equal(their, "\0\0\0\0", 4);
		else if (memcmp(our, "\0\0\0\0", 4) == 0 && (their[3] == 0xAA || their[3] == 0xAB))
			assert_int_equal(their[0] | their[1], 0);
		else
			assert_memory_equal(our, their, 4);
	}
	assert_memory_equal(ours->data + at, theirs->data + at, ours->len - at);
}

static void assert_encodes_as(const char *name, const struct session_enum_request *request)
{
	bool is_big_endian;
	struct wire_writer ours = { 0 };
	struct wire_writer theirs = load_stub(name, SRVSVC_NETR_SESSION_ENUM, &is_big_endian);
	struct ndr_writer w;

	ndr_writer_init(&w, &ours);
	session_enum_request_encode(&w, request);
	assert_same_but_for_referents_and_padding(&ours, &theirs);
	wire_writer_fini(&ours);
	wire_writer_fini(&theirs);
}

static void for_every_level(void (*check)(const char *name, const struct session_enum_request *))
{
	for (size_t i = 0; i < COUNT(at_every_level); i++)
		for (size_t level = 0; level < SESSION_LEVEL_COUNT; level++) {
			struct session_enum_request request = at_every_level[i].request;
			char name[100];

			request.level = session_levels[level].number;
			snprintf(name, sizeof name, at_every_level[i].name, request.level);
			check(name, &request);
		}
}

static void recorded_enum_requests_decode_to_what_was_asked(void **state)
{
	(void)state;
	for_every_level(assert_decodes_to);
	assert_decodes_to(no_qualifiers.name, &no_qualifiers.request);
	assert_decodes_to(fragments_of_48.name, &fragments_of_48.request);
	assert_decodes_to(big_endian.name, &big_endian.request);
}

static void enum_requests_encode_as_foreign_encoders_do(void **state)
{
	(void)state;
	for_every_level(assert_encodes_as);
	assert_encodes_as(no_qualifiers.name, &no_qualifiers.request);
	assert_encodes_as(fragments_of_48.name, &fragments_of_48.request);
}

/* Gives a text of units UTF-16 units that begins with \\. */
static char *long_client(size_t units)
{
	char *text = malloc(units + 1);

	memset(text, 'x', units);
	memcpy(text, "\\\\", 2);
	text[units] = '\0';
	return text;
}

static void a_client_of_3000_characters_is_cut_but_still_too_long(void **state)
{
	static const char name[] = "rpcclient-4.17-session-enum-request-2-fragments";
	struct session_enum_request request = { "127.0.0.1", NULL, "root", 1, ALL, true, 0 };
	char *client = long_client(3000);

	(void)state;
	request.client = client;
	assert_encodes_as(name, &request);
	client[SESSION_QUALIFIER_MAX_UNITS + 1] = '\0';
	assert_decodes_to(name, &request);
	assert_int_equal(session_enum_request_check(&request), ERROR_INVALID_PARAMETER);
	free(client);
}

/* A request at level 1: 3 NULL texts, level, tag, container, its two members, the rest. */
static const char *decode_words(const uint32_t words[], size_t count)
{
	struct session_qualifier_texts *texts = malloc(sizeof *texts);
	struct session_enum_request request;
	struct wire_writer stub = { 0 };
	struct wire_reader r;

	for (size_t i = 0; i < count; i++)
		wire_put_u32le(&stub, words[i]);
	wire_reader_init(&r, stub.data, stub.len);
	session_enum_request_decode(&r, &request, texts);
	wire_writer_fini(&stub);
	free(texts);
	return r.error;
}

static void an_enum_request_that_contradicts_itself_is_refused(void **state)
{
	static const uint32_t good[] = { 0, 0, 0, 1, 1, 4, 0, 0, ALL, 0 };
	static const uint32_t array_of_none[] = { 0, 0, 0, 1, 1, 4, 0, 8, 0, ALL, 0 };
	static const uint32_t no_container[] = { 0, 0, 0, 1, 1, 0, ALL, 0 };
	static const uint32_t other_tag[] = { 0, 0, 0, 1, 2, 4, 0, 0, ALL, 0 };
	static const uint32_t other_size[] = { 0, 0, 0, 1, 1, 4, 0, 8, 1, ALL, 0 };
	static const uint32_t entries[] = { 0, 0, 0, 1, 1, 4, 1, 8, 1, 0, 0, 0, 0, 0, 0, ALL, 0 };

	(void)state;
	assert_null(decode_words(good, COUNT(good)));
	assert_null(decode_words(array_of_none, COUNT(array_of_none)));
	assert_null(decode_words(no_container, COUNT(no_container)));
	assert_non_null(decode_words(good, COUNT(good) - 1));
	assert_non_null(decode_words(other_tag, COUNT(other_tag)));
	assert_non_null(decode_words(other_size, COUNT(other_size)));
	assert_non_null(decode_words(entries, COUNT(entries)));
}

static NET_API_STATUS check(const char *client, const char *user, uint32_t level)
{
	return session_enum_request_check(
		&(struct session_enum_request){ .client = client, .user = user, .level = level });
}

static void qualifiers_may_be_missing_or_empty(void **state)
{
	(void)state;
	assert_int_equal(check(NULL, NULL, 0), NERR_Success);
	assert_int_equal(check("", "", 10), NERR_Success);
	assert_int_equal(check("\\\\127.0.0.1", "root", 502), NERR_Success);
}

static void a_client_without_backslashes_is_no_computer(void **state)
{
	(void)state;
	assert_int_equal(check("127.0.0.1", NULL, 1), NERR_InvalidComputer);
	assert_int_equal(check("\\127.0.0.1", NULL, 1), NERR_InvalidComputer);
	assert_int_equal(check("\\", NULL, 1), NERR_InvalidComputer);
}

static void a_qualifier_has_at_most_1023_characters(void **state)
{
	char *longest = long_client(1023), *too_long = long_client(1024);
	char *pairs = malloc(4 * 512 + 1); /* 1,024 units, though fewer characters */

	(void)state;
	for (size_t i = 0; i < 512; i++)
		memcpy(pairs + 4 * i, "\xF0\x9F\x98\x80", 5);
	assert_int_equal(check(longest, longest, 1), NERR_Success);
	assert_int_equal(check(too_long, NULL, 1), ERROR_INVALID_PARAMETER);
	assert_int_equal(check(NULL, too_long, 1), ERROR_INVALID_PARAMETER);
	assert_int_equal(check("no computer", too_long, 1), ERROR_INVALID_PARAMETER);
	assert_int_equal(check(NULL, pairs, 1), ERROR_INVALID_PARAMETER);
	assert_int_equal(check(NULL, pairs + 4, 1), NERR_Success);
	free(longest);
	free(too_long);
	free(pairs);
}

static void an_unknown_level_is_reported_before_any_other_error(void **state)
{
	char *too_long = long_client(1024);

	(void)state;
	assert_int_equal(check(NULL, NULL, 3), ERROR_INVALID_LEVEL);
	assert_int_equal(check("no computer", too_long, 501), ERROR_INVALID_LEVEL);
	free(too_long);
}

static void check_del(const char *name, const struct session_del_request *expected)
{
	bool is_big_endian;
	struct wire_writer ours = { 0 };
	struct wire_writer theirs = load_stub(name, SRVSVC_NETR_SESSION_DEL, &is_big_endian);
	struct session_qualifier_texts *texts = malloc(sizeof *texts);
	struct session_del_request request;
	struct ndr_writer w;
	struct wire_reader r;

	wire_reader_init(&r, theirs.data, theirs.len);
	session_del_request_decode(&r, &request, texts);
	assert_null(r.error);
	assert_int_equal(wire_left(&r), 0);
	assert_same_text(request.client, expected->client);
	assert_same_text(request.user, expected->user);
	ndr_writer_init(&w, &ours);
	session_del_request_encode(&w, expected);
	assert_same_but_for_referents_and_padding(&ours, &theirs);
	wire_writer_fini(&ours);
	wire_writer_fini(&theirs);
	free(texts);
}

static void recorded_del_requests_decode_and_encode(void **state)
{
	(void)state;
	check_del("rpcclient-4.17-session-del-request",
	          &(struct session_del_request){ "127.0.0.1", "\\\\127.0.0.2", "daemon" });
	check_del("impacket-0.10-session-del-request-both",
	          &(struct session_del_request){ NULL, "\\\\127.0.0.200", "daemon" });
	check_del("impacket-0.10-session-del-request-user-only",
	          &(struct session_del_request){ NULL, NULL, "nosuchuser" });
}

/* A del answer is its status, behind the headers of its one PDU. */
static void check_del_answer(const char *name, NET_API_STATUS expected)
{
	struct recording pdu = recording_load(name);
	const uint8_t *stub = pdu.data + RPC_CALL_HEADER_BYTES;
	size_t bytes = pdu.bytes - RPC_CALL_HEADER_BYTES;
	struct wire_writer ours = { 0 };
	struct wire_reader r;
	struct ndr_writer w;

	wire_reader_init(&r, stub, bytes);
	assert_int_equal(session_del_answer_decode(&r), expected);
	assert_null(r.error);
	ndr_writer_init(&w, &ours);
	session_del_answer_encode(&w, expected);
	assert_int_equal(ours.len, bytes);
	assert_memory_equal(ours.data, stub, bytes);
	wire_reader_init(&r, stub, bytes - 1);
	(void)session_del_answer_decode(&r);
	assert_non_null(r.error);
	wire_writer_fini(&ours);
	recording_free(&pdu);
}

static void recorded_del_answers_decode_and_encode(void **state)
{
	(void)state;
	check_del_answer("samba-4.17-session-del-response", NERR_Success);
	check_del_answer("samba-4.17-session-del-response-no-match", ERROR_ACCESS_DENIED);
}

TEST_GROUP(session_requests)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_enum_requests_decode_to_what_was_asked),
		cmocka_unit_test(enum_requests_encode_as_foreign_encoders_do),
		cmocka_unit_test(a_client_of_3000_characters_is_cut_but_still_too_long),
		cmocka_unit_test(an_enum_request_that_contradicts_itself_is_refused),
		cmocka_unit_test(qualifiers_may_be_missing_or_empty),
		cmocka_unit_test(a_client_without_backslashes_is_no_computer),
		cmocka_unit_test(a_qualifier_has_at_most_1023_characters),
		cmocka_unit_test(an_unknown_level_is_reported_before_any_other_error),
		cmocka_unit_test(recorded_del_requests_decode_and_encode),
		cmocka_unit_test(recorded_del_answers_decode_and_encode),
	};

	return cmocka_run_group_tests_name("session_del", tests, NULL, NULL);
}
