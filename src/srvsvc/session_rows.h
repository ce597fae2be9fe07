/* SPDX-License-Identifier: MIT */
/* Where an encoder gets its rows from: a table, an array, whatever can give them one by one and
 * once more from the first. */
#ifndef SRVSVC_SESSION_ROWS_H
#define SRVSVC_SESSION_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "srvsvc/session_levels.h"

struct session_rows {
	/* The next row; its texts are borrowed until the next call. False: there is none. */
	bool (*next)(void *context, struct netsession_row *row);
	/* Back before the first one. The same rows come again. */
	void (*rewind)(void *context);
	void *context;
};

/* The rows of an array. rows is kept as long as a source made of it is used. */
struct session_row_array {
	const struct netsession_row *rows;
	uint32_t count;
	uint32_t at; /* the next one's index */
};

/* Keeps array. */
struct session_rows session_rows_of_array(struct session_row_array *array);

/* What a row takes of the block that a caller of NetSessionEnum gets: its SESSION_INFO_<level>
 * and its texts in UTF-16 with their terminators. PreferedMaximumLength counts these bytes. */
size_t session_row_info_bytes(const struct session_level *level, const struct netsession_row *row);
/* What it takes of an answer's stub, at most. */
size_t session_row_wire_bytes(const struct session_level *level, const struct netsession_row *row);

#endif
