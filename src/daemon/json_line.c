/* SPDX-License-Identifier: MIT */
#include "daemon/json_line.h"

#include <stdio.h>
#include <stdlib.h>
#include "base/escape.h"
#include "base/watched_memory.h"

char *json_line_format(const json_t *line, size_t *bytes)
{
	char *text = NULL;
	FILE *to = watched_memory_has_failed() ? NULL : open_memstream(&text, bytes);
	bool is_good;

	if (to == NULL)
		return NULL;
	is_good = json_dump_callback(line, escape_write_json, to, JSON_COMPACT) == 0 &&
	          fputc('\n', to) != EOF;
	if (fclose(to) == 0 && is_good)
		return text;
	free(text);
	return NULL;
}
