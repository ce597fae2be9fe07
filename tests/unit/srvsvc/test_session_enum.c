/* SPDX-License-Identifier: MIT */
/* The answer of NetrSessionEnum: its stub, both directions. */
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
#include "srvsvc/session_messages.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* What the hand-made answers of two foreign encoders hold, as far as their level has the member:
 * foreign, non-BMP, empty and NULL texts. */
static const struct netsession_row rows[] = {
	{ "\\\\127.0.0.9", "alice", "", "\\Device\\NetbiosSmb", 3, 3661, 59, 0 },
	{ "\\\\[::1]", "Zo\u00EB \u0141ukasz", "", "\\Device\\NetbiosSmb", 0, 4294967295, 0, 2 },
	{ "LABPC", "\U0001D518ser\U0001F600", "Windows 10", "\\Device\\NetBT_Tcpip_{0B3A}", 1, 1, 1,
	  1 },
	{ "", "", "", "", 0, 0, 0, 3 },
	{ NULL, NULL, NULL, NULL, 7, 8, 9, 0 },
};

/* level (theirs), entries, total entries, has a resume handle, resume handle, status */
static const struct session_enum_answer answer_of_samples = { 0, COUNT(rows), 9, true, 7, 234 };

/* A recorded stub, and a decoder that was fed with all of it. */
struct sample {
	const struct session_level *level;
	struct recording stub;
	struct session_enum_decoder decoder;
};

static void sample_test(const char *encoder, const struct session_level *level,
                        void (*test)(struct sample *s))
{
	struct sample s = { .level = level };
	char name[100];

	snprintf(name, sizeof name, "%s-session-enum-response-level%u-stub", encoder,
	         level->number);
	s.stub = recording_load(name);
	session_enum_decoder_init(&s.decoder, level);
	session_enum_decoder_feed(&s.decoder, s.stub.data, s.stub.bytes, false);
	test(&s);
	session_enum_decoder_fini(&s.decoder);
	recording_free(&s.stub);
}

static void for_each_sample(void (*test)(struct sample *s))
{
	for (size_t i = 0; i < SESSION_LEVEL_COUNT; i++) {
		sample_test("impacket-0.10", &session_levels[i], test);
		sample_test("samba-4.17-python", &session_levels[i], test);
	}
}

static void assert_row_equal(const struct session_level *level, const struct netsession_row *row,
                             const struct netsession_row *expected)
{
	for (size_t i = 0; i < level->field_count; i++) {
		const struct session_field *f = &level->fields[i];

		if (f->kind == SESSION_CELL_U32)
			assert_int_equal(session_row_u32(row, f), session_row_u32(expected, f));
		else if (session_row_text(expected, f) == NULL)
			assert_null(session_row_text(row, f));
		else
			assert_string_equal(session_row_text(row, f),
			                    session_row_text(expected, f));
	}
}

static void assert_answer_equal(const struct session_enum_answer *a,
                                const struct session_enum_answer *expected)
{
	assert_int_equal(a->entries, expected->entries);
	assert_int_equal(a->total_entries, expected->total_entries);
	assert_int_equal(a->has_resume_handle, expected->has_resume_handle);
	assert_int_equal(a->resume_handle, expected->resume_handle);
	assert_int_equal(a->status, expected->status);
}

static void check_values(struct sample *s)
{
	struct session_enum_answer answer;
	struct netsession_row row;
	char *scratch = NULL;
	size_t scratch_bytes = 0;
	void *infos;

	assert_int_equal(session_enum_decoder_finish(&s->decoder, &answer, &infos), NERR_Success);
	assert_int_equal(answer.level, s->level->number);
	assert_answer_equal(&answer, &answer_of_samples);
	for (uint32_t i = 0; i < answer.entries; i++) {
		assert_true(session_infos_row(s->level, infos, i, &row, &scratch, &scratch_bytes));
		assert_row_equal(s->level, &row, &rows[i]);
	}
	free(scratch);
	free(infos);
}

static void answers_of_all_levels_decode_to_what_foreign_encoders_put_in(void **state)
{
	(void)state;
	for_each_sample(check_values);
}

/* Compares word by word, but for what an encoder is free to choose: a referent id (ours are
 * 0x0002...., no text here has that character) may be any number but 0, and the two bytes that
 * pad a text behind its terminator may be anything; ours are 0, impacket's aaaa, abab or bfbf. */
static void assert_same_but_for_referents_and_padding(const uint8_t *ours, const uint8_t *theirs,
                                                      size_t bytes)
{
	struct wire_reader a, b;

	wire_reader_init(&a, ours, bytes);
	wire_reader_init(&b, theirs, bytes);
	while (wire_left(&a) > 0) {
		uint32_t our = wire_get_u32(&a), their = wire_get_u32(&b), padding = their >> 16;

		if (our >> 16 == 2)
			assert_int_not_equal(their, 0);
		else if (our == 0 && (padding == 0xAAAA || padding == 0xABAB || padding == 0xBFBF))
			assert_int_equal(their & 0xFFFF, 0);
		else
			assert_int_equal(our, their);
	}
	assert_null(a.error);
}

static void check_encoding(struct sample *s)
{
	struct session_enum_answer answer = answer_of_samples;
	struct session_row_array array = { rows, COUNT(rows), 0 };
	const struct session_rows source = session_rows_of_array(&array);
	struct wire_writer stub = { 0 };
	struct ndr_writer w;

	answer.level = s->level->number;
	ndr_writer_init(&w, &stub);
	session_enum_answer_encode(&w, &answer, &source);
	assert_int_equal(stub.len, s->stub.bytes);
	assert_same_but_for_referents_and_padding(stub.data, s->stub.data, stub.len);
	wire_writer_fini(&stub);
}

/* More room than rows, and the texts move to the entries a few bytes at a time. */
static void check_encoding_with_room(struct sample *s)
{
	struct session_enum_answer answer = answer_of_samples;
	struct wire_writer stub = { 0 };
	struct session_enum_encoder e;
	unsigned moves = 1;

	answer.level = s->level->number;
	session_enum_encoder_init(&e, s->level, COUNT(rows) + 3);
	for (size_t i = 0; i < COUNT(rows); i++)
		session_enum_encoder_add(&e, &rows[i]);
	while (!session_enum_encoder_close_gap(&e, 7))
		moves++;
	assert_true(moves > 10);
	session_enum_encoder_finish(&e, &answer, &stub);
	assert_int_equal(stub.len, s->stub.bytes);
	assert_same_but_for_referents_and_padding(stub.data, s->stub.data, stub.len);
	wire_writer_fini(&stub);
}

static void check_info_bytes(struct sample *s)
{
	size_t bytes = 0;

	for (size_t i = 0; i < COUNT(rows); i++)
		bytes += session_row_info_bytes(s->level, &rows[i]);
	assert_int_equal(bytes, s->decoder.block.used);
}

static void a_row_weighs_what_it_takes_of_the_callers_block(void **state)
{
	(void)state;
	for_each_sample(check_info_bytes);
}

static void answers_of_all_levels_encode_as_foreign_encoders_do(void **state)
{
	(void)state;
	for_each_sample(check_encoding);
	for_each_sample(check_encoding_with_room);
}

static void swap(uint8_t *at, size_t a, size_t b)
{
	uint8_t byte = at[a];

	at[a] = at[b];
	at[b] = byte;
}

static void reverse_words(uint8_t *at, size_t count)
{
	for (; count > 0; count--, at += 4) {
		swap(at, 0, 3);
		swap(at, 1, 2);
	}
}

/* Turns the stub of a hand-made answer: six numbers, the entries, the texts, four numbers. */
static void make_big_endian(const struct sample *s)
{
	uint8_t *at = s->stub.data, *total = at + s->stub.bytes - 16;
	size_t words = 6 + COUNT(rows) * s->level->field_count;

	reverse_words(at, words);
	for (at += 4 * words; at < total;) {
		size_t units = at[8]; /* all are short */

		reverse_words(at, 3);
		for (at += 12; units > 0; units--, at += 2)
			swap(at, 0, 1);
		at += (total - at) % 4;
	}
	reverse_words(total, 4);
}

/* Feeds a copy that ends where the piece ends and is freed afterwards. */
static void feed_copy(struct session_enum_decoder *d, const uint8_t *piece, size_t bytes,
                      bool big_endian)
{
	uint8_t *copy = malloc(bytes + 1);

	memcpy(copy + 1, piece, bytes);
	session_enum_decoder_feed(d, copy + 1, bytes, big_endian);
	free(copy);
}

/* Decodes the sample's stub again, a first piece of cut bytes and then pieces of at most step
 * bytes. Until it is finished a block holds offsets, so equal blocks are equal bytes. */
static void assert_same_in_pieces(const struct sample *s, size_t cut, size_t step, bool big_endian)
{
	struct session_enum_decoder d;

	session_enum_decoder_init(&d, s->level);
	feed_copy(&d, s->stub.data, cut, big_endian);
	for (size_t at = cut; at < s->stub.bytes; at += step) {
		size_t left = s->stub.bytes - at;

		feed_copy(&d, s->stub.data + at, left < step ? left : step, big_endian);
	}
	assert_int_equal(d.step, s->decoder.step);
	assert_answer_equal(&d.answer, &s->decoder.answer);
	assert_int_equal(d.block.used, s->decoder.block.used);
	assert_memory_equal(d.block.data, s->decoder.block.data, d.block.used);
	session_enum_decoder_fini(&d);
}

static void check_cuts(struct sample *s)
{
	for (int big_endian = 0; big_endian <= 1; big_endian++) {
		if (big_endian)
			make_big_endian(s);
		for (size_t cut = 0; cut <= s->stub.bytes; cut++)
			assert_same_in_pieces(s, cut, s->stub.bytes, big_endian);
		for (size_t step = 1; step <= 9; step++)
			assert_same_in_pieces(s, 0, step, big_endian);
	}
}

static void an_answer_decodes_alike_wherever_it_is_cut_in_both_byte_orders(void **state)
{
	(void)state;
	for_each_sample(check_cuts);
}

/* Decodes two pieces. Reads all that they gave, for the sanitizer. Returns the status. */
/* Fed byte by byte: each row is right from the moment on at which it is there. */
static void check_rows(struct sample *s)
{
	struct session_enum_decoder d;
	struct netsession_row row;
	size_t scratch_bytes = 0, full_at = 0;
	char *scratch = NULL;
	uint32_t had = 0;

	session_enum_decoder_init(&d, s->level);
	assert_int_equal(session_enum_decoder_rows(&d), 0);
	for (size_t at = 0; at < s->stub.bytes; at++) {
		uint32_t has;

		feed_copy(&d, s->stub.data + at, 1, false);
		has = session_enum_decoder_rows(&d);
		assert_int_in_range(has, had, COUNT(rows));
		for (uint32_t i = 0; i < has; i++) {
			assert_true(
				session_enum_decoder_row(&d, i, &row, &scratch, &scratch_bytes));
			assert_row_equal(s->level, &row, &rows[i]);
		}
		if (had < COUNT(rows) && has == COUNT(rows))
			full_at = at + 1;
		had = has;
	}
	assert_int_equal(had, COUNT(rows));
	assert_int_in_range(s->stub.bytes - full_at, 16, 16 + 3); /* the four numbers and padding */
	session_enum_decoder_fini(&d);
	free(scratch);
}

static void rows_are_there_as_soon_as_their_last_byte(void **state)
{
	(void)state;
	for_each_sample(check_rows);
}

static NET_API_STATUS try_stub(const struct session_level *level, const uint8_t *stub, size_t bytes,
                               size_t cut)
{
	struct session_enum_decoder d;
	struct session_enum_answer a;
	struct netsession_row row;
	char *scratch = NULL;
	size_t scratch_bytes = 0;
	NET_API_STATUS status;
	void *infos;

	session_enum_decoder_init(&d, level);
	feed_copy(&d, stub, cut, false);
	feed_copy(&d, stub + cut, bytes - cut, false);
	assert_int_in_range(d.block.cap, 0, 1024 + 4 * bytes); /* whatever a count claims */
	status = session_enum_decoder_finish(&d, &a, &infos);
	for (uint32_t i = 0; infos != NULL && i < a.entries; i++)
		assert_true(session_infos_row(level, infos, i, &row, &scratch, &scratch_bytes));
	free(scratch);
	free(infos);
	session_enum_decoder_fini(&d);
	return status;
}

static void check_truncations(struct sample *s)
{
	for (size_t bytes = 0; bytes < s->stub.bytes; bytes++)
		assert_int_equal(try_stub(s->level, s->stub.data, bytes, bytes / 2),
		                 RPC_X_BAD_STUB_DATA);
}

static void every_truncated_answer_is_refused(void **state)
{
	(void)state;
	for_each_sample(check_truncations);
}

static void check_damage(struct sample *s)
{
	for (size_t at = 0; at < s->stub.bytes; at++) {
		const uint8_t was = s->stub.data[at];
		const uint8_t values[] = { was ^ 0xFF, was ^ 0x01, was ^ 0x80, 0 };

		for (size_t i = 0; i < COUNT(values); i++) {
			NET_API_STATUS status;

			s->stub.data[at] = values[i];
			status = try_stub(s->level, s->stub.data, s->stub.bytes, at);
			assert_true(status == NERR_Success || status == RPC_X_BAD_STUB_DATA);
		}
		s->stub.data[at] = was;
	}
}

static void an_answer_with_any_byte_damaged_decodes_or_is_refused(void **state)
{
	(void)state;
	for_each_sample(check_damage);
}

/* An answer at level 0 with one entry, "a", and 9 as its status. */
enum { LEVEL, TAG, READ = 3, ARRAY, SIZE, MAX = 7, OFFSET, ACTUAL, A, STATUS = 13, WORDS };
static const uint32_t words_of_level_0[WORDS] = { 0, 0, 4, 1, 8, 1, 12, 2, 0, 2, 'a', 1, 0, 9 };

static struct err decode_words(const uint32_t words[], size_t count, struct session_enum_answer *a)
{
	struct session_enum_decoder d;
	struct wire_writer stub = { 0 };
	void *infos;

	for (size_t i = 0; i < count; i++)
		wire_put_u32le(&stub, words[i]);
	session_enum_decoder_init(&d, session_level_find(0));
	feed_copy(&d, stub.data, stub.len, false);
	feed_copy(&d, stub.data, stub.len, false); /* behind the end or an error: means nothing */
	assert_int_in_range(d.block.cap, 0, 1024); /* whatever its counts claim */
	(void)session_enum_decoder_finish(&d, a, &infos);
	assert_int_equal(infos != NULL, d.err.status == NERR_Success && a->entries > 0);
	free(infos);
	session_enum_decoder_fini(&d);
	wire_writer_fini(&stub);
	return d.err;
}

static void an_answer_that_contradicts_itself_is_refused(void **state)
{
	static const struct {
		size_t word;
		uint32_t value;
		const char *why;
	} cases[] = {
		{ STATUS, 9, NULL }, /* as it is */
		{ LEVEL, 1, "the server answered with another level than requested" },
		{ TAG, 1, "the server answered with another level than requested" },
		{ READ, 2, "the size of the array differs from EntriesRead" },
		{ READ, 0, "the size of the array differs from EntriesRead" },
		{ SIZE, 0x10000000, "the size of the array differs from EntriesRead" },
		{ ARRAY, 0, "EntriesRead is not 0, but there is no array" },
		{ MAX, 1, "a conformant varying string is malformed" },
		{ OFFSET, 1, "a conformant varying string is malformed" },
		{ ACTUAL, 0, "a conformant varying string is malformed" },
		{ ACTUAL, 1, "a string lacks its terminator" },
		{ A, 'a' | 'b' << 16, "a string lacks its terminator" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint32_t words[WORDS];
		struct session_enum_answer answer;
		struct err err;

		memcpy(words, words_of_level_0, sizeof words);
		words[cases[i].word] = cases[i].value;
		err = decode_words(words, WORDS, &answer);
		assert_int_equal(err.status, cases[i].why == NULL ? 0 : RPC_X_BAD_STUB_DATA);
		assert_string_equal(cases[i].why == NULL ? "" : cases[i].why, err.text);
	}
}

static void nothing_is_allocated_by_a_count_before_its_entries_arrive(void **state)
{
	static const uint32_t words[] = { 0, 0, 4, 0xFFFFFFFF, 8, 0xFFFFFFFF, 12, 16 };
	struct session_enum_answer answer;

	(void)state;
	assert_int_equal(decode_words(words, COUNT(words), &answer).status, RPC_X_BAD_STUB_DATA);
}

static NET_API_STATUS decode_within(const struct sample *s, size_t max_bytes)
{
	struct session_enum_decoder d;
	NET_API_STATUS status;

	session_enum_decoder_init(&d, s->level);
	session_enum_decoder_set_max(&d, max_bytes);
	session_enum_decoder_feed(&d, s->stub.data, s->stub.bytes, false);
	status = d.err.status;
	assert_int_in_range(d.block.used, 0, max_bytes);
	session_enum_decoder_fini(&d);
	return status;
}

static void check_bound(struct sample *s)
{
	size_t used = s->decoder.block.used;

	assert_int_equal(decode_within(s, used), NERR_Success);
	for (size_t bytes = 1; bytes < used; bytes += 7)
		assert_int_equal(decode_within(s, bytes), ERROR_NOT_ENOUGH_QUOTA);
	assert_int_equal(decode_within(s, used - 1), ERROR_NOT_ENOUGH_QUOTA);
}

static void rows_take_no_more_memory_than_their_bound(void **state)
{
	(void)state;
	for_each_sample(check_bound);
}

static void a_text_is_as_long_as_a_windows_string_at_most(void **state)
{
	(void)state;
	for (uint32_t longer = 0; longer <= 1; longer++) {
		const uint32_t units = SESSION_TEXT_MAX_UNITS + 1 + longer;
		const uint32_t words[] = { 0, 0, 4, 1, 8, 1, 12, units, 0, units };
		struct session_enum_decoder d;

		session_enum_decoder_init(&d, session_level_find(0));
		session_enum_decoder_feed(&d, words, sizeof words, false);
		assert_int_equal(d.err.status, longer ? RPC_X_BAD_STUB_DATA : NERR_Success);
		session_enum_decoder_fini(&d);
	}
}

static void an_answer_may_have_no_entries_no_array_or_no_container(void **state)
{
	static const uint32_t answers[][WORDS] = {
		{ 0, 0, 4, 0, 8, 0, 3, 12, 5, 234 },
		{ 0, 0, 4, 0, 0, 3, 12, 5, 234 },
		{ 0, 0, 0, 3, 12, 5, 234, 77 /* behind the status: means nothing */ },
	};
	static const struct session_enum_answer expected = { 0, 0, 3, true, 5, 234 };

	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		struct session_enum_answer answer;

		assert_int_equal(decode_words(answers[i], WORDS, &answer).status, NERR_Success);
		assert_answer_equal(&answer, &expected);
	}
}

TEST_GROUP(session_enum)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_of_all_levels_decode_to_what_foreign_encoders_put_in),
		cmocka_unit_test(a_row_weighs_what_it_takes_of_the_callers_block),
		cmocka_unit_test(answers_of_all_levels_encode_as_foreign_encoders_do),
		cmocka_unit_test(rows_are_there_as_soon_as_their_last_byte),
		cmocka_unit_test(an_answer_decodes_alike_wherever_it_is_cut_in_both_byte_orders),
		cmocka_unit_test(every_truncated_answer_is_refused),
		cmocka_unit_test(an_answer_with_any_byte_damaged_decodes_or_is_refused),
		cmocka_unit_test(an_answer_that_contradicts_itself_is_refused),
		cmocka_unit_test(nothing_is_allocated_by_a_count_before_its_entries_arrive),
		cmocka_unit_test(rows_take_no_more_memory_than_their_bound),
		cmocka_unit_test(a_text_is_as_long_as_a_windows_string_at_most),
		cmocka_unit_test(an_answer_may_have_no_entries_no_array_or_no_container),
	};

	return cmocka_run_group_tests_name("session_enum", tests, NULL, NULL);
}
