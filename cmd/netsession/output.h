/* SPDX-License-Identifier: MIT */
/* The forms in which results are written, and how a member of a session is shown. */
#ifndef NETSESSION_OUTPUT_H
#define NETSESSION_OUTPUT_H

#include <stdio.h>
#include "results.h"

struct output_format {
	const char *name;
	/* Writes all results. False: out of memory. */
	bool (*write)(FILE *to, const struct server_result results[], size_t count);
};

/* NULL: there is no such format. */
const struct output_format *output_format_find(const char *name);

bool output_write_table(FILE *to, const struct server_result results[], size_t count);
bool output_write_json(FILE *to, const struct server_result results[], size_t count);
bool output_write_jsonl(FILE *to, const struct server_result results[], size_t count);
bool output_write_csv(FILE *to, const struct server_result results[], size_t count);

/* One thing that happened to a session: at is a time, event its name. */
void output_write_event_text(FILE *to, const char *at, const char *event,
                             const struct server_result *result, const struct netsession_row *row);
void output_write_event_jsonl(FILE *to, const char *at, const char *event,
                              const struct server_result *result, const struct netsession_row *row);

/* Writes a text that comes from elsewhere: it must not steer the terminal, and its controls are
 * shown as '?'. */
void output_put_printable(FILE *to, const char *text);

/* The names of user_flags, [MS-SRVS] 2.2.4.12, with separator between them; "" for none.
 * A bit without a name is shown as a number. */
const char *output_user_flags_text(uint32_t user_flags, char separator, char text[64]);

#endif
