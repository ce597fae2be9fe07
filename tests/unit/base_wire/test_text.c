/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/text.h"
#include "group.h"

#define REPLACEMENT      0xFFFD
#define REPLACEMENT_UTF8 "\xEF\xBF\xBD"
#define COUNT(array)     (sizeof(array) / sizeof *(array))

/* A, e acute, euro sign, grinning face: one to four bytes long. */
#define FOUR_LENGTHS "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"
static const WCHAR four_lengths_utf16[] = { 'A', 0xE9, 0x20AC, 0xD83D, 0xDE00, 0 };

/* What Unicode 15, table 3-7, does not list. */
static const char *const malformed[] = {
	"\x80",             /* a continuation that continues nothing */
	"\xC3",             /* two bytes, one missing */
	"\xE2\x82",         /* three, one missing */
	"\xF0\x9F\x98",     /* four, one missing */
	"\xC0\xAF",         /* a slash in two bytes */
	"\xE0\x80\xAF",     /* in three */
	"\xF0\x80\x80\xAF", /* in four */
	"\xED\xA0\x80",     /* a high surrogate */
	"\xED\xB0\x80",     /* a low one */
	"\xF4\x90\x80\x80", /* behind the last code point */
	"\xF8\x88\x80\x80", /* five bytes were legal once */
	"\xFE",
	"\xFF",
};

static void next_gives_each_code_point_and_stays_at_the_end(void **state)
{
	const char *at = FOUR_LENGTHS, *const start = at;

	(void)state;
	assert_int_equal(text_next(&at), 'A');
	assert_int_equal(text_next(&at), 0xE9);
	assert_int_equal(text_next(&at), 0x20AC);
	assert_int_equal(text_next(&at), 0x1F600);
	assert_int_equal(text_next(&at), 0);
	assert_int_equal(text_next(&at), 0);
	assert_ptr_equal(at, start + strlen(start));
}

/* Copies, so that the sanitizer sees a look behind the terminator. */
static char *copy_with_tail(const char *bad, const char *tail)
{
	size_t bytes = strlen(bad);
	char *copy = malloc(bytes + strlen(tail) + 1);

	memcpy(copy, bad, bytes);
	strcpy(copy + bytes, tail);
	return copy;
}

static void assert_replaced(const char *bad, const char *tail)
{
	char *text = copy_with_tail(bad, tail);
	const char *at = text;
	size_t replaced = 0;
	uint32_t code_point;

	while ((code_point = text_next(&at)) == REPLACEMENT)
		replaced++;
	assert_int_in_range(replaced, 1, strlen(bad));
	assert_int_equal(code_point, (unsigned char)tail[0]);
	assert_int_equal(text_utf16_units(text), replaced + strlen(tail));
	free(text);
}

static void next_replaces_malformed_bytes_and_goes_on_behind_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(malformed); i++) {
		assert_replaced(malformed[i], "A");
		assert_replaced(malformed[i], "");
	}
}

static void utf8_is_valid_tells_malformed_bytes(void **state)
{
	(void)state;
	assert_true(text_utf8_is_valid(""));
	assert_true(text_utf8_is_valid(FOUR_LENGTHS));
	for (size_t i = 0; i < COUNT(malformed); i++) {
		char *text = copy_with_tail(malformed[i], "A");

		assert_false(text_utf8_is_valid(text));
		free(text);
	}
}

static void utf16_units_count_a_pair_as_two(void **state)
{
	(void)state;
	assert_int_equal(text_utf16_units(""), 0);
	assert_int_equal(text_utf16_units("root"), 4);
	assert_int_equal(text_utf16_units(FOUR_LENGTHS), 5);
}

static void ascii_ends_where_something_else_begins(void **state)
{
	(void)state;
	assert_int_equal(text_ascii_bytes(""), 0);
	assert_int_equal(text_ascii_bytes("a\x7F\x01 b"), 5);
	assert_int_equal(text_ascii_bytes("a\xC3\xA9"
	                                  "b"),
	                 1);
	assert_int_equal(text_ascii_bytes("\xFF"), 0);
	assert_int_equal(text_utf16_units("ab" FOUR_LENGTHS "ab"), 9);
}

static void encode_splits_only_what_lies_behind_the_basic_plane(void **state)
{
	WCHAR units[2];

	(void)state;
	assert_int_equal(text_utf16_encode(0xFFFF, units), 1);
	assert_int_equal(units[0], 0xFFFF);
	assert_int_equal(text_utf16_encode(0x10000, units), 2);
	assert_int_equal(units[0], 0xD800);
	assert_int_equal(units[1], 0xDC00);
	assert_int_equal(text_utf16_encode(0x10FFFF, units), 2);
	assert_int_equal(units[0], 0xDBFF);
	assert_int_equal(units[1], 0xDFFF);
}

/* Converts into a block of exactly text_utf8_bound bytes. */
static void assert_utf8(const WCHAR *utf16, const char *expected)
{
	size_t bound = text_utf8_bound(utf16);
	char *to = malloc(bound), *end = text_utf8_from_utf16(to, utf16);

	assert_int_in_range(end - to, 1, bound);
	assert_ptr_equal(end, to + strlen(to) + 1);
	assert_string_equal(to, expected);
	free(to);
}

static void utf16_becomes_utf8_with_its_terminator(void **state)
{
	static const WCHAR empty[] = { 0 };

	(void)state;
	assert_utf8(empty, "");
	assert_utf8(four_lengths_utf16, FOUR_LENGTHS);
}

static void a_lone_surrogate_becomes_a_replacement(void **state)
{
	static const struct {
		WCHAR utf16[4];
		const char *utf8;
	} cases[] = {
		{ { 0xD800 }, REPLACEMENT_UTF8 },
		{ { 0xDC00 }, REPLACEMENT_UTF8 },
		{ { 0xD800, 'A' }, REPLACEMENT_UTF8 "A" },
		{ { 'A', 0xDBFF }, "A" REPLACEMENT_UTF8 },
		{ { 0xDC00, 0xD800 }, REPLACEMENT_UTF8 REPLACEMENT_UTF8 },
		{ { 0xD800, 0xD83D, 0xDE00 }, REPLACEMENT_UTF8 "\xF0\x9F\x98\x80" },
		{ { 0xD83D, 0xDE00, 0xDE00 }, "\xF0\x9F\x98\x80" REPLACEMENT_UTF8 },
	};

	(void)state;
	assert_true(text_utf16_is_valid(four_lengths_utf16));
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_false(text_utf16_is_valid(cases[i].utf16));
		assert_utf8(cases[i].utf16, cases[i].utf8);
	}
}

static void every_code_point_survives_utf16_and_utf8(void **state)
{
	(void)state;
	for (uint32_t code_point = 1; code_point <= 0x10FFFF; code_point++) {
		WCHAR utf16[3] = { 0 };
		char utf8[8];
		const char *at = utf8;

		if (code_point == 0xD800)
			code_point = 0xE000;
		(void)text_utf16_encode(code_point, utf16);
		assert_true(text_utf8_from_utf16(utf8, utf16) <= utf8 + text_utf8_bound(utf16));
		assert_int_equal(text_next(&at), code_point);
		assert_int_equal(*at, '\0');
	}
}

static void names_are_equal_without_regard_to_case(void **state)
{
	(void)state;
	assert_true(text_equal_nocase("", ""));
	assert_true(text_equal_nocase("LabPC", "labpc"));
	assert_true(text_equal_nocase("ZO\xC3\x8B \xC5\x81UKASZ", "zo\xC3\xAB \xC5\x82ukasz"));
	/* Deseret: case beyond the basic plane */
	assert_true(text_equal_nocase("\xF0\x90\x90\x80", "\xF0\x90\x90\xA8"));
	assert_false(text_equal_nocase("root", "roots"));
	assert_false(text_equal_nocase("roots", "root"));
	assert_false(text_equal_nocase("root", ""));
	assert_false(text_equal_nocase("zo\xC3\xAB", "zoe"));
}

static void a_missing_name_equals_only_a_missing_one(void **state)
{
	(void)state;
	assert_true(text_equal_nocase(NULL, NULL));
	assert_false(text_equal_nocase(NULL, ""));
	assert_false(text_equal_nocase("", NULL));
}

static void equal_names_have_equal_hashes(void **state)
{
	static const char *const equal[][2] = {
		{ "", "" },
		{ "LabPC", "lABpc" },
		{ "stra\xC3\x9F"
		  "e",
		  "STRASSE" },
		{ "\xE2\x84\xAA"
		  "elvin",
		  "kelvin" }, /* the sign for kelvins */
		{ "\xEF\xAC\x80"
		  "a",
		  "FFA" }, /* a ligature */
		{ "ZO\xC3\x8B", "zo\xC3\xAB" },
		{ "\xF0\x90\x90\x80", "\xF0\x90\x90\xA8" },
		{ "bad\x80", "BAD\x80" },
	};
	char long_name[2][2002];
	uint32_t a, b;

	(void)state;
	for (size_t i = 0; i < COUNT(equal); i++) {
		assert_true(text_equal_nocase(equal[i][0], equal[i][1]));
		assert_true(text_hash_nocase(equal[i][0], &a));
		assert_true(text_hash_nocase(equal[i][1], &b));
		assert_int_equal(a, b);
	}
	for (size_t i = 0; i < 2000; i += 2) { /* more than fits into any buffer on the stack */
		memcpy(long_name[0] + i, "\xC3\x8B", 3);
		memcpy(long_name[1] + i, "\xC3\xAB", 3);
	}
	assert_true(text_equal_nocase(long_name[0], long_name[1]));
	assert_true(text_hash_nocase(long_name[0], &a));
	assert_true(text_hash_nocase(long_name[1], &b));
	assert_int_equal(a, b);
}

static void hashes_of_names_in_a_row_differ(void **state)
{
	static uint32_t low_bits[1 << 12];
	uint32_t most = 0;

	(void)state;
	for (unsigned i = 0; i < COUNT(low_bits); i++) {
		char name[32];
		uint32_t hash;

		snprintf(name, sizeof name, "\\\\10.1.%u.%u", i >> 8, i & 255);
		assert_true(text_hash_nocase(name, &hash));
		if (++low_bits[hash % COUNT(low_bits)] > most)
			most = low_bits[hash % COUNT(low_bits)];
	}
	assert_int_in_range(most, 1, 12); /* of random numbers, one time in a million */
}

/* Seen with smbclient 4.17 and an acceptor of gss-ntlmssp 1.2.0. */
static void capitals_are_those_of_windows(void **state)
{
	static const char *const same[] = { "",
		                            "alice",
		                            "ALICE-7_$%",
		                            "J\xC3\xB6rg", /* o umlaut */
		                            "e\xCC\x81",   /* e, combining acute */
		                            "\xD0\xB8\xD0\xB2\xD0\xB0\xD0\xBD", /* Ivan */
		                            "\xE5\xB1\xB1",                     /* mountain */
		                            "\xCF\x83\xCF\x82", /* both small sigmas */
		                            "\xC8\x99",         /* s with comma */
		                            "\xF0\x9F\x98\x80" };
	static const char *const other[] = { "Wei\xC3\x9F",  /* sharp s: SS */
		                             "\xC2\xB5",     /* micro: capital mu */
		                             "\xC4\xB1x",    /* dotless i */
		                             "\xC5\xBFx",    /* long s */
		                             "\xC5\x89",     /* n preceded by apostrophe */
		                             "\xCE\x90",     /* iota with two accents */
		                             "\xEF\xAC\x81", /* ligature fi */
		                             "\xE1\xBE\xB3", /* alpha with iota below */
		                             "\xF0\x90\x90\xA8" /* Deseret */ };

	(void)state;
	for (size_t i = 0; i < COUNT(same); i++)
		if (!text_has_windows_capitals(same[i]))
			fail_msg("%s", same[i]);
	for (size_t i = 0; i < COUNT(other); i++)
		if (text_has_windows_capitals(other[i]))
			fail_msg("%s", other[i]);
}

TEST_GROUP(text)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(next_gives_each_code_point_and_stays_at_the_end),
		cmocka_unit_test(next_replaces_malformed_bytes_and_goes_on_behind_them),
		cmocka_unit_test(utf8_is_valid_tells_malformed_bytes),
		cmocka_unit_test(utf16_units_count_a_pair_as_two),
		cmocka_unit_test(ascii_ends_where_something_else_begins),
		cmocka_unit_test(encode_splits_only_what_lies_behind_the_basic_plane),
		cmocka_unit_test(utf16_becomes_utf8_with_its_terminator),
		cmocka_unit_test(a_lone_surrogate_becomes_a_replacement),
		cmocka_unit_test(every_code_point_survives_utf16_and_utf8),
		cmocka_unit_test(names_are_equal_without_regard_to_case),
		cmocka_unit_test(a_missing_name_equals_only_a_missing_one),
		cmocka_unit_test(equal_names_have_equal_hashes),
		cmocka_unit_test(capitals_are_those_of_windows),
		cmocka_unit_test(hashes_of_names_in_a_row_differ),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
