/* SPDX-License-Identifier: MIT */
/* Rows of a report, in each output format. */
#ifndef NETSESSION_REPORT_OUTPUT_H
#define NETSESSION_REPORT_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum report_kind {
	REPORT_TEXT,
	REPORT_NUMBER,
	REPORT_TIME, /* seconds since 1970 */
	REPORT_FLAG,
};

struct report_column {
	const char *key, *heading; /* in JSON and CSV; in tables, NULL: it is left out there */
	enum report_kind kind;
};

/* A text that is NULL, or a number that is REPORT_UNKNOWN, is absent. */
struct report_cell {
	const char *text;
	int64_t number;
};

enum { REPORT_TIME_BYTES = 32 };

/* Writes a time in UTC, as ISO 8601 has it, and returns it; "" for one that is none. */
const char *report_time_text(int64_t seconds, char text[REPORT_TIME_BYTES]);

struct report_output;

/* The names of the formats are those of output.h. Keeps all. NULL: out of memory. */
struct report_output *report_output_new(const char *format, const char *report,
                                        const struct report_column columns[], size_t count);
/* One cell for each column. */
void report_output_put(struct report_output *output, const struct report_cell cells[]);
/* What the report cannot know: as an object of the member notes of JSON, which is taken, and in
 * other formats as a line on standard error. */
void report_output_put_note(struct report_output *output, json_t *note, const char *text);
bool report_output_has_rows(const struct report_output *output);
/* Writes what is left. Takes output. Returns false if not everything could be written. */
bool report_output_end(struct report_output *output);

/* A row as an object of JSON, which has what is known. NULL: out of memory. */
json_t *report_output_json(const struct report_column columns[], size_t count,
                           const struct report_cell cells[]);

#endif
