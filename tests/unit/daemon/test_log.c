/* SPDX-License-Identifier: MIT */
/* What goes into a line of the logs, whatever peers call themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "group.h"
#include "system/log.h"

/* What the log writes to stderr while act runs, read from a file that takes its place. */
static void capture(void (*act)(void), char *to, size_t room)
{
	FILE *file = tmpfile();
	int before = dup(STDERR_FILENO);
	size_t bytes;

	assert_non_null(file);
	assert_int_equal(dup2(fileno(file), STDERR_FILENO), STDERR_FILENO);
	act();
	assert_int_equal(dup2(before, STDERR_FILENO), STDERR_FILENO);
	close(before);
	rewind(file);
	bytes = fread(to, 1, room - 1, file);
	to[bytes] = '\0';
	fclose(file);
}

static void say_all(void)
{
	log_write(LOG_LEVEL_ERROR, "%s", "an error\nand a line");
	log_write(LOG_LEVEL_NOTICE, "%d", 1);
	log_write(LOG_LEVEL_DEBUG, "a detail");
}

static void people_get_the_time_the_program_and_the_level(void **state)
{
	char said[1024], *second;

	(void)state;
	log_begin("netsessiond");
	capture(say_all, said, sizeof said);
	assert_int_equal(said[4], '-');
	assert_int_equal(said[10], 'T');
	assert_int_equal(said[23], 'Z');
	assert_non_null(strstr(said, "Z netsessiond: error: an error\\x0Aand a line\n"));
	second = strchr(said, '\n') + 1;
	assert_string_equal(second + 24, " netsessiond: notice: 1\n");
}

static void say_too_much(void)
{
	char text[4000];

	memset(text, 'a', sizeof text);
	text[sizeof text - 1] = '\0';
	log_write(LOG_LEVEL_ERROR, "%s", text);
	memset(text, '\x9B', sizeof text - 1);
	log_write(LOG_LEVEL_ERROR, "%s", text);
}

static void a_line_that_is_too_long_ends_in_dots(void **state)
{
	char said[16384];

	(void)state;
	log_begin("netsessiond");
	capture(say_too_much, said, sizeof said);
	assert_non_null(strstr(said, "aaa...\n"));
	assert_non_null(strstr(said, "\\x9B...\n"));
}

static void say_to_the_journal(void)
{
	struct stat status;
	char stream[64];

	assert_int_equal(fstat(STDERR_FILENO, &status), 0);
	snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)status.st_dev,
	         (uintmax_t)status.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_begin("netsessiond");
	say_all();
	setenv("JOURNAL_STREAM", "1:1", 1);
	log_begin("netsessiond");
}

static void the_journal_gets_priorities(void **state)
{
	char said[1024];

	(void)state;
	log_set_level(LOG_LEVEL_DEBUG);
	capture(say_to_the_journal, said, sizeof said);
	assert_string_equal(said, "<3>an error\\x0Aand a line\n<5>1\n<7>a detail\n");
	log_set_level(LOG_LEVEL_INFO);
}

static void only_what_is_asked_for_is_said(void **state)
{
	enum log_level level;
	char said[1024];

	(void)state;
	assert_true(log_level_find("error", &level));
	assert_false(log_level_find("loud", &level));
	log_set_level(level);
	capture(say_all, said, sizeof said);
	assert_string_equal(strchr(said, '\n'), "\n");
	log_set_level(LOG_LEVEL_INFO);
}

static unsigned count_lines(const char *text, const char *with)
{
	unsigned count = 0;

	for (; (text = strstr(text, with)) != NULL; text++)
		count++;
	return count;
}

static void write_many(void)
{
	struct log_limit limit = { .name = "SMB endpoint" };

	for (unsigned i = 0; i < 25; i++) {
		log_write_limited(&limit, 1000, LOG_LEVEL_DEBUG, "quiet");
		log_write_limited(&limit, 1000 + i, LOG_LEVEL_WARNING, "line %u", i);
	}
	log_write_limited(&limit, 1000 + LOG_LIMIT_WINDOW_MS, LOG_LEVEL_WARNING, "later");
}

static void lines_that_clients_cause_are_limited_and_counted(void **state)
{
	char said[4096];
	const char *last;

	(void)state;
	log_set_level(LOG_LEVEL_INFO);
	capture(write_many, said, sizeof said);
	assert_int_equal(count_lines(said, ": line "), LOG_LIMIT_LINES);
	assert_int_equal(count_lines(said, "quiet"), 0);
	last = strstr(said, "warning: SMB endpoint: 15 similar messages suppressed\n");
	assert_non_null(last);
	assert_non_null(strstr(last, "warning: later\n"));
	assert_int_equal(count_lines(said, "\n"), LOG_LIMIT_LINES + 2);
}

static void write_and_flush(void)
{
	struct log_limit limit = { .name = "SMB endpoint" };

	log_limit_flush(&limit);
	for (unsigned i = 0; i <= LOG_LIMIT_LINES; i++)
		log_write_limited(&limit, 1, LOG_LEVEL_INFO, "line %u", i);
	log_limit_flush(&limit);
	log_limit_flush(&limit);
}

static void suppressed_lines_are_counted_at_the_end(void **state)
{
	char said[4096];

	(void)state;
	log_set_level(LOG_LEVEL_INFO);
	capture(write_and_flush, said, sizeof said);
	assert_int_equal(count_lines(said, ": line "), LOG_LIMIT_LINES);
	assert_int_equal(count_lines(said, ": 1 similar messages suppressed\n"), 1);
	assert_int_equal(count_lines(said, "\n"), LOG_LIMIT_LINES + 1);
}

TEST_GROUP(log)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(people_get_the_time_the_program_and_the_level),
		cmocka_unit_test(a_line_that_is_too_long_ends_in_dots),
		cmocka_unit_test(the_journal_gets_priorities),
		cmocka_unit_test(only_what_is_asked_for_is_said),
		cmocka_unit_test(lines_that_clients_cause_are_limited_and_counted),
		cmocka_unit_test(suppressed_lines_are_counted_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
