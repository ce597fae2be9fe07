/* SPDX-License-Identifier: MIT */
/* The block that NetSessionEnum gives to its caller: SESSION_INFO_<level>[] with the texts behind
 * it, in one allocation. The block is built while the answer arrives, and grows by doubling. */
#ifndef SRVSVC_SESSION_BLOCK_H
#define SRVSVC_SESSION_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <windows.h>
#include "srvsvc/session_levels.h"

/* What the slot of a text holds in a block that is being built, which moves as it grows: the offset
 * of the text, or one of these. */
enum { SESSION_SLOT_NONE = 0, SESSION_SLOT_TO_COME = 1 };

struct session_block {
	const struct session_level *level;
	char *data;
	size_t used, cap; /* bytes */
	size_t max_bytes; /* that may be used; 0: any number */
	bool is_over;     /* more than that were wanted */
	uint32_t entries;
};

/* Appends an entry. words has a number for each field in wire order; for a text, a number other
 * than 0 says that the text follows. All entries must come before the first text. False: out of
 * memory, or over max_bytes. */
bool session_block_add_entry(struct session_block *b, const uint32_t words[]);

static inline char *session_block_slot(const struct session_block *b, uint32_t entry, size_t field)
{
	return b->data + b->level->info_bytes * entry + b->level->fields[field].in_info;
}

static inline uintptr_t session_block_slot_get(const char *slot)
{
	uintptr_t value;

	memcpy(&value, slot, sizeof value);
	return value;
}

static inline void session_block_slot_set(char *slot, uintptr_t value)
{
	memcpy(slot, &value, sizeof value);
}

/* Whether the text of this entry and field has still to arrive. */
static inline bool session_block_expects_text(const struct session_block *b, uint32_t entry,
                                              size_t field)
{
	return b->level->fields[field].kind == SESSION_CELL_TEXT &&
	       session_block_slot_get(session_block_slot(b, entry, field)) == SESSION_SLOT_TO_COME;
}

/* Begins that text at the end of the block; session_block_extend appends its units. */
static inline void session_block_begin_text(struct session_block *b, uint32_t entry, size_t field)
{
	session_block_slot_set(session_block_slot(b, entry, field), b->used);
}

/* Appends room for so many units to the block, and returns it; NULL: out of memory, or over
 * max_bytes. */
WCHAR *session_block_extend(struct session_block *b, size_t units);

/* Sets numbers of the entries that are not known to 0: NETSESSION_UNKNOWN, and times that no
 * session can have. With texts, also sets texts that are NULL to a static empty one. */
void session_infos_clear_unknown(const struct session_level *level, void *infos, uint32_t entries,
                                 bool texts);

/* Reads an entry whose texts have all arrived, as session_infos_row does. */
bool session_block_row(const struct session_block *b, uint32_t entry, struct netsession_row *row,
                       char **scratch, size_t *scratch_bytes);

/* Turns offsets into pointers and gives the block, which is no longer than needed, to be freed with
 * free. NULL: there is no entry. Afterwards b is empty. */
void *session_block_finish(struct session_block *b);
void session_block_fini(struct session_block *b);

/* Reads an entry of a finished block into row. The texts of row are written to *scratch, a
 * malloc'ed buffer of *scratch_bytes, which grows as needed. False: out of memory. */
bool session_infos_row(const struct session_level *level, const void *infos, uint32_t entry,
                       struct netsession_row *row, char **scratch, size_t *scratch_bytes);

/* Turns a finished block of level from into a block of level to, whose members from must have. */
void session_infos_reduce(const struct session_level *from, void *infos, uint32_t entries,
                          const struct session_level *to);

/* Overwrites entry to of a finished block with entry from, as a filter does to close gaps. */
void session_infos_move(const struct session_level *level, void *infos, uint32_t to, uint32_t from);

#endif
