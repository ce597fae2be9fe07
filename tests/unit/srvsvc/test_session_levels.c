/* SPDX-License-Identifier: MIT */
/* The table of levels, and the rows and blocks that follow from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <windows.h>
#include <lmshare.h>
#include "group.h"
#include "srvsvc/session_block.h"
#include "srvsvc/session_messages.h"
#include "srvsvc/session_levels.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* [MS-SRVS] 2.2.4.11 to 2.2.4.15 once more, in the words of the columns. */
static const struct {
	uint32_t number;
	size_t info_bytes;
	const char *keys[SESSION_LEVEL_MAX_FIELDS + 1]; /* in wire order */
} expected_levels[] = {
	{ 0, sizeof(SESSION_INFO_0), { "client" } },
	{ 1,
	  sizeof(SESSION_INFO_1),
	  { "client", "user", "num_opens", "active_seconds", "idle_seconds", "user_flags" } },
	{ 2,
	  sizeof(SESSION_INFO_2),
	  { "client", "user", "num_opens", "active_seconds", "idle_seconds", "user_flags",
	    "client_type" } },
	{ 10, sizeof(SESSION_INFO_10), { "client", "user", "active_seconds", "idle_seconds" } },
	{ 502,
	  sizeof(SESSION_INFO_502),
	  { "client", "user", "num_opens", "active_seconds", "idle_seconds", "user_flags",
	    "client_type", "transport" } },
};

static const struct {
	const char *key;
	enum session_cell_kind kind;
	enum session_unit unit;
} expected_columns[] = {
	{ "client", SESSION_CELL_TEXT, SESSION_UNIT_NONE },
	{ "user", SESSION_CELL_TEXT, SESSION_UNIT_NONE },
	{ "num_opens", SESSION_CELL_U32, SESSION_UNIT_NONE },
	{ "active_seconds", SESSION_CELL_U32, SESSION_UNIT_SECONDS },
	{ "idle_seconds", SESSION_CELL_U32, SESSION_UNIT_SECONDS },
	{ "user_flags", SESSION_CELL_U32, SESSION_UNIT_USER_FLAGS },
	{ "client_type", SESSION_CELL_TEXT, SESSION_UNIT_NONE },
	{ "transport", SESSION_CELL_TEXT, SESSION_UNIT_NONE },
};

static size_t cell_bytes(const struct session_field *f)
{
	return f->kind == SESSION_CELL_TEXT ? sizeof(LMSTR) : sizeof(DWORD);
}

static void every_level_has_its_fields_in_wire_order(void **state)
{
	(void)state;
	assert_int_equal(COUNT(expected_levels), SESSION_LEVEL_COUNT);
	for (size_t i = 0; i < COUNT(expected_levels); i++) {
		const struct session_level *level = session_level_find(expected_levels[i].number);
		const char *const *key = expected_levels[i].keys;

		assert_non_null(level);
		assert_int_equal(level->number, expected_levels[i].number);
		assert_int_equal(level->info_bytes, expected_levels[i].info_bytes);
		for (size_t f = 0; f < level->field_count; f++, key++) {
			assert_non_null(*key);
			assert_string_equal(level->fields[f].column->key, *key);
		}
		assert_null(*key);
	}
}

static void no_other_level_is_found(void **state)
{
	static const uint32_t others[] = { 3, 9, 11, 100, 501, 503, 65536, NETSESSION_LEVEL_AUTO };

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++)
		assert_null(session_level_find(others[i]));
}

static void the_fields_cover_each_struct_without_gap_or_overlap(void **state)
{
	(void)state;
	for (size_t l = 0; l < SESSION_LEVEL_COUNT; l++) {
		const struct session_level *level = &session_levels[l];
		unsigned char covered[sizeof(SESSION_INFO_502)] = { 0 };

		assert_int_in_range(level->info_bytes, 1, sizeof covered);
		for (size_t f = 0; f < level->field_count; f++) {
			const struct session_field *field = &level->fields[f];

			assert_true(field->in_info + cell_bytes(field) <= level->info_bytes);
			for (size_t i = 0; i < cell_bytes(field); i++)
				covered[field->in_info + i]++;
		}
		for (size_t i = 0; i < level->info_bytes; i++)
			assert_int_equal(covered[i], 1);
	}
}

static void a_row_has_one_cell_for_each_column(void **state)
{
	const struct session_level *level = session_level_find(502);
	unsigned char covered[sizeof(struct netsession_row)] = { 0 };

	(void)state;
	for (size_t f = 0; f < level->field_count; f++)
		for (size_t i = 0; i < cell_bytes(&level->fields[f]); i++)
			covered[level->fields[f].in_row + i]++;
	for (size_t i = 0; i < sizeof covered; i++)
		assert_int_equal(covered[i], 1);
}

static void a_column_has_the_same_kind_and_cell_at_every_level(void **state)
{
	(void)state;
	assert_int_equal(COUNT(expected_columns), COUNT(session_columns));
	for (size_t c = 0; c < COUNT(session_columns); c++) {
		const struct session_column *column = session_columns[c];
		const struct session_field *richest = session_level_field(session_level_find(502),
		                                                          column);

		assert_string_equal(column->key, expected_columns[c].key);
		assert_int_equal(column->unit, expected_columns[c].unit);
		for (size_t l = 0; l < SESSION_LEVEL_COUNT; l++) {
			const struct session_field *field = session_level_field(&session_levels[l],
			                                                        column);

			if (field != NULL) {
				assert_ptr_equal(field->column, column);
				assert_int_equal(field->kind, expected_columns[c].kind);
				assert_int_equal(field->in_row, richest->in_row);
			}
		}
	}
}

static void a_level_knows_which_columns_it_lacks(void **state)
{
	(void)state;
	for (size_t l = 0; l < SESSION_LEVEL_COUNT; l++) {
		const struct session_level *level = &session_levels[l];
		size_t found = 0;

		for (size_t c = 0; c < COUNT(session_columns); c++)
			found += session_level_field(level, session_columns[c]) != NULL;
		assert_int_equal(found, level->field_count);
	}
}

static void each_level_of_the_richest_first_holds_all_of_the_next(void **state)
{
	(void)state;
	assert_int_equal(session_levels_richest_first[0], 502);
	assert_int_equal(session_levels_richest_first[SESSION_LEVEL_COUNT - 1], 0);
	for (size_t i = 1; i < SESSION_LEVEL_COUNT; i++) {
		const struct session_level *richer, *poorer;

		richer = session_level_find(session_levels_richest_first[i - 1]);
		poorer = session_level_find(session_levels_richest_first[i]);
		assert_true(richer->field_count > poorer->field_count);
		for (size_t f = 0; f < poorer->field_count; f++)
			assert_non_null(session_level_field(richer, poorer->fields[f].column));
	}
}

static WCHAR client[] = u"\\\\127.0.0.9", user[] = u"Zo\u00EB", type[] = u"Windows 10",
	     transport[] = u"\\Device\\NetbiosSmb";

/* Reads infos' one entry and checks that the row holds what its level has, and nothing else. */
static void assert_row(uint32_t level, const void *infos, const struct netsession_row *expected)
{
	struct netsession_row row;
	char *scratch = NULL;
	size_t scratch_bytes = 0;

	assert_true(session_infos_row(session_level_find(level), infos, 0, &row, &scratch,
	                              &scratch_bytes));
	for (size_t f = 0; f < SESSION_LEVEL_MAX_FIELDS; f++) {
		const struct session_field *field = &session_level_find(502)->fields[f];

		if (field->kind == SESSION_CELL_U32)
			assert_int_equal(session_row_u32(&row, field),
			                 session_row_u32(expected, field));
		else if (session_row_text(expected, field) == NULL)
			assert_null(session_row_text(&row, field));
		else
			assert_string_equal(session_row_text(&row, field),
			                    session_row_text(expected, field));
	}
	free(scratch);
}

static void a_row_has_each_member_of_its_struct(void **state)
{
	struct netsession_row row = { .client = "\\\\127.0.0.9" };

	(void)state;
	assert_row(0, &(SESSION_INFO_0){ client }, &row);
	row.user = "Zo\xC3\xAB";
	row.active_s = 4;
	row.idle_s = 5;
	assert_row(10, &(SESSION_INFO_10){ client, user, 4, 5 }, &row);
	row.num_opens = 3;
	row.user_flags = 6;
	assert_row(1, &(SESSION_INFO_1){ client, user, 3, 4, 5, 6 }, &row);
	row.client_type = "Windows 10";
	assert_row(2, &(SESSION_INFO_2){ client, user, 3, 4, 5, 6, type }, &row);
	row.transport = "\\Device\\NetbiosSmb";
	assert_row(502, &(SESSION_INFO_502){ client, user, 3, 4, 5, 6, type, transport }, &row);
}

static void a_row_keeps_missing_and_empty_texts_apart(void **state)
{
	static WCHAR empty[] = u"";

	(void)state;
	assert_row(1, &(SESSION_INFO_1){ NULL, empty, 1, 2, 3, 4 },
	           &(struct netsession_row){ NULL, "", NULL, NULL, 1, 2, 3, 4 });
	assert_row(0, &(SESSION_INFO_0){ NULL }, &(struct netsession_row){ 0 });
}

static void rows_share_a_scratch_buffer_that_only_grows(void **state)
{
	SESSION_INFO_0 infos[] = { { user }, { transport }, { user } };
	const struct session_level *level = session_level_find(0);
	struct netsession_row row;
	char *scratch = NULL;
	size_t bytes = 0, most = 0;

	(void)state;
	for (uint32_t entry = 0; entry < COUNT(infos); entry++) {
		assert_true(session_infos_row(level, infos, entry, &row, &scratch, &bytes));
		assert_ptr_equal(row.client, scratch);
		assert_true(bytes >= most);
		most = bytes;
	}
	assert_string_equal(row.client, "Zo\xC3\xAB");
	free(scratch);
}

static void move_overwrites_one_entry_with_another(void **state)
{
	SESSION_INFO_10 infos[] = {
		{ client, user, 1, 2 },
		{ user, client, 3, 4 },
		{ type, type, 5, 6 },
	};

	(void)state;
	session_infos_move(session_level_find(10), infos, 0, 1);
	assert_memory_equal(&infos[0], &infos[1], sizeof *infos);
	assert_int_equal(infos[0].sesi10_time, 3);
	assert_int_equal(infos[2].sesi10_time, 5);
	session_infos_move(session_level_find(10), infos, 2, 2);
	assert_ptr_equal(infos[2].sesi10_cname, type);
}

static void append_text(struct session_block *b, uint32_t entry, size_t field, const WCHAR *text,
                        size_t units)
{
	assert_true(session_block_expects_text(b, entry, field));
	session_block_begin_text(b, entry, field);
	memcpy(session_block_extend(b, units), text, sizeof *text * units);
	assert_false(session_block_expects_text(b, entry, field));
}

static void a_block_is_an_array_of_structs_with_its_texts_behind(void **state)
{
	struct session_block b = { .level = session_level_find(10) };
	const SESSION_INFO_10 *infos;

	(void)state;
	assert_true(session_block_add_entry(&b, (const uint32_t[]){ 1, 0, 3, 4 }));
	assert_true(session_block_add_entry(&b, (const uint32_t[]){ 0xFFFFFFFF, 7, 5, 6 }));
	assert_false(session_block_expects_text(&b, 0, 1)); /* NULL on the wire */
	assert_false(session_block_expects_text(&b, 0, 2)); /* a number */
	append_text(&b, 0, 0, client, COUNT(client));
	append_text(&b, 1, 0, user, COUNT(user));
	append_text(&b, 1, 1, type, COUNT(type));
	infos = session_block_finish(&b);
	assert_memory_equal(infos[0].sesi10_cname, client, sizeof client);
	assert_null(infos[0].sesi10_username);
	assert_memory_equal(infos[1].sesi10_cname, user, sizeof user);
	assert_memory_equal(infos[1].sesi10_username, type, sizeof type);
	assert_int_equal(infos[1].sesi10_time, 5);
	assert_int_equal(infos[1].sesi10_idle_time, 6);
	assert_ptr_equal(infos[0].sesi10_cname, &infos[2]);
	assert_null(b.data);
	free((void *)infos);
}

static void a_block_without_entries_is_null(void **state)
{
	struct session_block b = { .level = session_level_find(0) };

	(void)state;
	assert_null(session_block_finish(&b));
	session_block_fini(&b);
}

/* Linked with --wrap: the n-th allocation of the code under test can be made to fail. */
static size_t allocations, failing_allocation;

void *__real_realloc(void *block, size_t bytes);
void *__wrap_realloc(void *block, size_t bytes);
void *__real_malloc(size_t bytes);
void *__wrap_malloc(size_t bytes);

void *__wrap_realloc(void *block, size_t bytes)
{
	return ++allocations == failing_allocation ? NULL : __real_realloc(block, bytes);
}

void *__wrap_malloc(size_t bytes)
{
	return ++allocations == failing_allocation ? NULL : __real_malloc(bytes);
}

/* Decodes sessions entries at level 502 while the n-th allocation fails. */
static NET_API_STATUS decode_many(uint32_t sessions, size_t n)
{
	struct session_enum_answer answer = { .level = 502, .entries = sessions };
	struct netsession_row *rows = calloc(sessions, sizeof *rows);
	struct session_row_array array = { rows, sessions, 0 };
	const struct session_rows source = session_rows_of_array(&array);
	struct session_enum_decoder d;
	struct wire_writer stub = { 0 };
	struct ndr_writer w;
	NET_API_STATUS status;
	void *infos;

	for (uint32_t i = 0; i < sessions; i++)
		rows[i] = (struct netsession_row){ "127.0.0.1", "root", "", "", 0, 4, 5, 0 };
	ndr_writer_init(&w, &stub);
	session_enum_answer_encode(&w, &answer, &source);
	session_enum_decoder_init(&d, session_level_find(502));
	allocations = 0;
	failing_allocation = n;
	session_enum_decoder_feed(&d, stub.data, stub.len, false);
	status = session_enum_decoder_finish(&d, &answer, &infos);
	failing_allocation = 0;
	session_enum_decoder_fini(&d);
	free(infos);
	free(rows);
	wire_writer_fini(&stub);
	return status;
}

static void texts_have_no_allocations_of_their_own(void **state)
{
	(void)state;
	assert_int_equal(decode_many(130, 0), NERR_Success);
	assert_int_in_range(allocations, 1, 8); /* doubling from 1 KiB on, then the exact size */
	assert_int_equal(decode_many(130000, 0), NERR_Success);
	assert_int_in_range(allocations, 1, 18);
}

static void running_out_of_memory_is_reported_and_leaks_nothing(void **state)
{
	size_t needed;

	(void)state;
	assert_int_equal(decode_many(130, 0), NERR_Success);
	needed = allocations;
	for (size_t n = 1; n < needed; n++)
		assert_int_equal(decode_many(130, n), ERROR_NOT_ENOUGH_MEMORY);
	assert_int_equal(decode_many(130, needed), NERR_Success); /* a block that is not shrunk */
}

TEST_GROUP(session_levels)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_level_has_its_fields_in_wire_order),
		cmocka_unit_test(no_other_level_is_found),
		cmocka_unit_test(the_fields_cover_each_struct_without_gap_or_overlap),
		cmocka_unit_test(a_row_has_one_cell_for_each_column),
		cmocka_unit_test(a_column_has_the_same_kind_and_cell_at_every_level),
		cmocka_unit_test(a_level_knows_which_columns_it_lacks),
		cmocka_unit_test(each_level_of_the_richest_first_holds_all_of_the_next),
		cmocka_unit_test(a_row_has_each_member_of_its_struct),
		cmocka_unit_test(a_row_keeps_missing_and_empty_texts_apart),
		cmocka_unit_test(rows_share_a_scratch_buffer_that_only_grows),
		cmocka_unit_test(move_overwrites_one_entry_with_another),
		cmocka_unit_test(a_block_is_an_array_of_structs_with_its_texts_behind),
		cmocka_unit_test(a_block_without_entries_is_null),
		cmocka_unit_test(texts_have_no_allocations_of_their_own),
		cmocka_unit_test(running_out_of_memory_is_reported_and_leaks_nothing),
	};

	return cmocka_run_group_tests_name("session_levels", tests, NULL, NULL);
}
