/* SPDX-License-Identifier: MIT */
/* The order of ids against an array that says which ids are there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "group.h"
#include "sessions/session_order.h"

#define IDS 40000

static bool is_there[IDS + 2];
static struct session_order order;

static void append(uint32_t id)
{
	assert_true(session_order_append(&order, id, 2 * id));
	is_there[id] = true;
}

static void remove_id(uint32_t id)
{
	session_order_remove(&order, id);
	is_there[id] = false;
}

/* Checks every place, every rank, and that blocks are half full on average. */
static void check(void)
{
	uint32_t rank, count = 0;

	for (uint32_t id = 0; id <= IDS + 1; id++) {
		struct session_order_place place = session_order_behind(&order, id, &rank);
		const struct session_order_entry *next = session_order_next(&order, &place);

		count += is_there[id];
		assert_int_equal(rank, count);
		assert_int_equal(session_order_find(&order, id), is_there[id] ? 2 * id : 0);
		if (next != NULL)
			assert_true(next->id > id && is_there[next->id]);
		else
			assert_int_equal(count, order.count);
	}
	assert_int_equal(count, order.count);
	assert_true(order.block_count <= 2 * count / SESSION_ORDER_BLOCK_ENTRIES + 1);
}

static void begin(void)
{
	memset(is_there, 0, sizeof is_there);
	for (uint32_t id = 1; id <= IDS; id++)
		append(id);
	check();
}

static void half_and_nine_tenths_may_be_removed_in_any_order(void **state)
{
	uint32_t random = 1;

	(void)state;
	begin();
	for (uint32_t left = IDS; left > 0;) {
		uint32_t id = (random = random * 1664525 + 1013904223) % IDS + 1;

		while (!is_there[id])
			id = id % IDS + 1;
		remove_id(id);
		left--;
		if (left == IDS / 2 || left == IDS / 10 || left == IDS / 1000 || left == 0)
			check();
	}
	append(IDS + 1);
	check();
	session_order_fini(&order);
}

static void the_first_the_last_or_all_but_one_of_each_block_may_be_removed(void **state)
{
	(void)state;
	begin();
	for (uint32_t id = 1; id <= IDS / 2; id++)
		remove_id(id);
	check();
	for (uint32_t id = IDS; id > IDS / 2 + 1000; id--)
		remove_id(id);
	check();
	session_order_fini(&order);
	begin();
	for (uint32_t id = 1; id <= IDS; id++)
		if (id % SESSION_ORDER_BLOCK_ENTRIES != 0)
			remove_id(id);
	check();
	session_order_renumber(&order);
	for (uint32_t id = 1; id <= order.count; id++) {
		uint32_t rank;

		(void)session_order_behind(&order, id, &rank);
		assert_int_equal(rank, id);
		assert_int_equal(session_order_find(&order, id),
		                 2 * SESSION_ORDER_BLOCK_ENTRIES * id);
	}
	session_order_fini(&order);
}

TEST_GROUP(session_order)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(half_and_nine_tenths_may_be_removed_in_any_order),
		cmocka_unit_test(the_first_the_last_or_all_but_one_of_each_block_may_be_removed),
	};

	return cmocka_run_group_tests_name("session_order", tests, NULL, NULL);
}
