/* SPDX-License-Identifier: MIT */
/* The output formats of sessions and of their events, and how a member of a session is shown. */
#ifndef NETSESSION_OUTPUT_H
#define NETSESSION_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>
#include "results.h"

struct output_format {
	const char *name;
	/* Writes all results. Returns false if memory ran out. */
	bool (*write)(FILE *to, const struct server_result results[], size_t count);
	bool streams; /* each result can be written by itself, in any order */
};

/* An event is what happened to a session: at is its time, event its name. */
struct output_event_format {
	const char *name;
	void (*write)(FILE *to, const char *at, const char *event,
	              const struct server_result *result, const struct netsession_row *row);
};

/* Before any output is made: from then on, JSON that lacks memory for a part of it is a failure. */
void output_init(void);

/* The names of the formats by index; NULL behind the last one. */
const char *output_format_name(size_t index);
const char *output_event_format_name(size_t index);

/* name is that of a format. */
const struct output_format *output_format_find(const char *name);
const struct output_event_format *output_event_format_find(const char *name);

#endif
