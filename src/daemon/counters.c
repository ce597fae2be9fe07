/* SPDX-License-Identifier: MIT */
#include "daemon/counters.h"

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
