/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/client_name.h"
#include "group.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void names_are_equal_with_or_without_backslashes_and_in_any_case(void **state)
{
	(void)state;
	assert_true(client_name_equal("\\\\LabPC", "labpc"));
	assert_true(client_name_equal("\\\\M\xC3\x9CLLER", "m\xC3\xBCller"));
	assert_true(client_name_equal(NULL, NULL));
	assert_false(client_name_equal("\\LabPC", "LabPC")); /* one backslash is no prefix */
	assert_false(client_name_equal("labpc", "labpc.example"));
	assert_false(client_name_equal(NULL, ""));
}

static void addresses_are_equal_however_they_are_spelled(void **state)
{
	(void)state;
	assert_true(client_name_equal("::1", "\\\\[::1]"));
	assert_true(client_name_equal("\\\\::1", "\\\\[0:0::1]"));
	assert_true(client_name_equal("2001:DB8::0005", "[2001:db8::5]"));
	assert_true(client_name_equal("10.0.0.7", "\\\\[::ffff:10.0.0.7]"));
	assert_true(client_name_equal("fe80::1", "\\\\[fe80::1%eth0]"));
	assert_false(client_name_equal("fe80::1%eth1", "\\\\[fe80::1%eth0]"));
	assert_false(client_name_equal("\\\\127.0.0.1", "127.0.0.10"));
	assert_false(client_name_equal("10.0.0.7", "fs-client.example"));
}

static void an_address_is_spelled_as_windows_does(void **state)
{
	static const struct {
		const char *client, *spelled;
	} cases[] = {
		{ "\\\\::1", "\\\\[::1]" },         { "::1", "[::1]" },
		{ "\\\\[::1]", "\\\\[::1]" },       { "::FFFF:10.0.0.7", "10.0.0.7" },
		{ "\\\\10.0.0.7", "\\\\10.0.0.7" }, { "\\\\FE80:0::1%eth0", "\\\\[fe80::1%eth0]" },
		{ "\\\\LabPC", "\\\\LabPC" },       { "", "" },
	};
	char room[CLIENT_NAME_ROOM];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(client_name_spell(cases[i].client, room), cases[i].spelled);
	assert_null(client_name_spell(NULL, room));
}

static void clients_are_sorted_by_number_and_then_by_name(void **state)
{
	static const char *const sorted[] = {
		"9.0.0.1", "\\\\10.0.0.9", "10.0.0.10", "\\\\[2001:db8::9]", "2001:db8::10", NULL,
		"",        "\\\\ALPHA",    "beta",
	};

	(void)state;
	for (size_t i = 1; i < COUNT(sorted); i++) {
		assert_true(client_name_compare(sorted[i - 1], sorted[i]) < 0);
		assert_true(client_name_compare(sorted[i], sorted[i - 1]) > 0);
	}
	assert_int_equal(client_name_compare("\\\\[::1]", "0:0::1"), 0);
	assert_int_equal(client_name_compare(NULL, NULL), 0);
}

TEST_GROUP(client_name)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_equal_with_or_without_backslashes_and_in_any_case),
		cmocka_unit_test(addresses_are_equal_however_they_are_spelled),
		cmocka_unit_test(an_address_is_spelled_as_windows_does),
		cmocka_unit_test(clients_are_sorted_by_number_and_then_by_name),
	};

	return cmocka_run_group_tests_name("client_name", tests, NULL, NULL);
}
