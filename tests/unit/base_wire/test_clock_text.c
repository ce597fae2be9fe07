/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include "base/clock_text.h"
#include "group.h"

static void a_filetime_counts_from_1601(void **state)
{
	(void)state;
	assert_true(clock_of_filetime(116444736000000000) == 0);
	assert_true(clock_of_filetime(116444736019999999) == 1);
	assert_true(clock_of_filetime(0) == -11644473600);
	assert_true(clock_of_filetime(UINT64_MAX) == 1844674407370 - 11644473600);
}

static void a_time_is_written_in_utc(void **state)
{
	char text[CLOCK_TIME_BYTES];

	(void)state;
	clock_time_text(text, 1795990000);
	assert_string_equal(text, "2026-11-29 22:06:40 UTC");
	clock_time_text(text, clock_of_filetime(0));
	assert_string_equal(text, "1601-01-01 00:00:00 UTC");
}

/* Beside the C library's calendar: each day of 800 years, which hold every kind of leap year. */
static void every_day_has_the_date_of_the_calendar(void **state)
{
	char text[CLOCK_TIME_BYTES], expected[CLOCK_TIME_BYTES];
	struct tm fields;

	(void)state;
	for (time_t day = -135140; day < 157054; day++) { /* 1600 to 2399 */
		time_t time_s = day * 86400 + 86399;

		clock_time_text(text, time_s);
		strftime(expected, sizeof expected, "%Y-%m-%d %H:%M:%S UTC",
		         gmtime_r(&time_s, &fields));
		assert_string_equal(text, expected);
	}
}

static void any_number_of_a_peer_is_written(void **state)
{
	char text[CLOCK_TIME_BYTES];

	(void)state;
	clock_time_text(text, INT64_MIN / 2);
	clock_time_text(text, INT64_MAX);
	assert_string_equal(text, "292277026596-12-04 15:30:07 UTC");
	clock_time_text(text, clock_of_filetime(UINT64_MAX));
	assert_string_equal(text, "60056-05-28 05:36:10 UTC");
}

static void a_duration_has_its_largest_unit(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} durations[] = { { 0, "0 s" },
		          { -89, "89 s" },
		          { 90, "2 minutes" },
		          { 1199, "20 minutes" },
		          { 5399, "90 minutes" },
		          { -5400, "2 hours" },
		          { 129599, "36 hours" },
		          { 129600, "2 days" },
		          { INT64_MIN, "106751991167301 days" } };
	char text[CLOCK_DURATION_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof durations / sizeof *durations; i++) {
		clock_duration_text(text, durations[i].seconds);
		assert_string_equal(text, durations[i].text);
	}
}

TEST_GROUP(clock_text)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_filetime_counts_from_1601),
		cmocka_unit_test(a_time_is_written_in_utc),
		cmocka_unit_test(every_day_has_the_date_of_the_calendar),
		cmocka_unit_test(any_number_of_a_peer_is_written),
		cmocka_unit_test(a_duration_has_its_largest_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
