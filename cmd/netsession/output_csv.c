/* SPDX-License-Identifier: MIT */
/* CSV, RFC 4180: all columns whatever the level; one that it lacks is empty. */
#include <string.h>
#include "output.h"

static void output_csv_put_text(FILE *to, const char *text)
{
	if (strpbrk(text, ",\"\r\n") == NULL) {
		fputs(text, to);
		return;
	}
	fputc('"', to);
	for (; *text != '\0'; text++) {
		if (*text == '"')
			fputc('"', to);
		fputc(*text, to);
	}
	fputc('"', to);
}

static void output_csv_put_field(FILE *to, const struct netsession_row *row,
                                 const struct session_field *field)
{
	char flags[64];

	if (field == NULL)
		return;
	if (field->kind == SESSION_CELL_TEXT)
		output_csv_put_text(to, session_row_text(row, field) != NULL
		                                ? session_row_text(row, field)
		                                : "");
	else if (field->column->unit == SESSION_UNIT_USER_FLAGS)
		output_csv_put_text(
			to, output_user_flags_text(session_row_u32(row, field), ' ', flags));
	else
		fprintf(to, "%u", (unsigned)session_row_u32(row, field));
}

static void output_csv_put_session(void *context, const struct server_result *result,
                                   const struct netsession_row *row)
{
	FILE *to = context;

	output_csv_put_text(to, result->server != NULL ? result->server : "");
	fprintf(to, ",%u", (unsigned)result->level->number);
	for (size_t i = 0; i < SESSION_LEVEL_MAX_FIELDS; i++) {
		fputc(',', to);
		output_csv_put_field(to, row,
		                     session_level_field(result->level, session_columns[i]));
	}
	fputs("\r\n", to);
}

bool output_write_csv(FILE *to, const struct server_result results[], size_t count)
{
	fputs("server,level", to);
	for (size_t i = 0; i < SESSION_LEVEL_MAX_FIELDS; i++)
		fprintf(to, ",%s", session_columns[i]->key);
	fputs("\r\n", to);
	for (size_t i = 0; i < count; i++)
		server_result_each(&results[i], output_csv_put_session, to);
	return true;
}
