/* SPDX-License-Identifier: MIT */
/* The lists that the local service answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <lmerr.h>
#include "base/text.h"
#include "group.h"
#include "local/local_list.h"

static const struct local_entry some[] = {
	{ "alice", NULL, 0 },
	{ "log_ons", "log-ons that succeeded", 0x123456789abcdef0 },
	{ NULL, "a help alone", UINT32_MAX },
	{ "", "", 1 },
};

#define SOME (sizeof some / sizeof *some)

static struct local_entry from_array(const void *context, size_t i)
{
	return ((const struct local_entry *)context)[i];
}

static struct local_entry always_the_same(const void *context, size_t i)
{
	(void)i;
	return *(const struct local_entry *)context;
}

static struct wire_writer encoded(NET_API_STATUS status, size_t count)
{
	struct wire_writer stub = { 0 };
	struct ndr_writer w;

	ndr_writer_init(&w, &stub);
	local_list_encode(&w, status, count, from_array, some);
	assert_false(stub.failed);
	return stub;
}

static void assert_same_text(const char *a, const char *b)
{
	assert_int_equal(a == NULL, b == NULL);
	if (a != NULL)
		assert_string_equal(a, b);
}

static void what_is_encoded_decodes(void **state)
{
	struct wire_writer stub = encoded(NERR_Success, SOME);
	struct local_list list;
	struct local_entry entry;
	struct wire_reader r;

	(void)state;
	wire_reader_init(&r, stub.data, stub.len);
	local_list_decode(&list, &r);
	assert_int_equal(list.status, NERR_Success);
	for (size_t i = 0; i < SOME; i++) {
		assert_true(local_list_next(&list, &entry));
		assert_same_text(entry.name, some[i].name);
		assert_same_text(entry.help, some[i].help);
		assert_true(entry.value == some[i].value);
	}
	assert_false(local_list_next(&list, &entry));
	assert_null(r.error);
	assert_int_equal(wire_left(&r), 0);
	wire_writer_fini(&stub);
}

static void a_refusal_has_no_entries(void **state)
{
	struct wire_writer stub = encoded(ERROR_ACCESS_DENIED, 0);
	struct local_list list;
	struct local_entry entry;
	struct wire_reader r;

	(void)state;
	wire_reader_init(&r, stub.data, stub.len);
	local_list_decode(&list, &r);
	assert_int_equal(list.status, ERROR_ACCESS_DENIED);
	assert_false(local_list_next(&list, &entry));
	assert_null(r.error);
	wire_writer_fini(&stub);
}

/* Each beginning of a list, which never gives an entry that is not there. */
static void a_list_that_is_cut_does_not_decode(void **state)
{
	struct wire_writer stub = encoded(NERR_Success, SOME);

	(void)state;
	for (size_t bytes = 0; bytes < stub.len; bytes++) {
		uint8_t *part = malloc(bytes + 1);
		struct local_list list;
		struct local_entry entry;
		struct wire_reader r;
		size_t count = 0;

		memcpy(part, stub.data, bytes);
		wire_reader_init(&r, part, bytes);
		local_list_decode(&list, &r);
		while (local_list_next(&list, &entry))
			count++;
		assert_non_null(r.error);
		assert_true(count < SOME);
		free(part);
	}
	wire_writer_fini(&stub);
}

static void counts_that_do_not_fit_are_refused(void **state)
{
	static const struct {
		size_t at;
		uint32_t value;
	} changes[] = { { 4, 0 }, { 4, 5 }, { 8, 0 }, { 12, 3 }, { 12, UINT32_MAX } };

	(void)state;
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		struct wire_writer stub = encoded(NERR_Success, SOME);
		struct local_list list;
		struct local_entry entry;
		struct wire_reader r;

		wire_set_u32le(&stub, changes[i].at, changes[i].value);
		wire_reader_init(&r, stub.data, stub.len);
		local_list_decode(&list, &r);
		assert_false(local_list_next(&list, &entry));
		assert_non_null(r.error);
		wire_writer_fini(&stub);
	}
}

static void however_much_there_is_the_list_stays_within_its_bounds(void **state)
{
	static char text[3000];
	const struct local_entry entry = { text, text, 1 };
	struct wire_writer stub = { 0 };
	struct local_list list;
	struct local_entry got;
	struct ndr_writer w;
	struct wire_reader r;
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i + 3 < sizeof text; i += 3)
		memcpy(text + i, "\xE2\x82\xAC", 3);
	ndr_writer_init(&w, &stub);
	local_list_encode(&w, NERR_Success, 100000, always_the_same, &entry);
	assert_true(stub.len <= LOCAL_LIST_MAX_BYTES);
	wire_reader_init(&r, stub.data, stub.len);
	local_list_decode(&list, &r);
	while (local_list_next(&list, &got)) {
		count++;
		assert_int_equal(strlen(got.name), LOCAL_LIST_MAX_UNITS / 3 * 3);
		assert_true(text_utf8_is_valid(got.name));
	}
	assert_null(r.error);
	assert_int_equal(count, LOCAL_LIST_MAX_ENTRIES);
	wire_writer_fini(&stub);
}

TEST_GROUP(local_list)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_encoded_decodes),
		cmocka_unit_test(a_refusal_has_no_entries),
		cmocka_unit_test(a_list_that_is_cut_does_not_decode),
		cmocka_unit_test(counts_that_do_not_fit_are_refused),
		cmocka_unit_test(however_much_there_is_the_list_stays_within_its_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
