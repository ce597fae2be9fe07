/* SPDX-License-Identifier: MIT */
/* The session table that runs out of memory, and how much it takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "group.h"
#include "table_model.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static size_t allocations, failing_allocation, allocated_bytes;

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);

static bool allocation_fails(size_t bytes)
{
	allocated_bytes += bytes;
	return ++allocations == failing_allocation;
}

void *__wrap_malloc(size_t bytes)
{
	return allocation_fails(bytes) ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
	return allocation_fails(count * bytes) ? NULL : __real_calloc(count, bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
	return allocation_fails(bytes) ? NULL : __real_realloc(old, bytes);
}

static void without_memory_nothing_is_added_and_nothing_lost(void **state)
{
	bool went_through = false;

	(void)state;
	for (size_t n = 1; !went_through; n++) {
		uint32_t refused = 0;

		allocations = 0;
		failing_allocation = n;
		if (!model_begin(n, MODEL_MOST))
			continue;
		for (uint32_t i = 0; i < 2000; i++)
			refused += model_add() == 0;
		went_through = allocations < n;
		failing_allocation = 0;
		assert_int_in_range(refused, 0, 1);
		model_check();
		model_end();
	}
}

static void closing_needs_no_memory(void **state)
{
	(void)state;
	for (model_closing = MODEL_LATER; model_closing <= MODEL_AND_OTHERS; model_closing++) {
		assert_true(model_begin(5, MODEL_MOST));
		for (uint32_t i = 0; i < 500; i++)
			(void)model_add();
		allocations = 0;
		failing_allocation = 1;
		assert_int_equal(session_table_close(model_table, NULL), 500);
		failing_allocation = 0;
		if (model_closing == MODEL_LATER)
			assert_int_equal(model_asked, 500);
		else
			assert_int_equal(model_count, 0);
		model_end();
	}
}

static void equal_texts_are_kept_once(void **state)
{
	struct session_walk w;
	struct netsession_row a, b;
	uint32_t id;

	(void)state;
	assert_true(model_begin(5, MODEL_MOST));
	for (uint32_t i = 0; i < 2; i++)
		(void)session_table_add(model_table,
		                        &(struct session_facts){ i == 0 ? "ws" : "\\\\ws", "u", "t",
		                                                 "n", 0, 0, 0, 0 },
		                        &model_owner, i);
	session_walk_begin(&w, model_table, NULL, 0);
	assert_true(session_walk_next(&w, 0, &a, &id) && session_walk_next(&w, 0, &b, &id));
	assert_ptr_equal(a.client, b.client + 2);
	assert_ptr_equal(a.user, b.user);
	assert_ptr_equal(a.client_type, b.client_type);
	assert_ptr_equal(a.transport, b.transport);
	model_end();
}

static void removed_sessions_leave_their_memory_to_new_ones(void **state)
{
	uint32_t id[64] = { 0 };

	(void)state;
	assert_true(model_begin(5, COUNT(id)));
	for (uint32_t round = 0; round < 40000; round++) {
		char text[32];
		struct session_facts facts = { .client = text, .user = text + 2 };

		if (round == 20000)
			allocated_bytes = 0;
		snprintf(text, sizeof text, "\\\\ws-%05u", round);
		session_table_remove(model_table, id[round % COUNT(id)]);
		id[round % COUNT(id)] = session_table_add(model_table, &facts, &model_owner, 1);
		assert_int_not_equal(id[round % COUNT(id)], 0);
	}
	assert_int_in_range(allocated_bytes, 0,
	                    400 * 1024); /* blocks of the order, which come and go */
	model_end();
}

TEST_GROUP(session_table_memory)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_memory_nothing_is_added_and_nothing_lost),
		cmocka_unit_test(closing_needs_no_memory),
		cmocka_unit_test(equal_texts_are_kept_once),
		cmocka_unit_test(removed_sessions_leave_their_memory_to_new_ones),
	};

	return cmocka_run_group_tests_name("session_table_memory", tests, NULL, NULL);
}
