/* SPDX-License-Identifier: MIT */
#include "srvsvc/session_levels.h"

#include <lmshare.h>
#include <string.h>
#include <windows.h>
#include "base/text.h"

/* clang-format off */
static const struct session_column
	column_client      = { "CLIENT",    "client",         SESSION_UNIT_NONE, false },
	column_user        = { "USER",      "user",           SESSION_UNIT_NONE, false },
	column_num_opens   = { "OPENS",     "num_opens",      SESSION_UNIT_NONE, false },
	column_active_s    = { "ACTIVE",    "active_seconds", SESSION_UNIT_SECONDS, false },
	column_idle_s      = { "IDLE",      "idle_seconds",   SESSION_UNIT_SECONDS, false },
	column_user_flags  = { "FLAGS",     "user_flags",     SESSION_UNIT_USER_FLAGS, false },
	column_client_type = { "TYPE",      "client_type",    SESSION_UNIT_NONE, false },
	column_transport   = { "TRANSPORT", "transport",      SESSION_UNIT_NONE, true };

const struct session_column *const session_columns[SESSION_LEVEL_MAX_FIELDS] = {
	&column_client, &column_user,       &column_num_opens,   &column_active_s,
	&column_idle_s, &column_user_flags, &column_client_type, &column_transport,
};

#define KIND_OF(lvalue) \
	_Generic((lvalue), \
		LMSTR: SESSION_CELL_TEXT, const char *: SESSION_CELL_TEXT, \
		DWORD: SESSION_CELL_U32)

/* value; does not compile unless a and b are of one kind. */
#define IF_SAME_KIND(a, b, value) \
	((value) + 0 * sizeof(struct { \
		_Static_assert(KIND_OF(a) == KIND_OF(b), "member and column differ in type"); \
		char unused; \
	}))

/* A member of SESSION_INFO_n, with the member of a row and the column that have its name. */
#define FIELD(INFO, MEMBER, NAME) \
	{ \
		.column = &column_##NAME, .kind = KIND_OF(((INFO *)0)->MEMBER), \
		.in_info = offsetof(INFO, MEMBER), \
		.in_row = IF_SAME_KIND(((INFO *)0)->MEMBER, ((struct netsession_row *)0)->NAME, \
		                       offsetof(struct netsession_row, NAME)) \
	}

static const struct session_field fields_0[] = { /* [MS-SRVS] 2.2.4.11 */
	FIELD(SESSION_INFO_0, sesi0_cname, client),
};

static const struct session_field fields_1[] = { /* [MS-SRVS] 2.2.4.12 */
	FIELD(SESSION_INFO_1, sesi1_cname, client),
	FIELD(SESSION_INFO_1, sesi1_username, user),
	FIELD(SESSION_INFO_1, sesi1_num_opens, num_opens),
	FIELD(SESSION_INFO_1, sesi1_time, active_s),
	FIELD(SESSION_INFO_1, sesi1_idle_time, idle_s),
	FIELD(SESSION_INFO_1, sesi1_user_flags, user_flags),
};

static const struct session_field fields_2[] = { /* [MS-SRVS] 2.2.4.13 */
	FIELD(SESSION_INFO_2, sesi2_cname, client),
	FIELD(SESSION_INFO_2, sesi2_username, user),
	FIELD(SESSION_INFO_2, sesi2_num_opens, num_opens),
	FIELD(SESSION_INFO_2, sesi2_time, active_s),
	FIELD(SESSION_INFO_2, sesi2_idle_time, idle_s),
	FIELD(SESSION_INFO_2, sesi2_user_flags, user_flags),
	FIELD(SESSION_INFO_2, sesi2_cltype_name, client_type),
};

static const struct session_field fields_10[] = { /* [MS-SRVS] 2.2.4.14 */
	FIELD(SESSION_INFO_10, sesi10_cname, client),
	FIELD(SESSION_INFO_10, sesi10_username, user),
	FIELD(SESSION_INFO_10, sesi10_time, active_s),
	FIELD(SESSION_INFO_10, sesi10_idle_time, idle_s),
};

static const struct session_field fields_502[] = { /* [MS-SRVS] 2.2.4.15 */
	FIELD(SESSION_INFO_502, sesi502_cname, client),
	FIELD(SESSION_INFO_502, sesi502_username, user),
	FIELD(SESSION_INFO_502, sesi502_num_opens, num_opens),
	FIELD(SESSION_INFO_502, sesi502_time, active_s),
	FIELD(SESSION_INFO_502, sesi502_idle_time, idle_s),
	FIELD(SESSION_INFO_502, sesi502_user_flags, user_flags),
	FIELD(SESSION_INFO_502, sesi502_cltype_name, client_type),
	FIELD(SESSION_INFO_502, sesi502_transport, transport),
};

#define LEVEL(N) \
	{ N, sizeof(SESSION_INFO_##N), fields_##N, sizeof fields_##N / sizeof *fields_##N }

const struct session_level session_levels[SESSION_LEVEL_COUNT] = {
	LEVEL(0), LEVEL(1), LEVEL(2), LEVEL(10), LEVEL(502),
};

/* clang-format on */

const uint32_t session_levels_richest_first[SESSION_LEVEL_COUNT] = { 502, 2, 1, 10, 0 };

const struct session_level *session_level_find(uint32_t number)
{
	for (size_t i = 0; i < SESSION_LEVEL_COUNT; i++)
		if (session_levels[i].number == number)
			return &session_levels[i];
	return NULL;
}

const struct session_field *session_level_field(const struct session_level *level,
                                                const struct session_column *column)
{
	for (size_t i = 0; i < level->field_count; i++)
		if (level->fields[i].column == column)
			return &level->fields[i];
	return NULL;
}

void session_row_reduce(struct netsession_row *row, const struct session_level *level)
{
	struct netsession_row reduced = { 0 };

	for (size_t i = 0; i < level->field_count; i++) {
		const struct session_field *f = &level->fields[i];

		memcpy((char *)&reduced + f->in_row, (const char *)row + f->in_row,
		       f->kind == SESSION_CELL_TEXT ? sizeof row->client : sizeof row->active_s);
	}
	*row = reduced;
}

static void clear_unknown_number(uint32_t *number)
{
	if (*number == NETSESSION_UNKNOWN)
		*number = 0;
}

static void clear_unknown_text(const char **text)
{
	if (*text == NULL)
		*text = "";
}

void session_row_clear_unknown(struct netsession_row *row)
{
	clear_unknown_text(&row->client);
	clear_unknown_text(&row->user);
	clear_unknown_text(&row->client_type);
	clear_unknown_text(&row->transport);
	clear_unknown_number(&row->num_opens);
	clear_unknown_number(&row->active_s);
	clear_unknown_number(&row->idle_s);
	clear_unknown_number(&row->user_flags);
}

static void mark_unknown_time(uint32_t *seconds)
{
	if (*seconds > INT32_MAX)
		*seconds = NETSESSION_UNKNOWN;
}

void session_row_mark_unknown(struct netsession_row *row)
{
	mark_unknown_time(&row->active_s);
	mark_unknown_time(&row->idle_s);
}

bool session_row_is_unknown(const struct netsession_row *row, const struct session_field *field)
{
	const char *text;

	if (field->kind == SESSION_CELL_U32)
		return session_row_u32(row, field) == NETSESSION_UNKNOWN;
	text = session_row_text(row, field);
	return text == NULL || (text[0] == '\0' && field->column->is_unknown_if_empty);
}

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

size_t session_row_info_bytes(const struct session_level *level, const struct netsession_row *row)
{
	size_t bytes = level->info_bytes;

	for (size_t i = 0; i < level->field_count; i++)
		if (level->fields[i].kind == SESSION_CELL_TEXT) {
			const char *text = session_row_text(row, &level->fields[i]);

			if (text != NULL)
				bytes += sizeof(WCHAR) * (text_utf16_units(text) + 1);
		}
	return bytes;
}

size_t session_row_wire_bytes(const struct session_level *level, size_t info_bytes)
{
	size_t bytes = info_bytes - level->info_bytes;

	/* A number or a pointer for each field; three counts before a text, padding behind it. */
	for (size_t i = 0; i < level->field_count; i++)
		bytes += level->fields[i].kind == SESSION_CELL_TEXT ? 4 + 3 * 4 + 3 : 4;
	return bytes;
}
