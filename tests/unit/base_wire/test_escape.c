/* SPDX-License-Identifier: MIT */
/* Texts from elsewhere, as people and programs get them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unictype.h>
#include <unistr.h>
#include "base/escape.h"
#include "group.h"

#define LAST_CODE_POINT 0x10FFFF
#define COUNT(array)    (sizeof(array) / sizeof *(array))

static void encode(uint32_t code_point, char to[8])
{
	int bytes = u8_uctomb((uint8_t *)to, code_point, 7);

	assert_true(bytes > 0);
	to[bytes] = '\0';
}

/* The first code point behind this one that a text can have. */
static uint32_t next_code_point(uint32_t code_point)
{
	return code_point == 0xD7FF ? 0xE000 : code_point + 1;
}

/* ---- which ---- */

static void what_must_never_arrive_raw_is_escaped(void **state)
{
	static const struct {
		uint32_t first, last;
	} never[] = {
		{ 0x00, 0x1F },     { 0x7F, 0x9F },     { 0x061C, 0x061C }, { 0x200B, 0x200B },
		{ 0x200E, 0x200F }, { 0x2028, 0x2029 }, { 0x202A, 0x202E }, { 0x2066, 0x2069 },
		{ 0xFEFF, 0xFEFF }, { 0xFDD0, 0xFDEF }, { 0xFFFE, 0xFFFF },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(never); i++)
		for (uint32_t c = never[i].first; c <= never[i].last; c++)
			assert_true(escape_is_needed(c));
	for (uint32_t c = 0; c <= LAST_CODE_POINT; c = next_code_point(c)) {
		bool is_control = uc_is_general_category_withtable(
			c, UC_CATEGORY_MASK_Cc | UC_CATEGORY_MASK_Zl | UC_CATEGORY_MASK_Zp);

		bool is_invisible = uc_is_property_default_ignorable_code_point(c) &&
		                    !uc_is_property_variation_selector(c) &&
		                    !uc_is_property_join_control(c);

		if (is_control || is_invisible || uc_is_property_bidi_control(c) ||
		    uc_is_property_not_a_character(c))
			assert_true(escape_is_needed(c));
	}
}

static void what_shows_something_is_not_escaped(void **state)
{
	static const uint32_t joiners[] = { 0x200C, 0x200D, 0xFE0F, 0xE0100 };

	(void)state;
	for (uint32_t c = 0; c <= LAST_CODE_POINT; c = next_code_point(c))
		if (escape_is_needed(c))
			assert_true(uc_is_property_default_ignorable_code_point(c) ||
			            uc_is_general_category_withtable(
					    c, UC_CATEGORY_MASK_Cc | UC_CATEGORY_MASK_Cf |
						       UC_CATEGORY_MASK_Cn | UC_CATEGORY_MASK_Zl |
						       UC_CATEGORY_MASK_Zp));
	for (size_t i = 0; i < COUNT(joiners); i++)
		assert_false(escape_is_needed(joiners[i]));
}

/* ---- visible escapes ---- */

static void assert_message(const char *text, const char *expected)
{
	char to[128];

	assert_int_equal(escape_text(to, sizeof to, text), strlen(expected));
	assert_string_equal(to, expected);
}

static void a_message_shows_what_it_has(void **state)
{
	(void)state;
	assert_message("", "");
	assert_message("J\xC3\xB6rg \xF0\x9F\x98\x80", "J\xC3\xB6rg \xF0\x9F\x98\x80");
	assert_message("a\nb\t\x1B[31m\x7F", "a\\x0Ab\\x09\\x1B[31m\\x7F");
	assert_message("\xC2\x9B"
	               "31m",
	               "\\u009B31m");
	assert_message("alice\xE2\x80\xAE"
	               "exe",
	               "alice\\u202Eexe");
	assert_message("\xF3\xA0\x81\x81", "\\U000E0041");
	assert_message("LAB\\alice", "LAB\\alice");
}

static void what_is_no_utf_8_is_shown(void **state)
{
	(void)state;
	assert_message("a\xFF", "a\\xFF");
	assert_message("\xC3", "\\xC3");
	/* The longest sequence, which looks like a character beyond U+10FFFF. */
	assert_message("\xF7\xAA\xAA\xAA!", "\\xF7\\xAA\\xAA\\xAA!");
	assert_message("\xED\xA0\x80", "\\xED\\xA0\\x80");
	assert_message("\xEF\xBF\xBD", "\xEF\xBF\xBD");
}

static void no_message_outgrows_its_room(void **state)
{
	char text[64], to[64];

	(void)state;
	memset(text, '\n', sizeof text);
	text[sizeof text - 1] = '\0';
	for (size_t room = 8; room <= sizeof to; room++) {
		memset(to, 'x', sizeof to);
		assert_true(escape_text(to, room, text) < room);
		assert_string_equal(to + strlen(to) - 3, "...");
		for (size_t i = room; i < sizeof to; i++)
			assert_int_equal(to[i], 'x');
	}
}

static void a_message_is_formatted_and_has_room_for_each_escape(void **state)
{
	char *text = escape_format("%s is %u", "a\nb", 7u);

	(void)state;
	assert_string_equal(text, "a\\x0Ab is 7");
	free(text);
	text = escape_format("%s", "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF");
	assert_string_equal(text, "\\xFF\\xFF\\xFF\\xFF\\xFF\\xFF\\xFF\\xFF");
	free(text);
}

/* Writes the text in a form. */
static void write_form(enum escape_form form, const char *text, char *to)
{
	while (*text != '\0')
		to += escape_next(form, &text, to);
	*to = '\0';
}

/* Reads the escapes back. */
static void read_back(const char *text, char *to)
{
	while (*text != '\0') {
		size_t digits = text[0] != '\\'  ? 0
		                : text[1] == 'x' ? 2
		                : text[1] == 'u' ? 4
		                : text[1] == 'U' ? 8
		                                 : 0;
		char number[9] = "";

		if (digits > 0 && strspn(text + 2, "0123456789abcdefABCDEF") >= digits) {
			uint32_t value = (uint32_t)strtoul(strncpy(number, text + 2, digits), NULL,
			                                   16);

			if (digits == 2)
				*to++ = (char)value; /* a byte, or a character of ASCII */
			else
				to += u8_uctomb((uint8_t *)to, value, 6);
			text += 2 + digits;
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
}

static void each_code_point_is_shown_as_it_is_or_escaped(void **state)
{
	(void)state;
	for (uint32_t c = 1; c <= LAST_CODE_POINT; c = next_code_point(c)) {
		char text[8], shown[ESCAPE_MAX_BYTES + 1], back[32];

		encode(c, text);
		write_form(ESCAPE_FIELD, text, shown);
		if (!escape_is_needed(c)) {
			assert_string_equal(shown, text);
			continue;
		}
		for (const char *at = shown; *at != '\0'; at++)
			assert_int_in_range(*at, 0x20, 0x7E);
		read_back(shown, back);
		assert_string_equal(back, text);
	}
}

/* All texts of up to five of these. */
static void a_field_reads_back_exactly_and_a_message_is_escaped_once(void **state)
{
	static const char *const parts[] = { "\\",       "x",    "u",    "1B", "0020", "\x1B",
		                             "\xC2\x9B", "\xFF", "\xC3", ";",  "U0000" };
	unsigned numbers[5] = { 0 };

	(void)state;
	for (;;) {
		char text[64] = "", shown[256], back[256];
		size_t at = 0;

		for (size_t i = 0; i < COUNT(numbers); i++)
			if (numbers[i] > 0)
				strcat(text, parts[numbers[i] - 1]);
		write_form(ESCAPE_FIELD, text, shown);
		read_back(shown, back);
		assert_string_equal(back, text);
		write_form(ESCAPE_MESSAGE, text, shown);
		write_form(ESCAPE_MESSAGE, shown, back);
		assert_string_equal(back, shown);
		while (at < COUNT(numbers) && ++numbers[at] > COUNT(parts))
			numbers[at++] = 0;
		if (at == COUNT(numbers))
			break;
	}
}

/* ---- CSV ---- */

static void write_csv(const char *cell, char *to, size_t room)
{
	FILE *file = fmemopen(to, room, "w");

	assert_non_null(file);
	escape_put_csv(file, cell);
	assert_int_equal(fclose(file), 0);
}

static void assert_csv(const char *cell, const char *expected)
{
	char to[128] = "";

	write_csv(cell, to, sizeof to);
	assert_string_equal(to, expected);
}

static void a_cell_is_quoted_as_rfc_4180_says(void **state)
{
	(void)state;
	assert_csv("", "");
	assert_csv("alice", "alice");
	assert_csv("o'hara, pat", "\"o'hara, pat\"");
	assert_csv("the \"boss\"", "\"the \"\"boss\"\"\"");
	assert_csv("\"", "\"\"\"\"");
	assert_csv("a\r\nb", "a\\x0D\\x0Ab");
}

static void no_cell_is_a_formula(void **state)
{
	(void)state;
	assert_csv("=1+1", "'=1+1");
	assert_csv("+1", "'+1");
	assert_csv("-1", "'-1");
	assert_csv("@SUM(1,1)", "\"'@SUM(1,1)\"");
	assert_csv("\t=1", "\\x09=1");
	assert_csv("\r=1", "\\x0D=1");
	assert_csv("\xEF\xBC\x9D"
	           "1",
	           "'\xEF\xBC\x9D"
	           "1");
	assert_csv("a;=1+1", "a\\x3B=1+1");
	assert_csv("'=1", "''=1");
	assert_csv("a=1", "a=1");
}

static void a_cell_reads_back_exactly(void **state)
{
	(void)state;
	for (uint32_t c = 1; c <= LAST_CODE_POINT; c = next_code_point(c)) {
		char text[16], cell[64] = "", back[64], *at = cell, *to = cell;

		encode(c, text);
		strcat(text, "a");
		write_csv(text, cell, sizeof cell);
		if (*at == '"')
			for (at++; *at != '"' || at[1] == '"'; at++) {
				at += *at == '"';
				*to++ = *at;
			}
		if (to > cell)
			*to = '\0';
		read_back(cell + (cell[0] == '\''), back);
		assert_string_equal(back, text);
	}
}

/* ---- JSON ---- */

static char *write_json(const json_t *value)
{
	char *text = NULL;
	size_t bytes;
	FILE *to = open_memstream(&text, &bytes);

	assert_non_null(to);
	assert_int_equal(json_dump_callback(value, escape_write_json, to, JSON_INDENT(1)), 0);
	assert_int_equal(fclose(to), 0);
	return text;
}

static void json_has_no_code_point_that_is_escaped_and_the_same_value(void **state)
{
	(void)state;
	for (uint32_t c = 1; c <= LAST_CODE_POINT;) {
		char block[8 * 256 + 1] = "", *text;
		json_t *before, *after;
		const char *at;

		for (unsigned i = 0; i < 256 && c <= LAST_CODE_POINT; i++, c = next_code_point(c))
			encode(c, block + strlen(block));
		before = json_pack("{s:s}", "text", block);
		assert_non_null(before);
		text = write_json(before);
		for (at = text; *at != '\0';) {
			ucs4_t code_point;

			at += u8_mbtouc(&code_point, (const uint8_t *)at, strlen(at));
			assert_true(code_point == '\n' || !escape_is_needed(code_point));
		}
		after = json_loads(text, 0, NULL);
		assert_true(json_equal(before, after));
		json_decref(before);
		json_decref(after);
		free(text);
	}
}

static void json_that_cannot_be_written_is_an_error(void **state)
{
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(full);
	setvbuf(full, NULL, _IONBF, 0);
	assert_int_equal(escape_write_json("\"a\"", 3, full), -1);
	assert_int_equal(escape_write_json("\x7F", 1, full), -1);
	fclose(full);
}

TEST_GROUP(escape)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_must_never_arrive_raw_is_escaped),
		cmocka_unit_test(what_shows_something_is_not_escaped),
		cmocka_unit_test(a_message_shows_what_it_has),
		cmocka_unit_test(what_is_no_utf_8_is_shown),
		cmocka_unit_test(no_message_outgrows_its_room),
		cmocka_unit_test(a_message_is_formatted_and_has_room_for_each_escape),
		cmocka_unit_test(each_code_point_is_shown_as_it_is_or_escaped),
		cmocka_unit_test(a_field_reads_back_exactly_and_a_message_is_escaped_once),
		cmocka_unit_test(a_cell_is_quoted_as_rfc_4180_says),
		cmocka_unit_test(no_cell_is_a_formula),
		cmocka_unit_test(a_cell_reads_back_exactly),
		cmocka_unit_test(json_has_no_code_point_that_is_escaped_and_the_same_value),
		cmocka_unit_test(json_that_cannot_be_written_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
