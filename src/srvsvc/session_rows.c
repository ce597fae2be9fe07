/* SPDX-License-Identifier: MIT */
#include "srvsvc/session_rows.h"

#include <windows.h>
#include "base/text.h"

static bool session_row_array_next(void *context, struct netsession_row *row)
{
	struct session_row_array *array = context;

	if (array->at == array->count)
		return false;
	*row = array->rows[array->at++];
	return true;
}

static void session_row_array_rewind(void *context)
{
	struct session_row_array *array = context;

	array->at = 0;
}

struct session_rows session_rows_of_array(struct session_row_array *array)
{
	return (struct session_rows){ session_row_array_next, session_row_array_rewind, array };
}

/* An entry's own bytes, and its texts' with so many around each. */
static size_t session_row_bytes(const struct session_level *level, const struct netsession_row *row,
                                size_t entry_bytes, size_t around_text)
{
	size_t bytes = entry_bytes;

	for (size_t i = 0; i < level->field_count; i++)
		if (level->fields[i].kind == SESSION_CELL_TEXT) {
			const char *text = session_row_text(row, &level->fields[i]);

			if (text != NULL)
				bytes += sizeof(WCHAR) * (text_utf16_units(text) + 1) + around_text;
		}
	return bytes;
}

size_t session_row_info_bytes(const struct session_level *level, const struct netsession_row *row)
{
	return session_row_bytes(level, row, level->info_bytes, 0);
}

size_t session_row_wire_bytes(const struct session_level *level, const struct netsession_row *row)
{
	/* A number or a pointer for each field; three counts before a text, padding behind it. */
	return session_row_bytes(level, row, 4 * level->field_count, 3 * 4 + 3);
}
