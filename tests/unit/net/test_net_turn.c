/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "net/loop.h"
#include "net/turn.h"
#include "net/uv.h"
#include "group.h"

enum { MANY = 100 };

/* A member that always has more work: it works until its turn is over, and waits for the next one.
 */
struct worker {
	struct net_turn turn;
	unsigned turns, most;
	unsigned *order;
	unsigned number;
};

static struct net_loop *loop;
static unsigned taken; /* turns, of all */

static int set_up_loop(void **state)
{
	(void)state;
	taken = 0;
	loop = net_loop_new();
	return loop != NULL ? 0 : -1;
}

static int tear_down_loop(void **state)
{
	(void)state;
	net_loop_run(loop);
	net_loop_free(loop);
	return 0;
}

static void worker_on_turn(void *context)
{
	struct worker *w = context;

	assert_true(net_turn_begin(&w->turn));
	w->turns++;
	if (w->order != NULL)
		w->order[taken] = w->number;
	taken++;
	while (!net_turn_is_over(&w->turn))
		;
	if (w->turns < w->most)
		net_turn_await(&w->turn);
}

static void worker_init(struct worker *w, struct net_turn_group *group, unsigned most)
{
	*w = (struct worker){ .most = most };
	net_turn_init(&w->turn, loop, group, worker_on_turn, w);
	net_turn_await(&w->turn);
}

static void a_group_of_many_gets_no_more_turns_than_a_group_of_one(void **state)
{
	static struct worker many[MANY];
	struct net_turn_group large = { 0 }, small = { 0 };
	unsigned of_many = 0;
	struct worker one;

	(void)state;
	for (unsigned i = 0; i < MANY; i++)
		worker_init(&many[i], &large, 3);
	worker_init(&one, &small, 20);
	while (one.turns < one.most)
		(void)uv_run(loop->uv, UV_RUN_NOWAIT);
	for (unsigned i = 0; i < MANY; i++) {
		of_many += many[i].turns;
		net_turn_cancel(&many[i].turn);
	}
	assert_int_in_range(of_many, one.turns - 1, one.turns + 1);
}

static void a_member_goes_on_with_what_it_has_begun_before_the_others_of_its_group(void **state)
{
	struct net_turn_group group = { 0 };
	unsigned order[6];
	struct worker two[2];

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		worker_init(&two[i], &group, 3);
		two[i].order = order;
		two[i].number = i;
	}
	while (taken < 6)
		(void)uv_run(loop->uv, UV_RUN_NOWAIT);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(order[i], i < 3 ? order[0] : 1 - order[0]);
}

/* As many sockets of one account are read in one round of the loop. */
static void a_group_that_has_used_up_its_turn_waits_and_another_one_does_not(void **state)
{
	struct net_turn_group group = { 0 }, other = { 0 };
	struct worker first, second, of_other;

	(void)state;
	worker_init(&first, &group, 1);
	worker_init(&second, &group, 1);
	worker_init(&of_other, &other, 1);
	net_turn_cancel(&first.turn);
	net_turn_cancel(&second.turn);
	net_turn_cancel(&of_other.turn);
	assert_true(net_turn_begin(&first.turn));
	while (!net_turn_is_over(&first.turn))
		;
	assert_false(net_turn_begin(&second.turn));
	assert_true(net_turn_is_over(&second.turn));
	assert_false(net_turn_begin(&first.turn));
	assert_true(net_turn_begin(&of_other.turn));
	while (taken < 2)
		(void)uv_run(loop->uv, UV_RUN_NOWAIT);
	assert_int_equal(first.turns, 1);
	assert_int_equal(second.turns, 1);
	assert_true(net_turn_begin(&of_other.turn));
}

static void a_member_keeps_waiting_in_another_group(void **state)
{
	struct net_turn_group group = { 0 };
	struct worker w;

	(void)state;
	worker_init(&w, NULL, 1);
	net_turn_set_group(&w.turn, &group);
	while (w.turns == 0)
		(void)uv_run(loop->uv, UV_RUN_NOWAIT);
	net_turn_set_group(&w.turn, NULL);
	(void)uv_run(loop->uv, UV_RUN_NOWAIT);
	assert_int_equal(w.turns, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up_loop, tear_down_loop)

TEST_GROUP(net_turn)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_group_of_many_gets_no_more_turns_than_a_group_of_one),
		TEST(a_member_goes_on_with_what_it_has_begun_before_the_others_of_its_group),
		TEST(a_group_that_has_used_up_its_turn_waits_and_another_one_does_not),
		TEST(a_member_keeps_waiting_in_another_group),
	};

	return cmocka_run_group_tests_name("net_turn", tests, NULL, NULL);
}
