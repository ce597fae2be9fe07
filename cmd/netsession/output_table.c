/* SPDX-License-Identifier: MIT */
/* A table for people. Its columns are aligned by the width of each character on a terminal. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uniwidth.h>
#include "base/escape.h"
#include "output_forms.h"
#include "terminal/terminal.h"

enum { SERVER_COLUMN = SESSION_LEVEL_MAX_FIELDS, COLUMNS };

struct output_table {
	FILE *to;
	bool shown[COLUMNS];
	int width[COLUMNS];
	char *cell; /* the text of one cell, as it is shown */
	size_t cell_bytes;
	bool failed;
};

/* Gives the text as it is shown, in the cell. */
static const char *output_table_value(struct output_table *t, const char *text)
{
	size_t used = 0;

	for (;;) {
		size_t plain = escape_plain_bytes(text), needed = used + plain + ESCAPE_MAX_BYTES;

		if (needed > t->cell_bytes) {
			size_t bytes = 2 * needed;
			char *grown = realloc(t->cell, bytes);

			if (grown == NULL) {
				t->failed = true;
				return "";
			}
			t->cell = grown;
			t->cell_bytes = bytes;
		}
		memcpy(t->cell + used, text, plain);
		used += plain;
		text += plain;
		if (*text == '\0')
			break;
		used += escape_next(ESCAPE_FIELD, &text, t->cell + used);
	}
	t->cell[used] = '\0';
	return t->cell;
}

static const char *output_table_duration(uint32_t seconds, char text[32])
{
	unsigned days = seconds / 86400, rest = seconds % 86400;

	if (days > 0)
		snprintf(text, 32, "%ud %02u:%02u:%02u", days, rest / 3600, rest / 60 % 60,
		         rest % 60);
	else
		snprintf(text, 32, "%u:%02u:%02u", rest / 3600, rest / 60 % 60, rest % 60);
	return text;
}

static const char *output_table_cell_text(struct output_table *t,
                                          const struct server_result *result,
                                          const struct netsession_row *row, int column,
                                          char number[64])
{
	const struct session_field *field;

	if (column == SERVER_COLUMN)
		return output_table_value(t, server_result_name(result));
	field = session_level_field(result->level, session_columns[column]);
	if (field == NULL)
		return "";
	if (session_row_is_unknown(row, field))
		return "-";
	if (field->kind == SESSION_CELL_TEXT)
		return output_table_value(t, session_row_text(row, field));
	switch (field->column->unit) {
	case SESSION_UNIT_SECONDS:
		return output_table_duration(session_row_u32(row, field), number);
	case SESSION_UNIT_USER_FLAGS:
		return output_user_flags_text(session_row_u32(row, field), ',', number);
	case SESSION_UNIT_NONE:
		break;
	}
	snprintf(number, 64, "%u", (unsigned)session_row_u32(row, field));
	return number;
}

static bool output_table_is_right_aligned(int column)
{
	return column != SERVER_COLUMN && (session_columns[column]->unit == SESSION_UNIT_SECONDS ||
	                                   strcmp(session_columns[column]->key, "num_opens") == 0);
}

static int output_table_width(const char *text)
{
	size_t plain = escape_plain_bytes(text);

	return (int)plain + u8_strwidth((const uint8_t *)text + plain, "UTF-8");
}

static void output_table_measure_row(void *context, const struct server_result *result,
                                     const struct netsession_row *row)
{
	struct output_table *t = context;
	char number[64];

	for (int column = 0; column < COLUMNS; column++) {
		int width =
			output_table_width(output_table_cell_text(t, result, row, column, number));

		if (width > t->width[column])
			t->width[column] = width;
	}
}

/* The server is the first column. There are no blanks at the end of a line. */
static void output_table_put_line(struct output_table *t,
                                  const char *(*cell)(struct output_table *, const void *, int,
                                                      char *),
                                  const void *line)
{
	int pending = 0;

	for (int i = 0; i < COLUMNS; i++) {
		int column = i == 0 ? SERVER_COLUMN : i - 1, pad;
		char number[64];
		const char *text;

		if (!t->shown[column])
			continue;
		text = cell(t, line, column, number);
		pad = t->width[column] - output_table_width(text);
		if (output_table_is_right_aligned(column)) {
			pending += pad;
			pad = 0;
		}
		if (text[0] != '\0') {
			fprintf(t->to, "%*s", pending, "");
			terminal_put(t->to, text, strlen(text));
			pending = 0;
		}
		pending += pad + 2;
	}
	fputc('\n', t->to);
}

static const char *output_table_heading(struct output_table *t, const void *line, int column,
                                        char *number)
{
	(void)t;
	(void)line;
	(void)number;
	return column == SERVER_COLUMN ? "SERVER" : session_columns[column]->heading;
}

struct output_table_row {
	const struct server_result *result;
	const struct netsession_row *row;
};

static const char *output_table_session_cell(struct output_table *t, const void *line, int column,
                                             char *number)
{
	const struct output_table_row *session = line;

	return output_table_cell_text(t, session->result, session->row, column, number);
}

static void output_table_put_session(void *context, const struct server_result *result,
                                     const struct netsession_row *row)
{
	output_table_put_line(context, output_table_session_cell,
	                      &(struct output_table_row){ result, row });
}

bool output_write_table(FILE *to, const struct server_result results[], size_t count)
{
	struct output_table t = { .to = to };
	bool any = false;

	t.shown[SERVER_COLUMN] = count > 1;
	for (size_t i = 0; i < count; i++)
		for (int column = 0; results[i].level != NULL && column < SERVER_COLUMN; column++)
			if (session_level_field(results[i].level, session_columns[column]) != NULL)
				t.shown[column] = any = true;
	if (!any)
		return true;
	for (int column = 0; column < COLUMNS; column++)
		t.width[column] = output_table_width(output_table_heading(&t, NULL, column, NULL));
	for (size_t i = 0; i < count; i++)
		server_result_each(&results[i], output_table_measure_row, &t);
	output_table_put_line(&t, output_table_heading, NULL);
	for (size_t i = 0; i < count; i++)
		server_result_each(&results[i], output_table_put_session, &t);
	free(t.cell);
	if (t.failed)
		errno = ENOMEM; /* what was written since may have set another error */
	return !t.failed;
}
