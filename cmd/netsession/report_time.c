/* SPDX-License-Identifier: MIT */
#include "report_time.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

/* Reads so many digits, and steps over them. */
static bool report_time_read(const char **text, int digits, int least, int most, int *number)
{
	*number = 0;
	for (int i = 0; i < digits; i++, (*text)++) {
		if (**text < '0' || **text > '9')
			return false;
		*number = 10 * *number + (**text - '0');
	}
	return *number >= least && *number <= most;
}

static bool report_time_step_over(const char **text, const char *one_of)
{
	if (**text == '\0' || strchr(one_of, **text) == NULL)
		return false;
	(*text)++;
	return true;
}

static bool report_time_read_clock(const char **text, struct tm *to)
{
	if (!report_time_step_over(text, "T "))
		return true; /* the beginning of the day */
	if (!report_time_read(text, 2, 0, 23, &to->tm_hour) || !report_time_step_over(text, ":") ||
	    !report_time_read(text, 2, 0, 59, &to->tm_min))
		return false;
	return !report_time_step_over(text, ":") || report_time_read(text, 2, 0, 59, &to->tm_sec);
}

static bool report_time_parse_date(const char *text, int64_t *seconds)
{
	struct tm date = { .tm_isdst = -1 };
	int month;

	if (!report_time_read(&text, 4, 1970, 9999, &date.tm_year) ||
	    !report_time_step_over(&text, "-") || !report_time_read(&text, 2, 1, 12, &month) ||
	    !report_time_step_over(&text, "-") ||
	    !report_time_read(&text, 2, 1, 31, &date.tm_mday) ||
	    !report_time_read_clock(&text, &date))
		return false;
	date.tm_year -= 1900;
	date.tm_mon = month - 1;
	*seconds = report_time_step_over(&text, "Z") ? timegm(&date) : mktime(&date);
	return *text == '\0';
}

bool report_time_parse_duration(const char *argument, void *member)
{
	static const struct {
		char letter;
		int seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	size_t digits = strspn(argument, "0123456789");
	int64_t number = 0;

	if (digits == 0 || digits > 6 || argument[digits] == '\0' || argument[digits + 1] != '\0')
		return false;
	for (size_t i = 0; i < digits; i++)
		number = 10 * number + (argument[i] - '0');
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (units[i].letter == argument[digits]) {
			*(int64_t *)member = number * units[i].seconds;
			return number > 0;
		}
	return false;
}

static bool report_time_parse_ago(const char *text, int64_t *seconds)
{
	int64_t ago;

	if (!report_time_parse_duration(text, &ago))
		return false;
	*seconds = (int64_t)time(NULL) - ago;
	return true;
}

bool report_time_parse(const char *argument, void *member)
{
	return report_time_parse_ago(argument, member) || report_time_parse_date(argument, member);
}
