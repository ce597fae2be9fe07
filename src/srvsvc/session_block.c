/* SPDX-License-Identifier: MIT */
#include "srvsvc/session_block.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <lmshare.h>
#include "base/large_pages.h"
#include "base/size.h"
#include "base/text.h"

/* The slot of a text is a pointer in the finished block, and an offset before. */
_Static_assert(sizeof(uintptr_t) == sizeof(LPWSTR), "an offset must fit a pointer's slot");

static char *session_block_reserve(struct session_block *b, size_t bytes)
{
	char *at;

	if (b->max_bytes != 0 && bytes > b->max_bytes - b->used) {
		b->is_over = true;
		return NULL;
	}
	if (b->cap - b->used < bytes) {
		size_t cap = b->cap > 0 ? b->cap : 1024;
		char *data;

		while (cap - b->used < bytes && cap <= SIZE_MAX / 2)
			cap *= 2;
		data = cap - b->used < bytes ? NULL : realloc(b->data, cap);
		if (data == NULL)
			return NULL;
		large_pages_prefer(data, cap);
		b->data = data;
		b->cap = cap;
	}
	at = b->data + b->used;
	b->used += bytes;
	return at;
}

bool session_block_add_entry(struct session_block *b, const uint32_t words[])
{
	char *info = session_block_reserve(b, b->level->info_bytes);

	if (info == NULL)
		return false;
	memset(info, 0, b->level->info_bytes);
	for (size_t i = 0; i < b->level->field_count; i++) {
		const struct session_field *f = &b->level->fields[i];

		if (f->kind == SESSION_CELL_U32)
			memcpy(info + f->in_info, &words[i], sizeof words[i]);
		else
			session_block_slot_set(info + f->in_info, words[i] != 0
			                                                  ? SESSION_SLOT_TO_COME
			                                                  : SESSION_SLOT_NONE);
	}
	b->entries++;
	return true;
}

WCHAR *session_block_extend(struct session_block *b, size_t units)
{
	return (WCHAR *)(void *)session_block_reserve(b, sizeof(WCHAR) * units);
}

void *session_block_finish(struct session_block *b)
{
	char *data;

	if (b->entries == 0) {
		session_block_fini(b);
		return NULL;
	}
	data = realloc(b->data, b->used);
	if (data != NULL)
		b->data = data;
	for (uint32_t entry = 0; entry < b->entries; entry++)
		for (size_t i = 0; i < b->level->field_count; i++) {
			char *slot = session_block_slot(b, entry, i);

			if (b->level->fields[i].kind != SESSION_CELL_TEXT ||
			    session_block_slot_get(slot) == SESSION_SLOT_NONE)
				continue;
			assert(session_block_slot_get(slot) != SESSION_SLOT_TO_COME);
			session_block_slot_set(slot,
			                       (uintptr_t)(b->data + session_block_slot_get(slot)));
		}
	data = b->data;
	*b = (struct session_block){ .level = b->level };
	return data;
}

void session_block_fini(struct session_block *b)
{
	free(b->data);
	*b = (struct session_block){ .level = b->level };
}

/* A text's slot is a pointer, or in an unfinished block an offset from base. */
static const WCHAR *session_block_info_text(const char *base, const struct session_field *f,
                                            const char *info)
{
	uintptr_t slot = session_block_slot_get(info + f->in_info);

	if (slot == SESSION_SLOT_NONE)
		return NULL;
	return base != NULL ? (const WCHAR *)(const void *)(base + slot) : (const WCHAR *)slot;
}

/* base: NULL if texts are pointers. */
static bool session_block_read_row(const struct session_level *level, const char *base,
                                   const char *info, struct netsession_row *row, char **scratch,
                                   size_t *scratch_bytes)
{
	size_t needed = 0;
	char *at;

	for (size_t i = 0; i < level->field_count; i++)
		if (level->fields[i].kind == SESSION_CELL_TEXT &&
		    session_block_info_text(base, &level->fields[i], info) != NULL)
			needed += text_utf8_bound(
				session_block_info_text(base, &level->fields[i], info));
	if (needed > *scratch_bytes) {
		size_t room = size_multiply(2, needed);
		char *grown = realloc(*scratch, room);

		if (grown == NULL)
			return false;
		*scratch = grown;
		*scratch_bytes = room;
	}
	*row = (struct netsession_row){ 0 };
	at = *scratch;
	for (size_t i = 0; i < level->field_count; i++) {
		const struct session_field *f = &level->fields[i];
		char *cell = (char *)row + f->in_row;

		if (f->kind == SESSION_CELL_U32) {
			memcpy(cell, info + f->in_info, sizeof(uint32_t));
		} else if (session_block_info_text(base, f, info) != NULL) {
			memcpy(cell, &at, sizeof at);
			at = text_utf8_from_utf16(at, session_block_info_text(base, f, info));
		}
	}
	return true;
}

bool session_block_row(const struct session_block *b, uint32_t entry, struct netsession_row *row,
                       char **scratch, size_t *scratch_bytes)
{
	return session_block_read_row(b->level, b->data, b->data + b->level->info_bytes * entry,
	                              row, scratch, scratch_bytes);
}

bool session_infos_row(const struct session_level *level, const void *infos, uint32_t entry,
                       struct netsession_row *row, char **scratch, size_t *scratch_bytes)
{
	return session_block_read_row(level, NULL, (const char *)infos + level->info_bytes * entry,
	                              row, scratch, scratch_bytes);
}

static size_t session_field_bytes(const struct session_field *f)
{
	return f->kind == SESSION_CELL_TEXT ? sizeof(LPWSTR) : sizeof(uint32_t);
}

void session_infos_reduce(const struct session_level *from, void *infos, uint32_t entries,
                          const struct session_level *to)
{
	/* In place: an entry that is written is no longer than those that were read. */
	for (uint32_t entry = 0; entry < entries; entry++) {
		const char *old = (const char *)infos + from->info_bytes * entry;
		char info[sizeof(SESSION_INFO_502)] = { 0 };

		for (size_t i = 0; i < to->field_count; i++) {
			const struct session_field *source =
				session_level_field(from, to->fields[i].column);

			assert(source != NULL && to->info_bytes <= from->info_bytes);
			memcpy(info + to->fields[i].in_info, old + source->in_info,
			       session_field_bytes(source));
		}
		memcpy((char *)infos + to->info_bytes * entry, info, to->info_bytes);
	}
}

void session_infos_move(const struct session_level *level, void *infos, uint32_t to, uint32_t from)
{
	char *base = infos;

	memmove(base + level->info_bytes * to, base + level->info_bytes * from, level->info_bytes);
}

void session_infos_clear_unknown(const struct session_level *level, void *infos, uint32_t entries,
                                 bool texts)
{
	static WCHAR empty[] = { 0 };

	for (uint32_t entry = 0; entry < entries; entry++)
		for (size_t i = 0; i < level->field_count; i++) {
			const struct session_field *f = &level->fields[i];
			char *cell = (char *)infos + level->info_bytes * entry + f->in_info;
			uint32_t number;

			if (f->kind == SESSION_CELL_TEXT) {
				if (texts && session_block_slot_get(cell) == SESSION_SLOT_NONE)
					session_block_slot_set(cell, (uintptr_t)empty);
				continue;
			}
			memcpy(&number, cell, sizeof number);
			if (number == NETSESSION_UNKNOWN ||
			    (f->column->unit == SESSION_UNIT_SECONDS && number > INT32_MAX))
				memset(cell, 0, sizeof number);
		}
}
