/* SPDX-License-Identifier: MIT */
/* The five levels of SESSION_INFO, described once: what crosses the wire in which order, where
 * each member lies in Windows' struct and in ours, and how people see it. Encoding, decoding,
 * packing and columns all follow from this table. */
#ifndef SRVSVC_SESSION_LEVELS_H
#define SRVSVC_SESSION_LEVELS_H

#include <netsession.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum session_cell_kind { SESSION_CELL_TEXT, SESSION_CELL_U32 };
enum session_unit { SESSION_UNIT_NONE, SESSION_UNIT_SECONDS, SESSION_UNIT_USER_FLAGS };

struct session_column {
	const char *heading; /* of a table for people */
	const char *key;     /* for programs: JSON, CSV */
	enum session_unit unit;
};

struct session_field {
	const struct session_column *column;
	enum session_cell_kind kind;
	size_t in_info, in_row; /* byte offsets: SESSION_INFO_<level>, struct netsession_row */
};

struct session_level {
	uint32_t number;
	size_t info_bytes;                  /* of one SESSION_INFO_<level> */
	const struct session_field *fields; /* in wire order */
	size_t field_count;                 /* at most SESSION_LEVEL_MAX_FIELDS */
};

#define SESSION_LEVEL_MAX_FIELDS 8
#define SESSION_LEVEL_COUNT      5

extern const struct session_level session_levels[SESSION_LEVEL_COUNT];

/* The levels from the richest to the poorest, as NETSESSION_LEVEL_AUTO tries them. */
extern const uint32_t session_levels_richest_first[SESSION_LEVEL_COUNT];

/* All columns, in the order in which people read them. */
extern const struct session_column *const session_columns[SESSION_LEVEL_MAX_FIELDS];

/* NULL: there is no such level. */
const struct session_level *session_level_find(uint32_t number);

/* The field that fills a column at this level; NULL: it lacks it. */
const struct session_field *session_level_field(const struct session_level *level,
                                                const struct session_column *column);

/* Clears the members that a level lacks. */
void session_row_reduce(struct netsession_row *row, const struct session_level *level);

/* One member of a row, by its kind. */
const char *session_row_text(const struct netsession_row *row, const struct session_field *field);
uint32_t session_row_u32(const struct netsession_row *row, const struct session_field *field);

/* Where an encoder gets its rows from: a table, an array, whatever can give them one by one and
 * once more from the first. */

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
