/* SPDX-License-Identifier: MIT */
#include "output.h"

#include <string.h>
#include <unistr.h>

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

void output_put_printable(FILE *to, const char *text)
{
	const uint8_t *at = (const uint8_t *)text;
	ucs4_t c;

	while (*at != 0) {
		int length = u8_mbtouc(&c, at, strlen((const char *)at));

		if (c < 0x20 || (c >= 0x7F && c < 0xA0))
			fputc('?', to);
		else
			fwrite(at, 1, (size_t)length, to);
		at += length;
	}
}

void output_write_event_text(FILE *to, const char *at, const char *event,
                             const struct server_result *result, const struct netsession_row *row)
{
	char flags[64];

	fprintf(to, "%s  %-7s  ", at, event);
	output_put_printable(to, server_result_name(result));
	fputs("  ", to);
	output_put_printable(to, row->user != NULL && row->user[0] != '\0' ? row->user : "-");
	fputs("  from ", to);
	output_put_printable(to, row->client != NULL ? row->client : "-");
	if (session_level_field(result->level, session_columns[2]) != NULL)
		fprintf(to, "  opens %u", (unsigned)row->num_opens);
	if (row->user_flags != 0)
		fprintf(to, "  %s", output_user_flags_text(row->user_flags, ',', flags));
	fputc('\n', to);
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
