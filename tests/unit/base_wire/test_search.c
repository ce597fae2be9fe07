/* SPDX-License-Identifier: MIT */
/* The binary search of the tree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "group.h"
#include "base/search.h"

static int compare(const void *key, const void *element)
{
	int a = *(const int *)key, b = *(const int *)element;

	return (a > b) - (a < b);
}

static size_t find(int key, const int array[], size_t count)
{
	return search_lower_bound(&key, array, count, sizeof *array, compare);
}

static void an_element_is_found_at_its_first_place(void **state)
{
	static const int array[] = { 1, 3, 3, 3, 5 };

	(void)state;
	assert_int_equal(find(1, array, 5), 0);
	assert_int_equal(find(3, array, 5), 1);
	assert_int_equal(find(5, array, 5), 4);
}

static void a_missing_element_is_found_where_it_belongs(void **state)
{
	static const int array[] = { 1, 3, 5 };

	(void)state;
	assert_int_equal(find(0, array, 3), 0);
	assert_int_equal(find(2, array, 3), 1);
	assert_int_equal(find(4, array, 3), 2);
	assert_int_equal(find(6, array, 3), 3);
	assert_int_equal(find(6, NULL, 0), 0);
}

static void arrays_of_every_length_are_searched_to_the_end(void **state)
{
	int array[100];

	(void)state;
	for (int i = 0; i < 100; i++)
		array[i] = 2 * i + 1;
	for (size_t count = 0; count <= 100; count++)
		for (int key = 0; key <= 201; key++) {
			size_t expected = (size_t)key / 2 < count ? (size_t)key / 2 : count;

			assert_int_equal(find(key, array, count), expected);
		}
}

TEST_GROUP(search)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_element_is_found_at_its_first_place),
		cmocka_unit_test(a_missing_element_is_found_where_it_belongs),
		cmocka_unit_test(arrays_of_every_length_are_searched_to_the_end),
	};

	return cmocka_run_group_tests_name("search", tests, NULL, NULL);
}
