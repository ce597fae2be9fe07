/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "group.h"
#include "wire/ndr_reader.h"
#include "wire/ndr_stream.h"
#include "wire/ndr_writer.h"

#define COUNT(array)     (sizeof(array) / sizeof *(array))
#define GRINNING_UTF8    "\xF0\x9F\x98\x80"
#define REPLACEMENT_UTF8 "\xEF\xBF\xBD"

/* A string as it lies on the wire: its three numbers, whatever they claim, and its units. */
struct wire_string {
	uint32_t max, offset, actual;
	uint16_t units[8];
	size_t units_there;
};

static void put_u32(struct wire_writer *w, uint32_t value, bool big_endian)
{
	wire_put_u32le(w, big_endian ? __builtin_bswap32(value) : value);
}

static void put_wire_string(struct wire_writer *w, const struct wire_string *s, bool big_endian)
{
	put_u32(w, s->max, big_endian);
	put_u32(w, s->offset, big_endian);
	put_u32(w, s->actual, big_endian);
	for (size_t i = 0; i < s->units_there; i++)
		wire_put_u16le(w, big_endian ? __builtin_bswap16(s->units[i]) : s->units[i]);
}

/* A reader over a block of exactly those bytes, which the caller frees. */
static uint8_t *exact_reader(struct wire_reader *r, const uint8_t *data, size_t bytes)
{
	uint8_t *copy = malloc(bytes > 0 ? bytes : 1);

	if (bytes > 0)
		memcpy(copy, data, bytes);
	wire_reader_init(r, copy, bytes);
	return copy;
}

/* Decodes s in either byte order; expected NULL: it must be refused. */
static void assert_wire_string(const struct wire_string *s, size_t max_units, const char *expected)
{
	for (int big_endian = 0; big_endian <= 1; big_endian++) {
		struct wire_writer w = { 0 };
		struct wire_reader r;
		char *to = malloc(NDR_TEXT_BYTES(max_units));
		uint8_t *data;

		put_wire_string(&w, s, big_endian);
		data = exact_reader(&r, w.data, w.len);
		r.big_endian = big_endian;
		ndr_get_wstring(&r, to, max_units);
		assert_int_equal(r.error == NULL, expected != NULL);
		if (expected != NULL)
			assert_string_equal(to, expected);
		free(data);
		free(to);
		wire_writer_fini(&w);
	}
}

static void numbers_are_read_at_their_natural_alignment(void **state)
{
	static const uint8_t stub[] = { 9, 0xEE, 0xEE, 0xEE, 1, 0, 0, 0, 2, 0, 0, 0 };
	struct wire_reader r;

	(void)state;
	wire_reader_init(&r, stub, sizeof stub);
	assert_int_equal(wire_get_u8(&r), 9);
	assert_int_equal(ndr_get_u32(&r), 1);
	assert_int_equal(ndr_get_u32(&r), 2);
	assert_null(r.error);
	assert_int_equal(ndr_get_u32(&r), 0);
	assert_non_null(r.error);
}

static void get_count_refuses_a_count_larger_than_the_stub(void **state)
{
	static const struct {
		uint32_t count;
		size_t element_bytes;
		bool fits;
	} cases[] = {
		{ 0, 8, true },           { 3, 4, true },           { 4, 4, false },
		{ 6, 2, true },           { 7, 2, false },          { 1, 12, true },
		{ 1, 13, false },         { 0x80000000, 2, false }, { 0xFFFFFFFF, 1, false },
		{ 0x40000001, 4, false }, /* 4 bytes, if it were counted in 32 bits */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct wire_writer w = { 0 };
		struct wire_reader r;

		wire_put_u32le(&w, cases[i].count);
		wire_put_zeros(&w, 12);
		wire_reader_init(&r, w.data, w.len);
		assert_int_equal(ndr_get_count(&r, cases[i].element_bytes),
		                 cases[i].fits ? cases[i].count : 0);
		assert_int_equal(r.error == NULL, cases[i].fits);
		wire_writer_fini(&w);
	}
}

static void a_string_is_read_as_utf8(void **state)
{
	(void)state;
	assert_wire_string(&(struct wire_string){ 1, 0, 1, { 0 }, 1 }, 10, "");
	assert_wire_string(&(struct wire_string){ 3, 0, 3, { 'a', 'b', 0 }, 3 }, 10, "ab");
	assert_wire_string(&(struct wire_string){ 9, 0, 3, { 'a', 'b', 0 }, 3 }, 10, "ab");
	assert_wire_string(&(struct wire_string){ 4, 0, 4, { 0xEB, 0xD83D, 0xDE00, 0 }, 4 }, 10,
	                   "\xC3\xAB" GRINNING_UTF8);
	assert_wire_string(&(struct wire_string){ 4, 0, 4, { 'a', 0, 'b', 0 }, 4 }, 10, "a");
}

static void a_lone_surrogate_in_a_string_is_replaced(void **state)
{
	(void)state;
	assert_wire_string(&(struct wire_string){ 2, 0, 2, { 0xD800, 0 }, 2 }, 10,
	                   REPLACEMENT_UTF8);
	assert_wire_string(&(struct wire_string){ 3, 0, 3, { 0xDC00, 'a', 0 }, 3 }, 10,
	                   REPLACEMENT_UTF8 "a");
	assert_wire_string(&(struct wire_string){ 3, 0, 3, { 0xD800, 'a', 0 }, 3 }, 10,
	                   REPLACEMENT_UTF8 "a");
}

static void a_high_surrogate_does_not_swallow_what_follows_it(void **state)
{
	(void)state;
	assert_wire_string(&(struct wire_string){ 4, 0, 4, { 0xD800, 0xD83D, 0xDE00, 0 }, 4 }, 10,
	                   REPLACEMENT_UTF8 GRINNING_UTF8);
	assert_wire_string(&(struct wire_string){ 4, 0, 4, { 0xD800, 0, 'a', 0 }, 4 }, 10,
	                   REPLACEMENT_UTF8);
}

static void a_malformed_string_is_refused(void **state)
{
	(void)state;
	assert_wire_string(&(struct wire_string){ 0, 0, 0, { 0 }, 0 }, 10, NULL);
	assert_wire_string(&(struct wire_string){ 3, 1, 3, { 'a', 'b', 0 }, 3 }, 10, NULL);
	assert_wire_string(&(struct wire_string){ 2, 0, 3, { 'a', 'b', 0 }, 3 }, 10, NULL);
	assert_wire_string(&(struct wire_string){ 2, 0, 2, { 'a', 'b' }, 2 }, 10, NULL);
	assert_wire_string(&(struct wire_string){ 3, 0, 3, { 'a', 'b' }, 2 }, 10, NULL);
	assert_wire_string(&(struct wire_string){ ~0u, 0, ~0u, { 'a', 0 }, 2 }, 10, NULL);
	assert_wire_string(&(struct wire_string){ 0x80000001, 0, 0x80000001, { 0 }, 1 }, 10, NULL);
}

static void a_text_over_the_limit_is_cut_one_unit_behind_it(void **state)
{
	struct wire_string five = { 6, 0, 6, { 'a', 'b', 'c', 'd', 'e', 0 }, 6 };

	(void)state;
	assert_wire_string(&five, 5, "abcde");
	assert_wire_string(&five, 4, "abcde");
	assert_wire_string(&five, 3, "abcd");
	assert_wire_string(&five, 0, "a");
}

/* As wide as UTF-8 gets: three bytes for each unit, or four for a pair that the limit cuts. */
static void a_text_over_the_limit_fits_its_buffer(void **state)
{
	struct wire_string widest = { 6, 0, 6, { 0x20AC, 0x20AC, 0x20AC, 0x20AC, 0x20AC, 0 }, 6 };
	struct wire_string pair_last = { 6, 0, 6, { 0x20AC, 0x20AC, 0xD83D, 0xDE00, 'a', 0 }, 6 };

	(void)state;
	assert_wire_string(&widest, 3, "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC");
	assert_wire_string(&pair_last, 2, "\xE2\x82\xAC\xE2\x82\xAC" GRINNING_UTF8);
}

static void put_names(struct ndr_writer *n)
{
	ndr_put_u32(n, 7);
	ndr_put_unique_wstring(n, "ab");
	ndr_put_unique_wstring(n, NULL);
	ndr_put_unique_wstring(n, "");
	ndr_put_unique_wstring(n, GRINNING_UTF8 "!");
	ndr_put_u32(n, 8);
}

static void a_writer_aligns_from_where_its_stub_begins(void **state)
{
	/* clang-format off */
	static const uint8_t expected[] = {
		'P', 'D', 'U', /* before the stub */
		7, 0, 0, 0,
		4, 0, 2, 0,  3, 0, 0, 0,  0, 0, 0, 0,  3, 0, 0, 0, /* "ab" */
		'a', 0, 'b', 0, 0, 0,  0, 0,
		0, 0, 0, 0, /* NULL */
		8, 0, 2, 0,  1, 0, 0, 0,  0, 0, 0, 0,  1, 0, 0, 0, /* "" */
		0, 0,  0, 0,
		12, 0, 2, 0,  4, 0, 0, 0,  0, 0, 0, 0,  4, 0, 0, 0, /* a pair and "!" */
		0x3D, 0xD8, 0, 0xDE, '!', 0, 0, 0,
		8, 0, 0, 0,
	};
	/* clang-format on */
	struct wire_writer w = { 0 };
	struct ndr_writer n;

	(void)state;
	wire_put_bytes(&w, "PDU", 3);
	ndr_writer_init(&n, &w);
	put_names(&n);
	assert_int_equal(w.len, sizeof expected);
	assert_memory_equal(w.data, expected, sizeof expected);
	wire_writer_fini(&w);
}

static void what_the_writer_put_the_reader_gets(void **state)
{
	struct wire_writer w = { 0 };
	struct wire_reader r;
	struct ndr_writer n;
	char text[NDR_TEXT_BYTES(10)];

	(void)state;
	ndr_writer_init(&n, &w);
	put_names(&n);
	wire_reader_init(&r, w.data, w.len);
	assert_int_equal(ndr_get_u32(&r), 7);
	assert_string_equal(ndr_get_unique_wstring(&r, text, 10), "ab");
	assert_null(ndr_get_unique_wstring(&r, text, 10));
	assert_string_equal(ndr_get_unique_wstring(&r, text, 10), "");
	assert_string_equal(ndr_get_unique_wstring(&r, text, 10), GRINNING_UTF8 "!");
	assert_int_equal(ndr_get_u32(&r), 8);
	assert_int_equal(wire_left(&r), 0);
	assert_null(r.error);
	wire_writer_fini(&w);
}

/* Five units, an aligned pair of numbers, one unit, one number. */
/* clang-format off */
static const uint8_t streamed[] = {
	'h', 0, 'e', 0, 'l', 0, 'l', 0, 'o', 0,  0xEE, 0xEE,
	1, 2, 3, 4,  5, 6, 7, 8,
	'x', 0,  0xEE, 0xEE,
	9, 10, 11, 12,
};
/* clang-format on */

/* The pieces of streamed that are still to be fed, each in a block of its own. */
struct publisher {
	size_t at, piece_bytes;
	uint8_t *piece;
};

static void feed_more(struct publisher *f, struct ndr_stream *s)
{
	size_t left = sizeof streamed - f->at;
	size_t bytes = left < f->piece_bytes ? left : f->piece_bytes;

	assert_true(bytes > 0);
	free(f->piece);
	f->piece = malloc(bytes);
	memcpy(f->piece, streamed + f->at, bytes);
	f->at += bytes;
	ndr_stream_feed(s, f->piece, bytes);
}

static void take_words(struct publisher *f, struct ndr_stream *s, uint32_t words[], size_t count)
{
	while (!ndr_stream_words(s, words, count))
		feed_more(f, s);
}

static void take_units(struct publisher *f, struct ndr_stream *s, WCHAR units[], size_t count)
{
	size_t taken = 0;

	while (taken < count) {
		size_t ready = ndr_stream_units_ready(s), most = count - taken;
		size_t more = ndr_stream_units(s, units + taken, most);

		assert_int_equal(more, ready < most ? ready : most);
		taken += more;
		if (taken < count)
			feed_more(f, s);
	}
}

static void a_stream_gives_the_same_in_pieces_of_any_size(void **state)
{
	(void)state;
	for (size_t piece_bytes = 1; piece_bytes <= sizeof streamed; piece_bytes++) {
		struct publisher f = { .piece_bytes = piece_bytes };
		struct ndr_stream s = { 0 };
		WCHAR units[6] = { 0 };
		uint32_t words[3];

		take_units(&f, &s, units, 5);
		take_words(&f, &s, words, 2);
		take_units(&f, &s, units + 5, 1);
		take_words(&f, &s, words + 2, 1);
		assert_memory_equal(units, u"hellox", sizeof units);
		assert_int_equal(words[0], 0x04030201);
		assert_int_equal(words[1], 0x08070605);
		assert_int_equal(words[2], 0x0C0B0A09);
		assert_int_equal(s.offset, sizeof streamed);
		free(f.piece);
	}
}

static void a_stream_reads_big_endian_numbers_and_units(void **state)
{
	static const uint8_t stub[] = { 0, 0, 1, 2, 0x20, 0xAC };
	struct ndr_stream s = { .big_endian = true };
	uint32_t word;
	WCHAR unit;

	(void)state;
	ndr_stream_feed(&s, stub, sizeof stub);
	assert_true(ndr_stream_words(&s, &word, 1));
	assert_int_equal(word, 0x0102);
	assert_int_equal(ndr_stream_units(&s, &unit, 1), 1);
	assert_int_equal(unit, 0x20AC);
}

TEST_GROUP(ndr)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_read_at_their_natural_alignment),
		cmocka_unit_test(get_count_refuses_a_count_larger_than_the_stub),
		cmocka_unit_test(a_string_is_read_as_utf8),
		cmocka_unit_test(a_lone_surrogate_in_a_string_is_replaced),
		cmocka_unit_test(a_high_surrogate_does_not_swallow_what_follows_it),
		cmocka_unit_test(a_malformed_string_is_refused),
		cmocka_unit_test(a_text_over_the_limit_is_cut_one_unit_behind_it),
		cmocka_unit_test(a_text_over_the_limit_fits_its_buffer),
		cmocka_unit_test(a_writer_aligns_from_where_its_stub_begins),
		cmocka_unit_test(what_the_writer_put_the_reader_gets),
		cmocka_unit_test(a_stream_gives_the_same_in_pieces_of_any_size),
		cmocka_unit_test(a_stream_reads_big_endian_numbers_and_units),
	};

	return cmocka_run_group_tests_name("ndr", tests, NULL, NULL);
}
