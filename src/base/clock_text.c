/* SPDX-License-Identifier: MIT */
#include "base/clock_text.h"

#include <stddef.h>
#include <stdio.h>

#define FILETIME_UNITS_PER_S  10000000
#define FILETIME_UNIX_EPOCH_S 11644473600

#define DAY_S                     86400
#define DAYS_OF_ERA               146097 /* of 400 years */
#define DAYS_FROM_MARCH_0_TO_1970 719468 /* the 1st of March of the year 0 */

int64_t clock_of_filetime(uint64_t filetime)
{
	return (int64_t)(filetime / FILETIME_UNITS_PER_S) - FILETIME_UNIX_EPOCH_S;
}

struct calendar_date {
	int64_t year;
	unsigned month, day;
};

/* The Gregorian calendar repeats itself every 400 years. A year is counted from March on, so that
 * the day that leap years add is its last one. */
static struct calendar_date calendar_date_of(int64_t days_since_1970)
{
	int64_t days = days_since_1970 + DAYS_FROM_MARCH_0_TO_1970;
	int64_t era = (days >= 0 ? days : days - (DAYS_OF_ERA - 1)) / DAYS_OF_ERA;
	unsigned day = (unsigned)(days - era * DAYS_OF_ERA);
	/* Days of leap years that are over: each 4th year, not each 100th, but the 400th. */
	unsigned year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	unsigned month;

	day -= 365 * year + year / 4 - year / 100;
	month = (5 * day + 2) / 153; /* five months from March, or from August, have 153 days */
	return (struct calendar_date){ .year = era * 400 + year + (month >= 10),
		                       .month = month < 10 ? month + 3 : month - 9,
		                       .day = day - (153 * month + 2) / 5 + 1 };
}

void clock_time_text(char to[CLOCK_TIME_BYTES], int64_t time_s)
{
	int64_t days = (time_s >= 0 ? time_s : time_s - (DAY_S - 1)) / DAY_S;
	unsigned second = (unsigned)(time_s - days * DAY_S);
	struct calendar_date date = calendar_date_of(days);

	(void)snprintf(to, CLOCK_TIME_BYTES, "%04lld-%02u-%02u %02u:%02u:%02u UTC",
	               (long long)date.year, date.month, date.day, second / 3600 % 24,
	               second / 60 % 60, second % 60);
}

void clock_duration_text(char to[CLOCK_DURATION_BYTES], int64_t seconds)
{
	static const struct {
		uint64_t seconds;
		const char *name;
	} units[] = { { 86400, "days" }, { 3600, "hours" }, { 60, "minutes" } };
	uint64_t count = seconds < 0 ? 0 - (uint64_t)seconds : (uint64_t)seconds;

	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		uint64_t rounded = (count + units[i].seconds / 2) / units[i].seconds;

		if (rounded >= 2) {
			(void)snprintf(to, CLOCK_DURATION_BYTES, "%llu %s",
			               (unsigned long long)rounded, units[i].name);
			return;
		}
	}
	(void)snprintf(to, CLOCK_DURATION_BYTES, "%llu s", (unsigned long long)count);
}
