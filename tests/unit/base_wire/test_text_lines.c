/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <winerror.h>
#include "base/text_lines.h"
#include "group.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define MARK         "\xEF\xBB\xBF"

/* A text may hold NUL bytes. */
#define BYTES(literal) (literal), sizeof(literal) - 1

/* The text in memory of exactly the size that is promised, so that the sanitizer sees a step
 * outside. */
static char *copy_text(const char *text, size_t bytes)
{
	char *copy = malloc(bytes + 1);

	assert_non_null(copy);
	memcpy(copy, text, bytes);
	copy[bytes] = 'x';
	return copy;
}

/* expected: lines, each ended by "|"; then what the failure says, if it fails. */
static void expect_lines(const char *text, size_t bytes, const char *expected)
{
	char *copy = copy_text(text, bytes), *line, all[256] = "";
	struct err err = { 0 };
	struct text_lines l;
	unsigned count = 0;

	text_lines_begin(&l, copy, bytes, "/etc/file", "a step", &err);
	while ((line = text_lines_next(&l)) != NULL) {
		strcat(strcat(all, line), "|");
		assert_int_equal(l.line, ++count);
	}
	strcat(all, err.text);
	assert_string_equal(all, expected);
	assert_null(text_lines_next(&l));
	if (err.status != NERR_Success) {
		assert_int_equal(err.status, ERROR_INVALID_PARAMETER);
		assert_string_equal(err.step, "a step");
	}
	free(copy);
}

static void lines_of_all_editors_are_read(void **state)
{
	static const struct {
		const char *text;
		size_t bytes;
		const char *expected;
	} cases[] = {
		{ BYTES(""), "" },
		{ BYTES("\n"), "|" },
		{ BYTES("a"), "a|" },
		{ BYTES("a\n"), "a|" },
		{ BYTES("a\nb"), "a|b|" },
		{ BYTES("a\n\n b \n"), "a|| b |" },
		{ BYTES("a\r\nb\r\n"), "a|b|" },
		{ BYTES("a\r\nb\nc"), "a|b|c|" },
		{ BYTES("a\r"), "a|" },
		{ BYTES("a\r\r\nb"), "a|b|" },
		{ BYTES("\r\n"), "|" },
		{ BYTES("J\xC3\xB6rg\n"), "J\xC3\xB6rg|" },
		{ BYTES("\ta\x1F\n"), "\ta\x1F|" },
		{ BYTES(MARK), "" },
		{ BYTES(MARK "a\n"), "a|" },
		{ BYTES(MARK "\r\na"), "|a|" },
		{ BYTES("a" MARK "\n"), "a" MARK "|" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		expect_lines(cases[i].text, cases[i].bytes, cases[i].expected);
}

static void what_is_no_text_is_refused_with_file_and_line(void **state)
{
#define UTF_16 "/etc/file:1: the file is UTF-16 text; save it as UTF-8"
#define NUL    "the line has a NUL byte; write plain text"
#define CR     "the line has a carriage return before its end; end lines with LF or CRLF"
#define UTF_8  "the line is not UTF-8; save the file as UTF-8"
	static const struct {
		const char *text;
		size_t bytes;
		const char *expected;
	} cases[] = {
		{ BYTES("\xFF\xFE"
		        "a\0\n\0"),
		  UTF_16 },
		{ BYTES("\xFE\xFF\0a\0\n"), UTF_16 },
		{ BYTES("\xFF\xFE"), UTF_16 },
		{ BYTES("a\0b\0\n\0"), UTF_16 },
		{ BYTES("\0a\0b\0\n"), UTF_16 },
		{ BYTES("a\nb\0c\n"), "a|/etc/file:2: " NUL },
		{ BYTES("ab\0"), "/etc/file:1: " NUL },
		{ BYTES("a\n\0"), "a|/etc/file:2: " NUL },
		{ BYTES("\0\0\xFE\xFF"), "/etc/file:1: " NUL },
		{ BYTES("a\rb\rc\r"), "/etc/file:1: " CR },
		{ BYTES("a\nb\rc\r\n"), "a|/etc/file:2: " CR },
		{ BYTES("a\n\n\xE4\n"), "a||/etc/file:3: " UTF_8 },
		{ BYTES("\xC3"), "/etc/file:1: " UTF_8 },
		{ BYTES("a\n" MARK "b"),
		  "a|/etc/file:2: the line begins with a byte order mark, which only a "
		  "file may; delete it" },
		{ BYTES(MARK MARK "b"),
		  "/etc/file:1: the line begins with a byte order mark, which only a "
		  "file may; delete it" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		expect_lines(cases[i].text, cases[i].bytes, cases[i].expected);
}

static void a_line_has_65535_bytes_at_most(void **state)
{
	char *text = malloc(TEXT_LINES_MOST_BYTES + 3);
	struct err err = { 0 };
	struct text_lines l;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', TEXT_LINES_MOST_BYTES + 1);
	text[TEXT_LINES_MOST_BYTES] = '\n';
	text_lines_begin(&l, text, TEXT_LINES_MOST_BYTES + 1, "f", "a step", &err);
	assert_int_equal(strlen(text_lines_next(&l)), TEXT_LINES_MOST_BYTES);
	assert_null(text_lines_next(&l));
	assert_int_equal(err.status, NERR_Success);

	memset(text, 'x', TEXT_LINES_MOST_BYTES + 1);
	text[TEXT_LINES_MOST_BYTES + 1] = '\n';
	text_lines_begin(&l, text, TEXT_LINES_MOST_BYTES + 2, "f", "a step", &err);
	assert_null(text_lines_next(&l));
	assert_string_equal(err.text, "f:1: the line is longer than 65535 bytes; make it shorter");
	free(text);
}

static void a_complaint_names_file_and_line_and_ends_the_lines(void **state)
{
	char text[] = "a\nb\nc\n";
	struct err err = { 0 };
	struct text_lines l;

	(void)state;
	text_lines_begin(&l, text, strlen(text), "f", "a step", &err);
	assert_non_null(text_lines_next(&l));
	assert_string_equal(text_lines_next(&l), "b");
	assert_int_equal(text_lines_fail(&l, "%s is wrong; write %c", "b", 'B'),
	                 ERROR_INVALID_PARAMETER);
	assert_string_equal(err.text, "f:2: b is wrong; write B");
	assert_null(text_lines_next(&l));

	err = (struct err){ 0 };
	text_lines_begin(&l, text, 1, "f", "a step", &err);
	assert_non_null(text_lines_next(&l));
	(void)text_lines_fail_at(&l, 7, "wrong");
	assert_string_equal(err.text, "f:7: wrong");
}

static void behind_a_line_that_was_refused_the_others_can_be_read(void **state)
{
	char text[] = "one\nt\xffo\nthree\r\n\0\nfive ";
	struct err err = { 0 };
	struct text_lines l;

	(void)state;
	text_lines_begin(&l, text, sizeof text - 2, "/etc/file", "a step", &err);
	assert_string_equal(text_lines_next(&l), "one");
	assert_null(text_lines_next(&l));
	text_lines_resume(&l);
	assert_string_equal(text_lines_next(&l), "three");
	assert_null(text_lines_next(&l));
	assert_non_null(strstr(err.text, "/etc/file:4: "));
	text_lines_resume(&l);
	assert_string_equal(text_lines_next(&l), "five");
	text_lines_fail(&l, "no number");
	text_lines_resume(&l);
	assert_null(text_lines_next(&l));
	assert_int_equal(err.status, NERR_Success);
}

TEST_GROUP(text_lines)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_all_editors_are_read),
		cmocka_unit_test(what_is_no_text_is_refused_with_file_and_line),
		cmocka_unit_test(a_line_has_65535_bytes_at_most),
		cmocka_unit_test(behind_a_line_that_was_refused_the_others_can_be_read),
		cmocka_unit_test(a_complaint_names_file_and_line_and_ends_the_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
