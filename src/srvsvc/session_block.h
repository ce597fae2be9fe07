/* SPDX-License-Identifier: MIT */
/* The one block of an answer as Windows callers get it: SESSION_INFO_<level>[], and the strings
 * behind it. It is built while the answer arrives, grows by doubling, and no string is allocated
 * for itself. */
#ifndef SRVSVC_SESSION_BLOCK_H
#define SRVSVC_SESSION_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <windows.h>
#include "srvsvc/session_levels.h"

/* While it is built, the slot of a text holds its offset in the block, since the block moves as
 * it grows: 0 for none, 1 for one that is still to come. */
struct session_block {
	const struct session_level *level;
	char *data;
	size_t used, cap; /* bytes */
	uint32_t entries;
};

/* Each of these returns false when memory ran out. */

/* Appends an entry: one number for each field in wire order, a text's being non-zero when the
 * text will follow. All entries come before the first text. */
bool session_block_add_entry(struct session_block *b, const uint32_t words[]);

/* Whether the text of this entry and field is to come. */
bool session_block_expects_text(const struct session_block *b, uint32_t entry, size_t field);

/* Begins that text at the block's end; units are appended by session_block_extend. */
void session_block_begin_text(struct session_block *b, uint32_t entry, size_t field);

/* Room for count more units at the end, which become part of the block; NULL: out of memory. */
WCHAR *session_block_extend(struct session_block *b, size_t units);

/* Reads an entry all of whose texts are there, as session_infos_row does. */
bool session_block_row(const struct session_block *b, uint32_t entry, struct netsession_row *row,
                       char **scratch, size_t *scratch_bytes);

/* Makes pointers of the offsets and gives the block, at its own size. NULL when there is no
 * entry. b is empty afterwards. */
void *session_block_finish(struct session_block *b);
void session_block_fini(struct session_block *b);

/* Reads a finished block: entry as a row. The texts are written to *scratch, a malloc'ed buffer
 * of *scratch_bytes that grows as needed. False: out of memory. */
bool session_infos_row(const struct session_level *level, const void *infos, uint32_t entry,
                       struct netsession_row *row, char **scratch, size_t *scratch_bytes);

/* Makes a finished block one of another level, all of whose members it has: to's are kept. */
void session_infos_reduce(const struct session_level *from, void *infos, uint32_t entries,
                          const struct session_level *to);

/* Overwrites one entry of a finished block with another one: how a filter closes its gaps. */
void session_infos_move(const struct session_level *level, void *infos, uint32_t to, uint32_t from);

#endif
