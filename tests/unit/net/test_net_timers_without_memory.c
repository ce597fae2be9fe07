/* SPDX-License-Identifier: MIT */
/* Timers that start while there is no memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "group.h"
#include "net/loop.h"

enum { RESERVED = 16, MOST = RESERVED + 1 };

static bool has_memory = true;

void *__real_calloc(size_t count, size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);

void *__wrap_calloc(size_t count, size_t bytes)
{
	return has_memory ? __real_calloc(count, bytes) : NULL;
}

static void on_fired(void *context)
{
	++*(unsigned *)context;
}

static unsigned start_and_run(struct net_loop *loop, unsigned *fired)
{
	struct net_timer *timers[MOST];
	unsigned count = 0;

	while (count < MOST && (timers[count] = net_timer_start(loop, 0, on_fired, fired)) != NULL)
		count++;
	net_loop_run(loop);
	for (unsigned i = 0; i < count; i++)
		net_timer_stop(timers[i]);
	return count;
}

static void a_loop_has_timers_in_reserve(void **state)
{
	struct net_loop *loop = net_loop_new();
	unsigned fired = 0;

	(void)state;
	assert_non_null(loop);
	has_memory = false;
	assert_int_equal(start_and_run(loop, &fired), RESERVED);
	assert_int_equal(fired, RESERVED);
	assert_int_equal(start_and_run(loop, &fired), 0);
	has_memory = true;
	assert_int_equal(start_and_run(loop, &fired), MOST);
	assert_int_equal(fired, RESERVED + MOST);
	has_memory = false;
	assert_int_equal(start_and_run(loop, &fired), RESERVED - 1); /* filled before a start */
	has_memory = true;
	net_loop_free(loop);
}

static void a_loop_without_its_reserve_is_none(void **state)
{
	(void)state;
	has_memory = false;
	assert_null(net_loop_new());
	has_memory = true;
}

TEST_GROUP(net_timers_without_memory)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_loop_has_timers_in_reserve),
		cmocka_unit_test(a_loop_without_its_reserve_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
