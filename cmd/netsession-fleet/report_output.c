/* SPDX-License-Identifier: MIT */
#include "report_output.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uniwidth.h>
#include "base/escape.h"
#include "output_forms.h"
#include "store/report_store.h"
#include "terminal/terminal.h"

/* On standard error. */
enum { MOST_NOTES = 20 };

struct report_output {
	const struct report_column *columns;
	size_t count;
	const char *report;
	void (*put)(struct report_output *output, const struct report_cell cells[]);
	void (*end)(struct report_output *output);
	size_t rows;
	bool failed;
	json_t *notes; /* NULL: there is none */
	size_t lines;  /* of notes */
	/* Of a table: the texts of all rows, count of them a row. */
	char **texts;
	size_t room;
};

static bool report_cell_is_known(const struct report_column *column, const struct report_cell *cell)
{
	return column->kind == REPORT_TEXT ? cell->text != NULL : cell->number != REPORT_UNKNOWN;
}

const char *report_time_text(int64_t seconds, char text[REPORT_TIME_BYTES])
{
	time_t at = (time_t)seconds;
	struct tm utc;

	if (gmtime_r(&at, &utc) == NULL)
		return "";
	(void)strftime(text, REPORT_TIME_BYTES, "%Y-%m-%dT%H:%M:%SZ", &utc);
	return text;
}

/* The text of a cell, not escaped; "": it is not known. */
static const char *report_cell_text(const struct report_column *column,
                                    const struct report_cell *cell, char room[REPORT_TIME_BYTES])
{
	if (!report_cell_is_known(column, cell))
		return "";
	switch (column->kind) {
	case REPORT_TEXT:
		return cell->text;
	case REPORT_TIME:
		return report_time_text(cell->number, room);
	case REPORT_FLAG:
		return cell->number != 0 ? "yes" : "no";
	case REPORT_NUMBER:
		break;
	}
	(void)snprintf(room, REPORT_TIME_BYTES, "%lld", (long long)cell->number);
	return room;
}

/* ---- JSON ---- */

/* Adds what is known. Returns object. */
static json_t *report_json_add(json_t *object, const struct report_column columns[], size_t count,
                               const struct report_cell cells[])
{
	char time[REPORT_TIME_BYTES];

	for (size_t i = 0; i < count; i++) {
		const struct report_column *column = &columns[i];
		const struct report_cell *cell = &cells[i];

		if (!report_cell_is_known(column, cell))
			continue;
		json_object_set_new(
			object, column->key,
			column->kind == REPORT_NUMBER ? json_integer(cell->number)
			: column->kind == REPORT_FLAG
				? json_boolean(cell->number != 0)
				: output_json_text(report_cell_text(column, cell, time)));
	}
	return object;
}

json_t *report_output_json(const struct report_column columns[], size_t count,
                           const struct report_cell cells[])
{
	return report_json_add(json_object(), columns, count, cells);
}

static void report_jsonl_put(struct report_output *output, const struct report_cell cells[])
{
	json_t *line = report_json_add(output_json_line(), output->columns, output->count, cells);

	output->failed |= !output_json_write_line(stdout, line, JSON_COMPACT);
}

static void report_json_put(struct report_output *output, const struct report_cell cells[])
{
	if (output->rows == 0)
		fputc(' ', stdout);
	else
		fputc(',', stdout);
	output->failed |= !output_json_write_line(
		stdout, report_output_json(output->columns, output->count, cells), JSON_COMPACT);
}

static void report_json_end(struct report_output *output)
{
	if (output->notes == NULL) {
		fputs("]}\n", stdout);
		return;
	}
	fputs("],\n\"notes\":\n", stdout);
	output->failed |= !output_json_write_line(stdout, output->notes, JSON_COMPACT);
	output->notes = NULL;
	fputs("}\n", stdout);
}

/* ---- CSV ---- */

static void report_csv_put_heading(const struct report_output *output)
{
	for (size_t i = 0; i < output->count; i++) {
		if (i > 0)
			fputc(',', stdout);
		escape_put_csv(stdout, output->columns[i].key);
	}
	fputs("\r\n", stdout);
}

static void report_csv_put(struct report_output *output, const struct report_cell cells[])
{
	char room[REPORT_TIME_BYTES];

	for (size_t i = 0; i < output->count; i++) {
		if (i > 0)
			fputc(',', stdout);
		escape_put_csv(stdout, report_cell_text(&output->columns[i], &cells[i], room));
	}
	fputs("\r\n", stdout);
}

/* ---- table ---- */

/* Gives a text as it is shown, which the caller frees. NULL: out of memory. */
static char *report_shown_text(const char *text)
{
	size_t used = 0, room = strlen(text) * (ESCAPE_MAX_BYTES - 1) + 2;
	char *shown = malloc(room), *fitting;

	if (shown == NULL)
		return NULL;
	while (*text != '\0')
		used += escape_next(ESCAPE_FIELD, &text, shown + used);
	shown[used] = '\0';
	fitting = realloc(shown, used + 1);
	return fitting != NULL ? fitting : shown;
}

static void report_table_put(struct report_output *output, const struct report_cell cells[])
{
	size_t used = output->rows * output->count;
	char room[REPORT_TIME_BYTES];

	if (used + output->count > output->room) {
		size_t wanted = 2 * output->room + 64 * output->count;
		char **texts = realloc(output->texts, wanted * sizeof *texts);

		if (texts == NULL) {
			output->failed = true;
			return;
		}
		memset(texts + output->room, 0, (wanted - output->room) * sizeof *texts);
		output->texts = texts;
		output->room = wanted;
	}
	for (size_t i = 0; i < output->count; i++) {
		const char *text = report_cell_text(&output->columns[i], &cells[i], room);

		output->texts[used + i] = report_shown_text(text[0] != '\0' ? text : "-");
		output->failed |= output->texts[used + i] == NULL;
	}
}

static size_t report_text_width(const char *text)
{
	return (size_t)u8_strwidth((const uint8_t *)text, "UTF-8");
}

/* texts NULL: the headings. */
static void report_table_put_line(const struct report_output *output, char *const texts[],
                                  const size_t widths[])
{
	size_t pending = 0;

	for (size_t i = 0; i < output->count; i++) {
		const char *text = texts != NULL ? texts[i] : output->columns[i].heading;

		if (output->columns[i].heading == NULL)
			continue;
		for (; pending > 0; pending--)
			fputc(' ', stdout);
		terminal_put(stdout, text, strlen(text));
		pending = widths[i] - report_text_width(text) + 2;
	}
	fputc('\n', stdout);
}

static void report_table_end(struct report_output *output)
{
	size_t *widths = calloc(output->count, sizeof *widths);

	output->failed |= widths == NULL;
	if (output->failed || output->rows == 0) {
		free(widths);
		return;
	}
	for (size_t i = 0; i < output->count; i++)
		widths[i] = output->columns[i].heading != NULL
		                    ? report_text_width(output->columns[i].heading)
		                    : 0;
	for (size_t at = 0; at < output->rows * output->count; at++)
		if (report_text_width(output->texts[at]) > widths[at % output->count])
			widths[at % output->count] = report_text_width(output->texts[at]);
	report_table_put_line(output, NULL, widths);
	for (size_t row = 0; row < output->rows; row++)
		report_table_put_line(output, output->texts + row * output->count, widths);
	free(widths);
}

/* ---- all of them ---- */

static void report_end_nothing(struct report_output *output)
{
	(void)output;
}

struct report_output *report_output_new(const char *format, const char *report,
                                        const struct report_column columns[], size_t count)
{
	struct report_output *output = calloc(1, sizeof *output);

	if (output == NULL)
		return NULL;
	*output = (struct report_output){ .columns = columns, .count = count, .report = report };
	output->end = report_end_nothing;
	if (strcmp(format, "json") == 0) {
		output->put = report_json_put;
		output->end = report_json_end;
		fputs("{\"schema\": 1, \"report\": \"", stdout);
		terminal_put(stdout, report, strlen(report));
		fputs("\", \"rows\": [\n", stdout);
	} else if (strcmp(format, "jsonl") == 0) {
		output->put = report_jsonl_put;
	} else if (strcmp(format, "csv") == 0) {
		output->put = report_csv_put;
		report_csv_put_heading(output);
	} else {
		output->put = report_table_put;
		output->end = report_table_end;
	}
	return output;
}

void report_output_put(struct report_output *output, const struct report_cell cells[])
{
	output->put(output, cells);
	output->rows++;
}

void report_output_put_note(struct report_output *output, json_t *note, const char *text)
{
	if (output->end != report_json_end) {
		json_decref(note);
		if (++output->lines <= MOST_NOTES)
			terminal_print_line(stderr, "netsession: %s", text);
		return;
	}
	if (output->notes == NULL)
		output->notes = json_array();
	output->failed |= json_array_append_new(output->notes, note) != 0;
}

bool report_output_has_rows(const struct report_output *output)
{
	return output->rows > 0;
}

bool report_output_end(struct report_output *output)
{
	bool is_good;

	output->end(output);
	if (output->lines > MOST_NOTES)
		terminal_print_line(stderr, "netsession: %zu more such lines; -o json has them all",
		                    output->lines - MOST_NOTES);
	is_good = !output->failed && fflush(stdout) == 0 && !ferror(stdout);
	if (output->failed && !ferror(stdout))
		errno = ENOMEM;
	for (size_t i = 0; i < output->room; i++)
		free(output->texts[i]);
	free(output->texts);
	json_decref(output->notes);
	free(output);
	return is_good;
}
