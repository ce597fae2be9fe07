/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <lmerr.h>
#include "fleet/target_list.h"
#include "group.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* The first and the last name, and how many there are. */
static void expect_range(const char *text, const char *first, const char *last, size_t count)
{
	struct target_list list = { 0 };
	struct err err = { 0 };

	assert_int_equal(target_list_add(&list, text, &err), NERR_Success);
	assert_int_equal(list.names.count, count);
	assert_string_equal(list.names.texts[0], first);
	assert_string_equal(list.names.texts[count - 1], last);
	target_list_fini(&list);
}

static void ranges_are_all_their_hosts(void **state)
{
	(void)state;
	expect_range("192.0.2.0/24", "192.0.2.1", "192.0.2.254", 254);
	expect_range("192.0.2.4/30", "192.0.2.5", "192.0.2.6", 2);
	expect_range("192.0.2.4/31", "192.0.2.4", "192.0.2.5", 2);
	expect_range("192.0.2.4/32", "192.0.2.4", "192.0.2.4", 1);
	expect_range("10.0.0.0/12", "10.0.0.1", "10.15.255.254", ((size_t)1 << 20) - 2);
	expect_range("2001:db8::/126", "2001:db8::", "2001:db8::3", 4);
}

static void what_is_no_target_is_refused_and_counted(void **state)
{
	static const char *const texts[] = { "192.0.2.1/24",  "10.0.0.0/11", "192.0.2.0/33",
		                             "2001:db8::/64", "fs 1",        "smb://alice@fs1" };
	struct target_list list = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct err err = { 0 };

		assert_int_equal(target_list_add(&list, texts[i], &err), NERR_InvalidComputer);
		assert_string_not_equal(err.text, "");
		assert_int_equal(list.refused, i + 1);
	}
	assert_int_equal(list.names.count, 0);
	target_list_fini(&list);
}

static void a_share_of_a_server_is_no_range(void **state)
{
	(void)state;
	assert_true(target_list_is_range("192.0.2.0/24"));
	assert_false(target_list_is_range("fs1/24"));
	assert_false(target_list_is_range("192.0.2.7/share"));
	assert_false(target_list_is_range("192.0.2.7/"));
}

static void repeated_targets_are_dropped_and_the_first_stays_in_its_place(void **state)
{
	static const char *const names[] = { "fs2", "FS1", "fs1", "192.0.2.7", "Fs2", "fs10" };
	static const char *const left[] = { "fs2", "FS1", "192.0.2.7", "fs10" };
	struct target_list list = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		assert_true(text_list_add(&list.names, names[i]));
	assert_true(target_list_drop_repeated(&list));
	assert_int_equal(list.names.count, COUNT(left));
	for (size_t i = 0; i < COUNT(left); i++)
		assert_string_equal(list.names.texts[i], left[i]);
	target_list_fini(&list);
}

TEST_GROUP(target_list)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_are_all_their_hosts),
		cmocka_unit_test(what_is_no_target_is_refused_and_counted),
		cmocka_unit_test(a_share_of_a_server_is_no_range),
		cmocka_unit_test(repeated_targets_are_dropped_and_the_first_stays_in_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
