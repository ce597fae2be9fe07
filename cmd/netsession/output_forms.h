/* SPDX-License-Identifier: MIT */
/* Inside output: what each format is written by, and how a member of a session is shown. */
#ifndef NETSESSION_OUTPUT_FORMS_H
#define NETSESSION_OUTPUT_FORMS_H

#include <stdio.h>
#include "results.h"

bool output_write_table(FILE *to, const struct server_result results[], size_t count);
bool output_write_json(FILE *to, const struct server_result results[], size_t count);
bool output_write_jsonl(FILE *to, const struct server_result results[], size_t count);
bool output_write_csv(FILE *to, const struct server_result results[], size_t count);
void output_write_event_text(FILE *to, const char *at, const char *event,
                             const struct server_result *result, const struct netsession_row *row);
void output_write_event_jsonl(FILE *to, const char *at, const char *event,
                              const struct server_result *result, const struct netsession_row *row);

/* Steps over one character of text, which is UTF-8 from elsewhere, and returns what to show of it:
 * *bytes bytes. A control character must not reach the terminal: a '?' is shown instead. */
const char *output_next_printable(const char **text, size_t *bytes);
void output_put_printable(FILE *to, const char *text);
/* The same, as the end of a line. */
void output_end_line(FILE *to, const char *text);

/* The names of user_flags, [MS-SRVS] 2.2.4.12, with separator between them; "" for none. A bit
 * without a name is shown as a number. Fills text and returns it. */
const char *output_user_flags_text(uint32_t user_flags, char separator, char text[64]);

#endif
