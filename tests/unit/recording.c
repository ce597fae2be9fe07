/* SPDX-License-Identifier: MIT */
#include "recording.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE *open_recording(const char *name)
{
	char path[1024];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s.hex", getenv("NETSESSION_WIRE"), name);
	file = fopen(path, "r");
	if (file == NULL) {
		fprintf(stderr, "%s: cannot be read\n", path);
		abort();
	}
	return file;
}

/* Appends the hex digits of text to r, which has room for half of them. */
static void take_hex(struct recording *r, const char *text)
{
	while (isxdigit((unsigned char)text[0]) && isxdigit((unsigned char)text[1])) {
		unsigned value;

		sscanf(text, "%2x", &value);
		r->data[r->bytes++] = (uint8_t)value;
		text += 2;
		text += strspn(text, " ");
	}
}

struct recording recording_load(const char *name)
{
	FILE *file = open_recording(name);
	struct recording r = { 0 };
	char line[4096];

	while (fgets(line, sizeof line, file) != NULL)
		if (line[0] != '#') {
			r.data = realloc(r.data, r.bytes + strlen(line));
			take_hex(&r, line);
		}
	fclose(file);
	r.data = realloc(r.data, r.bytes);
	return r;
}

void recording_free(struct recording *r)
{
	free(r->data);
	*r = (struct recording){ 0 };
}

size_t recording_key(const char *name, const char *key, uint8_t *to, size_t capacity)
{
	FILE *file = open_recording(name);
	struct recording r = { .data = to };
	char line[4096], start[64];

	snprintf(start, sizeof start, "# %s = ", key);
	while (r.bytes == 0 && fgets(line, sizeof line, file) != NULL)
		if (strncmp(line, start, strlen(start)) == 0 && strlen(line) < 2 * capacity + 64)
			take_hex(&r, line + strlen(start));
	fclose(file);
	return r.bytes;
}

uint8_t *recording_cut(const struct recording *r, size_t bytes)
{
	uint8_t *copy = malloc(bytes > 0 ? bytes : 1);

	memcpy(copy, r->data, bytes);
	return copy;
}
