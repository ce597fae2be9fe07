/* SPDX-License-Identifier: MIT */
/* Inside output: what each format is written by, and how a member of a session is shown. */
#ifndef NETSESSION_OUTPUT_FORMS_H
#define NETSESSION_OUTPUT_FORMS_H

#include <stdio.h>
#include <jansson.h>
#include "results.h"
#include "swept_host.h"

bool output_write_table(FILE *to, const struct server_result results[], size_t count);
bool output_write_json(FILE *to, const struct server_result results[], size_t count);
bool output_write_jsonl(FILE *to, const struct server_result results[], size_t count);
bool output_write_csv(FILE *to, const struct server_result results[], size_t count);
void output_write_event_text(FILE *to, const char *at, const char *event,
                             const struct server_result *result, const struct netsession_row *row);
void output_write_event_jsonl(FILE *to, const char *at, const char *event,
                              const struct server_result *result, const struct netsession_row *row);

/* Hosts of a sweep. JSON Lines has a line for each session, then one for the host, and in the end
 * the summary, which the other formats lack or have in their own way. */
bool output_write_host_jsonl(FILE *to, const struct swept_host *host);
bool output_write_host_json(FILE *to, const struct swept_host *host, bool is_first);
bool output_write_host_csv(FILE *to, const struct swept_host *host, bool is_first);
bool output_write_summary_jsonl(FILE *to, const struct sweep_counts *counts, const char *end);
/* is_first: there was no host. */
bool output_write_summary_json(FILE *to, const struct sweep_counts *counts, const char *end,
                               bool is_first);

/* A string of JSON; its text is escaped as that of a message if it is not UTF-8. */
json_t *output_json_text(const char *text);

/* The object of a line of JSON Lines, which has the version of docs/json-schema.json. */
json_t *output_json_line(void);

/* Writes JSON, escaped (base/escape.h), and a newline. flags: those of jansson. Takes value; NULL:
 * out of memory. Returns false if it could not be written. */
bool output_json_write_line(FILE *to, json_t *value, size_t flags);

/* Whether that has failed; then errno says why. */
bool output_json_has_failed(void);

/* The names of user_flags, [MS-SRVS] 2.2.4.12, with separator between them; "" for none. A bit
 * without a name is shown as a number. Fills text and returns it. */
const char *output_user_flags_text(uint32_t user_flags, char separator, char text[64]);

#endif
