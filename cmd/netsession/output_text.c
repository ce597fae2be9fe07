/* SPDX-License-Identifier: MIT */
/* Text: how members of a session are shown, an event as a line, and CSV. */
#include <string.h>
#include "base/escape.h"
#include "output_forms.h"
#include "terminal/terminal.h"

static void output_put_value(FILE *to, const char *text)
{
	char shown[ESCAPE_MAX_BYTES];

	while (*text != '\0')
		terminal_put(to, shown, escape_next(ESCAPE_FIELD, &text, shown));
}

static const struct {
	uint32_t bit;
	const char *name;
} flag_names[] = {
	{ 1, "guest" },        /* SESS_GUEST */
	{ 2, "noencryption" }, /* SESS_NOENCRYPTION */
};

const char *output_user_flags_text(uint32_t user_flags, char separator, char text[64])
{
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < sizeof flag_names / sizeof *flag_names; i++)
		if (user_flags & flag_names[i].bit) {
			length += (size_t)snprintf(text + length, 64 - length, "%s%c",
			                           flag_names[i].name, separator);
			user_flags &= ~flag_names[i].bit;
		}
	if (user_flags != 0)
		length += (size_t)snprintf(text + length, 64 - length, "0x%x%c",
		                           (unsigned)user_flags, separator);
	if (length > 0)
		text[length - 1] = '\0';
	return text;
}

/* ---- events ---- */

void output_write_event_text(FILE *to, const char *at, const char *event,
                             const struct server_result *result, const struct netsession_row *row)
{
	char flags[64];

	fprintf(to, "%s  %-7s  ", at, event);
	output_put_value(to, server_result_name(result));
	fputs("  ", to);
	output_put_value(to, row->user != NULL && row->user[0] != '\0' ? row->user : "-");
	fputs("  from ", to);
	output_put_value(to, row->client != NULL ? row->client : "-");
	if (session_level_field(result->level, session_columns[SESSION_COLUMN_OPENS]) != NULL) {
		if (row->num_opens != NETSESSION_UNKNOWN)
			fprintf(to, "  opens %u", (unsigned)row->num_opens);
		else
			fputs("  opens -", to);
	}
	if (row->user_flags != 0 && row->user_flags != NETSESSION_UNKNOWN)
		fprintf(to, "  %s", output_user_flags_text(row->user_flags, ',', flags));
	fputc('\n', to);
}

/* ---- CSV, RFC 4180 ---- */

/* Every line has all columns. A column that the level lacks, or that is not known, is empty. */

static void output_csv_put_field(FILE *to, const struct netsession_row *row,
                                 const struct session_field *field)
{
	char flags[64];

	if (field == NULL || session_row_is_unknown(row, field))
		return;
	if (field->kind == SESSION_CELL_TEXT)
		escape_put_csv(to, session_row_text(row, field));
	else if (field->column->unit == SESSION_UNIT_USER_FLAGS)
		escape_put_csv(to, output_user_flags_text(session_row_u32(row, field), ' ', flags));
	else
		fprintf(to, "%u", (unsigned)session_row_u32(row, field));
}

static void output_csv_put_cells(FILE *to, const struct server_result *result,
                                 const struct netsession_row *row)
{
	fprintf(to, ",%u", (unsigned)result->level->number);
	for (size_t i = 0; i < SESSION_LEVEL_MAX_FIELDS; i++) {
		fputc(',', to);
		output_csv_put_field(to, row,
		                     session_level_field(result->level, session_columns[i]));
	}
	fputs("\r\n", to);
}

static void output_csv_put_session(void *context, const struct server_result *result,
                                   const struct netsession_row *row)
{
	FILE *to = context;

	escape_put_csv(to, result->server != NULL ? result->server : "");
	output_csv_put_cells(to, result, row);
}

static void output_csv_put_headings(FILE *to)
{
	for (size_t i = 0; i < SESSION_LEVEL_MAX_FIELDS; i++)
		fprintf(to, ",%s", session_columns[i]->key);
	fputs("\r\n", to);
}

bool output_write_csv(FILE *to, const struct server_result results[], size_t count)
{
	fputs("server,level", to);
	output_csv_put_headings(to);
	for (size_t i = 0; i < count; i++)
		server_result_each(&results[i], output_csv_put_session, to);
	return true;
}

/* ---- hosts of a sweep: a line for each session, and for each host without one ---- */

struct output_csv_host {
	FILE *to;
	const struct swept_host *host;
};

static void output_csv_put_host_cells(const struct output_csv_host *csv)
{
	const struct netsession_error *error = &csv->host->result.error;

	escape_put_csv(csv->to, csv->host->result.server);
	fputc(',', csv->to);
	escape_put_csv(csv->to, csv->host->address);
	fprintf(csv->to, ",%s,", host_outcomes[csv->host->outcome].name);
	escape_put_csv(csv->to, error->step != NULL ? error->step : "");
	fprintf(csv->to, ",%u", (unsigned)error->status);
}

static void output_csv_put_host_session(void *context, const struct server_result *result,
                                        const struct netsession_row *row)
{
	const struct output_csv_host *csv = context;

	output_csv_put_host_cells(csv);
	output_csv_put_cells(csv->to, result, row);
}

bool output_write_host_csv(FILE *to, const struct swept_host *host, bool is_first)
{
	struct output_csv_host csv = { to, host };

	if (is_first) {
		fputs("server,address,outcome,step,status,level", to);
		output_csv_put_headings(to);
	}
	server_result_each(&host->result, output_csv_put_host_session, &csv);
	if (server_result_count(&host->result) > 0)
		return !ferror(to);
	output_csv_put_host_cells(&csv);
	fputc(',', to);
	for (size_t i = 0; i < SESSION_LEVEL_MAX_FIELDS; i++)
		fputc(',', to);
	fputs("\r\n", to);
	return !ferror(to);
}
