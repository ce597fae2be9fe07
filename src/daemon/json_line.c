/* SPDX-License-Identifier: MIT */
#include "daemon/json_line.h"

#include <stdio.h>
#include <stdlib.h>
#include "base/escape.h"
#include "base/watched_memory.h"

/* As long as most lines are. */
#define LINE_BYTES 1024

/* jansson gives a line in some fifty pieces: to escape a whole one costs half as much. */
static bool json_line_write(const json_t *line, FILE *to)
{
	char text[LINE_BYTES];
	size_t bytes = json_dumpb(line, text, sizeof text, JSON_COMPACT);

	if (bytes == 0 || bytes > sizeof text)
		return json_dump_callback(line, escape_write_json, to, JSON_COMPACT) == 0;
	return escape_write_json(text, bytes, to) == 0;
}

char *json_line_format(const json_t *line, size_t *bytes)
{
	char *text = NULL;
	FILE *to = watched_memory_has_failed() ? NULL : open_memstream(&text, bytes);
	bool is_good;

	if (to == NULL)
		return NULL;
	is_good = json_line_write(line, to) && fputc('\n', to) != EOF;
	if (fclose(to) == 0 && is_good)
		return text;
	free(text);
	return NULL;
}
