/* SPDX-License-Identifier: MIT */
#include "daemon/counters.h"

#include <stdio.h>
#include <string.h>
#include "srvsvc/server.h"
#include "system/log.h"

static uint64_t values[COUNTER_COUNT];

static const struct {
	const char *name, *help;
} texts[COUNTER_COUNT] = {
#define C(COUNTER, KEY, HELP) [COUNTER] = { KEY, HELP },
	COUNTERS(C)
#undef C
};

void counters_add(enum counter counter, uint64_t by)
{
	values[counter] += by;
}

void counters_sub(enum counter counter, uint64_t by)
{
	values[counter] -= by < values[counter] ? by : values[counter];
}

void counters_set(enum counter counter, uint64_t value)
{
	values[counter] = value;
}

uint64_t counters_value(enum counter counter)
{
	return values[counter];
}

const char *counters_name(enum counter counter)
{
	return texts[counter].name;
}

const char *counters_help(enum counter counter)
{
	return texts[counter].help;
}

static bool counters_event_is(const struct srvsvc_event *event, const char *operation)
{
	return strcmp(event->operation, operation) == 0;
}

void counters_add_event(const struct srvsvc_event *event)
{
	bool is_answered = event->status == NERR_Success || event->status == ERROR_MORE_DATA;

	if (counters_event_is(event, "log-on") || counters_event_is(event, "reauthentication"))
		return;
	if (event->status == ERROR_ACCESS_DENIED)
		counters_add(COUNTER_DENIED, 1);
	else if (!is_answered)
		counters_add(COUNTER_FAILED, 1);
	else if (counters_event_is(event, "NetrSessionEnum"))
		counters_add(COUNTER_ENUMERATIONS, 1);
	else if (counters_event_is(event, "NetrSessionDel"))
		counters_add(COUNTER_DELETIONS, 1);
}

void counters_log(void)
{
	char text[COUNTER_COUNT * 80];
	size_t used = 0;

	for (enum counter i = 0; i < COUNTER_COUNT; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, " %s=%llu",
		                         counters_name(i), (unsigned long long)counters_value(i));
	log_write(LOG_LEVEL_NOTICE, "counters:%s", text);
}
