/* SPDX-License-Identifier: MIT */
#include "output.h"

#include <string.h>

static const struct output_format formats[] = {
	{ "table", output_write_table },
	{ "json", output_write_json },
	{ "jsonl", output_write_jsonl },
	{ "csv", output_write_csv },
};

const struct output_format *output_format_find(const char *name)
{
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}
