/* SPDX-License-Identifier: MIT */
/* The client's side of an association, with answers of Samba. */
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
#include "rpc/client_association.h"
#include "srvsvc/interface.h"
#include "srvsvc/session_messages.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
enum { PTYPE = 2, FRAG_LENGTH = 8, AUTH_LENGTH = 10, CALL_ID = 12, MAX_RECV_FRAG = 18 };

/* samba-4.17-session-enum-response-*.hex */
static const char *const answers[] = { "level0-1",
	                               "level0-3",
	                               "level0-130",
	                               "level1-1",
	                               "level1-3",
	                               "level1-130",
	                               "level1-access-denied",
	                               "level1-guest",
	                               "level1-past-the-end",
	                               "level1-resumed",
	                               "level2-refused",
	                               "level10-refused",
	                               "level502-refused",
	                               "to-big-endian" };

static struct recording load_answer(const char *name)
{
	char path[100];

	snprintf(path, sizeof path, "samba-4.17-session-enum-response-%s", name);
	return recording_load(path);
}

static const struct rpc_syntax srvsvc = { SRVSVC_INTERFACE_UUID, SRVSVC_INTERFACE_VERSION, 0 };

static void set_u16(struct recording *r, size_t at, uint16_t value)
{
	r->data[at] = (uint8_t)value;
	r->data[at + 1] = (uint8_t)(value >> 8);
}

/* Begins a bind, and feeds what the server says to it; with that max_recv_frag if it is not 0. */
static enum rpc_event bind_answered_by(struct rpc_association *a, const char *name,
                                       uint16_t max_recv_frag)
{
	struct recording answer = recording_load(name);
	struct wire_writer sent = { 0 };
	struct rpc_piece piece;
	enum rpc_event event;

	if (max_recv_frag != 0)
		set_u16(&answer, MAX_RECV_FRAG, max_recv_frag);
	rpc_association_init(a);
	rpc_association_bind(a, &sent, &srvsvc, RPC_MAX_FRAG_BYTES);
	rpc_association_feed(a, answer.data, answer.bytes);
	event = rpc_association_next(a, &piece);
	wire_writer_fini(&sent);
	recording_free(&answer);
	return event;
}

static void begin_call(struct rpc_association *a, uint32_t call_id)
{
	static struct rpc_association bound; /* for all calls; it holds no memory yet */

	if (bound.step == RPC_UNBOUND)
		assert_int_equal(bind_answered_by(&bound, "samba-4.17-bind-ack-to-rpcclient", 0),
		                 RPC_BOUND);
	*a = bound;
	a->call_id = call_id - 1;
	rpc_association_call(a);
}

/* Feeds PDUs, up to the last one of an answer, in blocks of step bytes that are freed afterwards.
 */
static enum rpc_event feed_blocks(struct rpc_association *a, struct session_enum_decoder *d,
                                  const struct recording *pdus, size_t bytes, size_t step)
{
	enum rpc_event event = RPC_WANT_BYTES;
	struct rpc_piece piece;

	for (size_t at = 0; at < bytes && event == RPC_WANT_BYTES; at += step) {
		size_t count = bytes - at < step ? bytes - at : step;
		uint8_t *block = malloc(count);

		memcpy(block, pdus->data + at, count);
		rpc_association_feed(a, block, count);
		do {
			event = rpc_association_next(a, &piece);
			if (event == RPC_STUB)
				session_enum_decoder_feed(d, piece.data, piece.bytes,
				                          piece.big_endian);
		} while (event == RPC_STUB && !piece.last);
		free(block);
	}
	return event;
}

/* Looks for a line of the recording's comments that begins so. */
static void assert_says(const char *name, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void assert_says(const char *name, const char *format, ...)
{
	char path[1024], beginning[200], line[4096] = "";
	va_list values;
	FILE *file;

	va_start(values, format);
	vsnprintf(beginning, sizeof beginning, format, values);
	va_end(values);
	snprintf(path, sizeof path, "%s/samba-4.17-session-enum-response-%s.hex",
	         getenv("NETSESSION_WIRE"), name);
	file = fopen(path, "r");
	assert_non_null(file);
	while (strncmp(line, beginning, strlen(beginning)) != 0)
		if (fgets(line, sizeof line, file) == NULL)
			fail_msg("%s does not say: %s", name, beginning);
	fclose(file);
}

/* Compares an answer with the comments of its recording. */
static void assert_says_answer(const char *name, const struct session_level *level,
                               const struct session_enum_answer *a, const void *infos)
{
	struct netsession_row row;
	char *scratch = NULL;
	size_t scratch_bytes = 0;

	if (a->entries > 0)
		assert_says(name, "# NetrSessionEnum response: level %u, %u entries", level->number,
		            a->entries);
	else
		assert_says(name, "# NetrSessionEnum response: level %u, container with count 0",
		            level->number);
	assert_says(name, "# total entries %u, resume handle %u, return value %u\n",
	            a->total_entries, a->resume_handle, a->status);
	for (uint32_t i = 0; i < a->entries; i++) {
		assert_true(session_infos_row(level, infos, i, &row, &scratch, &scratch_bytes));
		if (i >= 2 && i < 129 && a->entries == 130) /* "the rest of the same kind" */
			assert_memory_equal(row.client, "127.0.", 6);
		else if (level->number == 0)
			assert_says(name, "#   entry %u: client \"%s\"\n", i, row.client);
		else
			assert_says(name,
			            "#   entry %u: client \"%s\", user \"%s\", num_open %u, "
			            "time %u, idle_time %u, user_flags %u\n",
			            i, row.client, row.user, row.num_opens, row.active_s,
			            row.idle_s, row.user_flags);
	}
	free(scratch);
}

/* The level that an answer states at the head of its stub. */
static const struct session_level *level_of(const struct recording *pdus)
{
	return session_level_find(pdus->data[24] + 256u * pdus->data[25]);
}

struct outcome {
	enum rpc_event event;
	NET_API_STATUS status; /* of the decoder */
	struct session_enum_answer answer;
	void *infos;
};

/* Decodes the first bytes of an answer that comes in blocks of step bytes. */
static struct outcome decode(const struct session_level *level, uint32_t call_id,
                             const struct recording *pdus, size_t bytes, size_t step)
{
	struct rpc_association a;
	struct session_enum_decoder d;
	struct outcome o;

	begin_call(&a, call_id);
	session_enum_decoder_init(&d, level);
	o.event = feed_blocks(&a, &d, pdus, bytes, step);
	o.status = session_enum_decoder_finish(&d, &o.answer, &o.infos);
	assert_int_equal(o.event == RPC_FAILED, a.err.status != NERR_Success);
	session_enum_decoder_fini(&d);
	rpc_association_fini(&a);
	return o;
}

static void check_answer(const char *name, size_t step)
{
	struct recording pdus = load_answer(name);
	struct outcome o = decode(level_of(&pdus), pdus.data[CALL_ID], &pdus, pdus.bytes, step);

	assert_int_equal(o.event, RPC_STUB);
	assert_int_equal(o.status, NERR_Success);
	assert_says_answer(name, level_of(&pdus), &o.answer, o.infos);
	free(o.infos);
	recording_free(&pdus);
}

static void answers_of_samba_decode_to_what_they_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++)
		check_answer(answers[i], SIZE_MAX);
	check_answer("level1-130-to-impacket", SIZE_MAX);
}

static void answers_decode_alike_in_blocks_of_any_size(void **state)
{
	(void)state;
	for (size_t step = 1; step <= 300; step++)
		check_answer("level1-3", step);
	for (size_t step = 107; step <= 4280; step += 107) /* a fragment is 4280 bytes long */
		check_answer("level1-130", step);
}

static void check_cut_and_damage(struct recording *pdus)
{
	const struct session_level *level = level_of(pdus);

	for (size_t at = 0; at < pdus->bytes; at++) {
		const uint8_t was = pdus->data[at];
		const uint8_t values[] = { was ^ 0xFF, was ^ 0x01, was ^ 0x80, 0 };
		struct outcome o = decode(level, 2, pdus, at, SIZE_MAX);

		assert_int_equal(o.event, RPC_WANT_BYTES);
		assert_int_equal(o.status, RPC_X_BAD_STUB_DATA);
		for (size_t i = 0; i < COUNT(values); i++) {
			pdus->data[at] = values[i];
			o = decode(level, 2, pdus, pdus->bytes, i % 2 ? SIZE_MAX : at + 1);
			assert_true(o.status == NERR_Success || o.status == RPC_X_BAD_STUB_DATA);
			free(o.infos);
		}
		pdus->data[at] = was;
	}
}

static void an_answer_that_is_cut_or_damaged_anywhere_does_no_harm(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		struct recording pdus = load_answer(answers[i]);

		check_cut_and_damage(&pdus);
		recording_free(&pdus);
	}
}

static void a_bind_that_is_refused_breaks_the_association_and_says_why(void **state)
{
	static const struct {
		const char *name;
		uint16_t max_recv_frag; /* 0: as recorded */
		NET_API_STATUS status;
		const char *why;
	} cases[] = {
		{ "samba-4.17-bind-ack-unknown-interface", 0, RPC_S_UNKNOWN_IF,
		  "abstract_syntax_not_supported: no srvsvc service behind the pipe" },
		{ "samba-4.17-bind-nak-version", 0, RPC_S_PROTOCOL_ERROR,
		  "protocol_version_not_supported" },
		{ "samba-4.17-bind-ack-to-big-endian", 0, RPC_S_PROTOCOL_ERROR,
		  "the bind_ack does not have one result for each context" },
		{ "samba-4.17-bind-ack-to-rpcclient", RPC_MIN_FRAG_BYTES - 1, RPC_S_PROTOCOL_ERROR,
		  "the server announces fragments of at most 1431 bytes; C706 demands 1432" },
		{ "samba-4.17-fault-unknown-opnum", 0, RPC_S_PROCNUM_OUT_OF_RANGE,
		  "nca_op_rng_error: no such operation" },
		{ "samba-4.17-alter-context-resp", 0, RPC_S_PROTOCOL_ERROR,
		  "the server sent a PDU of an unexpected type" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct rpc_association a;

		assert_int_equal(bind_answered_by(&a, cases[i].name, cases[i].max_recv_frag),
		                 RPC_FAILED);
		assert_int_equal(a.step, RPC_BROKEN);
		assert_int_equal(a.err.status, cases[i].status);
		assert_string_equal(a.err.step, "bind srvsvc");
		assert_string_equal(a.err.text, cases[i].why);
		rpc_association_fini(&a);
	}
}

static void a_fault_ends_the_call_and_leaves_the_association(void **state)
{
	struct recording fault = recording_load("samba-4.17-fault-malformed-stub");
	struct rpc_association a;
	struct rpc_piece piece;

	(void)state;
	begin_call(&a, 1);
	rpc_association_feed(&a, fault.data, fault.bytes);
	assert_int_equal(rpc_association_next(&a, &piece), RPC_FAILED);
	assert_int_equal(a.err.status, RPC_X_BAD_STUB_DATA);
	assert_string_equal(a.err.text, "the server found the request malformed");
	assert_int_equal(a.step, RPC_IDLE);
	rpc_association_call(&a);
	rpc_association_fini(&a);
	recording_free(&fault);
}

static void a_request_is_sent_in_fragments_that_the_server_can_receive(void **state)
{
	static const uint8_t stub[6000] = { 0 };
	struct wire_writer w = { 0 };
	struct rpc_association a;
	size_t at = 0;

	(void)state;
	begin_call(&a, 2);
	rpc_association_fragment(&a, &w, SRVSVC_NETR_SESSION_ENUM, stub, sizeof stub, &at);
	assert_int_equal(w.len, 4280);
	assert_int_equal(w.data[CALL_ID], 2);
	rpc_association_fragment(&a, &w, SRVSVC_NETR_SESSION_ENUM, stub, sizeof stub, &at);
	assert_int_equal(at, sizeof stub);
	wire_writer_fini(&w);
}

static void each_piece_says_how_many_bytes_follow(void **state)
{
	static const uint32_t to_come[] = { 6924, 2668, 0 }; /* the next fragment's alloc_hint */
	struct recording pdus = load_answer("level1-130");
	struct rpc_association a;
	struct rpc_piece piece;

	(void)state;
	begin_call(&a, 2);
	rpc_association_feed(&a, pdus.data, pdus.bytes);
	for (size_t i = 0; i < COUNT(to_come); i++) {
		assert_int_equal(rpc_association_next(&a, &piece), RPC_STUB);
		assert_int_equal(piece.remaining_bytes, to_come[i]);
	}
	assert_true(piece.last);
	rpc_association_call(&a); /* begins anew */
	pdus.data[CALL_ID] = 3;
	rpc_association_feed(&a, pdus.data, pdus.bytes);
	assert_int_equal(rpc_association_next(&a, &piece), RPC_STUB);
	recording_free(&pdus);
}

/* Invalid answers: level0-130, whose second PDU is at 4280, with two bytes changed. */
static const struct {
	size_t at;
	uint16_t value;
	const char *why;
} broken[] = {
	{ 0, 4, "not a DCE/RPC version 5 PDU" },
	{ FRAG_LENGTH, 65529, "a fragment is longer than negotiated" },
	{ FRAG_LENGTH, 24, "a fragment has no stub" },
	{ AUTH_LENGTH, 8, "the server sent RPC authentication that was not requested" },
	{ CALL_ID, 3, "the server answered a call that was not made" },
	{ 4280 + CALL_ID, 1, "the server answered a call that was not made" },
	{ PTYPE, RPC_REQUEST | 1 << 8, "the server sent a PDU of an unexpected type" },
	{ PTYPE, RPC_BIND_ACK | 1 << 8, "the server sent a PDU of an unexpected type" },
	{ PTYPE, RPC_RESPONSE, "the fragments of a response are out of order" },
	{ 4280 + PTYPE, RPC_RESPONSE | 3 << 8, "the fragments of a response are out of order" },
};

static void an_answer_that_breaks_the_rules_breaks_the_association(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(broken); i++) {
		struct recording pdus = load_answer("level0-130");
		struct rpc_association a;
		struct rpc_piece piece;

		set_u16(&pdus, broken[i].at, broken[i].value);
		begin_call(&a, 2);
		rpc_association_feed(&a, pdus.data, pdus.bytes);
		while (rpc_association_next(&a, &piece) == RPC_STUB)
			assert_false(piece.last);
		assert_int_equal(a.step, RPC_BROKEN);
		assert_int_equal(a.err.status, RPC_S_PROTOCOL_ERROR);
		assert_string_equal(a.err.text, broken[i].why);
		assert_int_equal(rpc_association_next(&a, &piece), RPC_FAILED);
		rpc_association_fini(&a);
		recording_free(&pdus);
	}
}

TEST_GROUP(rpc_association)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_of_samba_decode_to_what_they_say),
		cmocka_unit_test(answers_decode_alike_in_blocks_of_any_size),
		cmocka_unit_test(an_answer_that_is_cut_or_damaged_anywhere_does_no_harm),
		cmocka_unit_test(a_bind_that_is_refused_breaks_the_association_and_says_why),
		cmocka_unit_test(a_fault_ends_the_call_and_leaves_the_association),
		cmocka_unit_test(a_request_is_sent_in_fragments_that_the_server_can_receive),
		cmocka_unit_test(each_piece_says_how_many_bytes_follow),
		cmocka_unit_test(an_answer_that_breaks_the_rules_breaks_the_association),
	};

	return cmocka_run_group_tests_name("rpc_association", tests, NULL, NULL);
}
