/* SPDX-License-Identifier: MIT */
/* The five levels of SESSION_INFO, described once: which members cross the wire in which order,
 * where each member stands in Windows' struct and in struct netsession_row, and under which heading
 * it is shown. Encoding, decoding, blocks and columns all follow from this table. */
#ifndef SRVSVC_SESSION_LEVELS_H
#define SRVSVC_SESSION_LEVELS_H

#include <netsession.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum session_cell_kind { SESSION_CELL_TEXT, SESSION_CELL_U32 };
enum session_unit { SESSION_UNIT_NONE, SESSION_UNIT_SECONDS, SESSION_UNIT_USER_FLAGS };

struct session_column {
	const char *heading; /* in a table for people */
	const char *key;     /* in output for programs: JSON, CSV */
	enum session_unit unit;
	bool is_unknown_if_empty; /* of texts */
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

/* The levels in the order in which NETSESSION_LEVEL_AUTO tries them: those with most members first.
 */
extern const uint32_t session_levels_richest_first[SESSION_LEVEL_COUNT];

/* All columns, in the order in which people read them, and their places there. */
extern const struct session_column *const session_columns[SESSION_LEVEL_MAX_FIELDS];
enum { SESSION_COLUMN_USER = 1, SESSION_COLUMN_OPENS = 2, SESSION_COLUMN_ACTIVE = 3 };

/* NULL: the level does not exist. */
const struct session_level *session_level_find(uint32_t number);

/* Returns the field of level that fills column; NULL: the level has none. */
const struct session_field *session_level_field(const struct session_level *level,
                                                const struct session_column *column);

/* Clears the members of row that level does not have. */
void session_row_reduce(struct netsession_row *row, const struct session_level *level);

/* Sets numbers that are not known to 0 and texts to "", which is what servers send for them: a
 * DWORD cannot say that nothing is known, and Windows' callers show and add up whatever is there.
 */
void session_row_clear_unknown(struct netsession_row *row);
/* Sets times that no session can have, such as Samba's 4294967295 s of a session that has just
 * begun, to NETSESSION_UNKNOWN. */
void session_row_mark_unknown(struct netsession_row *row);
/* Whether the value of field is not known. Client, user and client type may be empty, and all
 * client types are since Windows Vista; a transport has a name. */
bool session_row_is_unknown(const struct netsession_row *row, const struct session_field *field);

/* The value of a field, by its kind. */
static inline const char *session_row_text(const struct netsession_row *row,
                                           const struct session_field *field)
{
	return *(const char *const *)((const char *)row + field->in_row);
}

static inline uint32_t session_row_u32(const struct netsession_row *row,
                                       const struct session_field *field)
{
	return *(const uint32_t *)((const char *)row + field->in_row);
}

/* ---- rows ---- */

/* A source of rows for the encoder, such as an array or the session table. */
struct session_rows {
	/* Gives the next row, whose texts are borrowed until the next call. False: there is none.
	 */
	bool (*next)(void *context, struct netsession_row *row);
	/* Goes back to the first row. The same rows follow again. */
	void (*rewind)(void *context);
	void *context;
};

/* An array of rows, borrowed as long as a source made of it is used. */
struct session_row_array {
	const struct netsession_row *rows;
	uint32_t count;
	uint32_t at; /* index of the next row */
};

/* Keeps array. */
struct session_rows session_rows_of_array(struct session_row_array *array);

/* The bytes that a row takes in the block of NetSessionEnum: its SESSION_INFO_<level> and its texts
 * in UTF-16 with terminators. PreferedMaximumLength counts these bytes. */
size_t session_row_info_bytes(const struct session_level *level, const struct netsession_row *row);
/* The bytes that a row of so many takes in the stub of an answer, at most. */
size_t session_row_wire_bytes(const struct session_level *level, size_t info_bytes);

#endif
