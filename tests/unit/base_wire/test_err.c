/* SPDX-License-Identifier: MIT */
/* The one error channel of the tree. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <lmerr.h>
#include <winerror.h>
#include "group.h"
#include "base/err.h"
#include "base/text.h"

static void the_first_failure_stands(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_int_equal(err_set(&err, ERROR_ACCESS_DENIED, "first", "denied"),
	                 ERROR_ACCESS_DENIED);
	assert_int_equal(err_format(&err, ERROR_BUSY, "second", "%s", "busy"), ERROR_ACCESS_DENIED);
	assert_int_equal(err.status, ERROR_ACCESS_DENIED);
	assert_string_equal(err.step, "first");
	assert_string_equal(err.text, "denied");
}

static void a_text_outlives_what_it_was_made_of(void **state)
{
	char found[] = "fs1";
	struct err err = { 0 }, copy;

	(void)state;
	err_format(&err, ERROR_BAD_NETPATH, "resolve", "%s is not known, %u", found, 53u);
	memset(found, 'x', sizeof found - 1);
	copy = err;
	memset(&err, 0, sizeof err);
	assert_string_equal(copy.text, "fs1 is not known, 53");
}

/* Whatever stands before the character that does not fit, the text that is left is UTF-8. */
static void a_long_text_is_cut_at_a_character(void **state)
{
	static const char *const characters[] = { "e", "\xC3\xA9", "\xE2\x82\xAC",
		                                  "\xF0\x9F\x90\xA7" };

	(void)state;
	for (size_t i = 0; i < sizeof characters / sizeof *characters; i++) {
		for (size_t before = 0; before < 4; before++) {
			char text[ERR_TEXT_BYTES * 2] = "";
			struct err err = { 0 };

			memset(text, '.', before);
			while (strlen(text) + 5 < sizeof text)
				strcat(text, characters[i]);
			err_set(&err, ERROR_GEN_FAILURE, NULL, text);
			assert_int_in_range(strlen(err.text), ERR_TEXT_BYTES - 5,
			                    ERR_TEXT_BYTES - 1);
			assert_memory_equal(err.text, text, strlen(err.text));
			assert_true(text_utf8_is_valid(err.text));
		}
	}
}

/* A quotation may be cut in a character, and the command line may hold any bytes. */
static void a_text_is_utf_8_whatever_it_quotes(void **state)
{
	struct err err = { 0 };

	(void)state;
	err_format(&err, ERROR_GEN_FAILURE, NULL, "\"%.4s\" and \"%s\"", "abc\xC3\xA9",
	           "\xFF\xC3\xA9");
	assert_string_equal(err.text, "\"abc?\" and \"?\xC3\xA9\"");
}

static void a_failure_without_a_text_is_shown_all_the_same(void **state)
{
	struct err err = { 0 };

	(void)state;
	err_set(&err, ERROR_NOT_ENOUGH_MEMORY, NULL, NULL);
	assert_string_equal(err_text(&err), "out of memory");
	err = (struct err){ 0 };
	err_set(&err, ERROR_GEN_FAILURE, NULL, NULL);
	assert_string_equal(err_text(&err), "failed");
}

static void errno_names_the_file_and_the_reason(void **state)
{
	struct err err = { 0 };

	(void)state;
	errno = EACCES;
	assert_int_equal(err_set_errno(&err, "open", "/etc/fs1"), ERROR_ACCESS_DENIED);
	assert_string_equal(err.text, "/etc/fs1: Permission denied");
}

TEST_GROUP(err)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_failure_stands),
		cmocka_unit_test(a_text_outlives_what_it_was_made_of),
		cmocka_unit_test(a_long_text_is_cut_at_a_character),
		cmocka_unit_test(a_text_is_utf_8_whatever_it_quotes),
		cmocka_unit_test(a_failure_without_a_text_is_shown_all_the_same),
		cmocka_unit_test(errno_names_the_file_and_the_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
