/* SPDX-License-Identifier: MIT */
#include "output.h"

#include <stdlib.h>
#include <string.h>
#include "base/watched_memory.h"
#include "output_forms.h"

static const struct output_format formats[] = {
	{ "table", output_write_table, false },
	{ "json", output_write_json, false },
	{ "jsonl", output_write_jsonl, true },
	{ "csv", output_write_csv, false },
};

static const struct output_event_format event_formats[] = {
	{ "table", output_write_event_text },
	{ "jsonl", output_write_event_jsonl },
};

enum {
	FORMAT_COUNT = sizeof formats / sizeof *formats,
	EVENT_FORMAT_COUNT = sizeof event_formats / sizeof *event_formats,
};

void output_init(void)
{
	json_set_alloc_funcs(watched_memory_allocate, free);
}

const char *output_format_name(size_t index)
{
	return index < FORMAT_COUNT ? formats[index].name : NULL;
}

const char *output_event_format_name(size_t index)
{
	return index < EVENT_FORMAT_COUNT ? event_formats[index].name : NULL;
}

const struct output_format *output_format_find(const char *name)
{
	size_t i = 0;

	while (i < FORMAT_COUNT - 1 && strcmp(formats[i].name, name) != 0)
		i++;
	return &formats[i];
}

const struct output_event_format *output_event_format_find(const char *name)
{
	size_t i = 0;

	while (i < EVENT_FORMAT_COUNT - 1 && strcmp(event_formats[i].name, name) != 0)
		i++;
	return &event_formats[i];
}
