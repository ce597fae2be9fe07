/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/socket.h>
#include <unistd.h>
#include "group.h"
#include "net/watch.h"

static struct {
	struct net_loop *loop;
	struct net_readable *readable;
	struct net_timer *timer;
	int ends[2], calls;
	char got[8];
} here;

static int begin(void **state)
{
	(void)state;
	here.loop = net_loop_new();
	here.calls = 0;
	return here.loop == NULL || socketpair(AF_UNIX, SOCK_STREAM, 0, here.ends) != 0;
}

static int finish(void **state)
{
	(void)state;
	net_loop_free(here.loop);
	close(here.ends[0]);
	close(here.ends[1]);
	return 0;
}

static void take_one_byte(void *context)
{
	(void)context;
	assert_int_equal(read(here.ends[0], &here.got[here.calls], 1), 1);
	if (++here.calls == 3)
		net_readable_stop(here.readable);
}

static void what_is_not_read_at_once_is_told_again(void **state)
{
	(void)state;
	here.readable = net_readable_start(here.loop, here.ends[0], take_one_byte, NULL);
	assert_non_null(here.readable);
	assert_int_equal(write(here.ends[1], "abc", 3), 3);
	net_loop_run(here.loop);
	assert_int_equal(here.calls, 3);
	assert_memory_equal(here.got, "abc", 3);
}

static void take_end(void *context)
{
	char byte;

	(void)context;
	here.calls++;
	assert_int_equal(read(here.ends[0], &byte, 1), 0);
	net_readable_stop(here.readable);
}

static void the_end_is_something_to_be_read(void **state)
{
	(void)state;
	here.readable = net_readable_start(here.loop, here.ends[0], take_end, NULL);
	assert_non_null(here.readable);
	assert_int_equal(shutdown(here.ends[1], SHUT_WR), 0);
	net_loop_run(here.loop);
	assert_int_equal(here.calls, 1);
}

static void stop_both(void *context)
{
	(void)context;
	net_timer_stop(here.timer);
	net_readable_stop(here.readable);
}

static void count(void *context)
{
	(void)context;
	here.calls++;
}

static void nothing_to_be_read_is_not_told(void **state)
{
	(void)state;
	here.readable = net_readable_start(here.loop, here.ends[0], count, NULL);
	here.timer = net_timer_start(here.loop, 50, stop_both, NULL);
	net_loop_run(here.loop);
	assert_int_equal(here.calls, 0);
}

static void what_is_no_descriptor_is_refused(void **state)
{
	(void)state;
	assert_null(net_readable_start(here.loop, -1, count, NULL));
}

#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, begin, finish)

TEST_GROUP(net_readable)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_not_read_at_once_is_told_again),
		TEST(the_end_is_something_to_be_read),
		TEST(nothing_to_be_read_is_not_told),
		TEST(what_is_no_descriptor_is_refused),
	};

	return cmocka_run_group_tests_name("net_readable", tests, NULL, NULL);
}
