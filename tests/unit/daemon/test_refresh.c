/* SPDX-License-Identifier: MIT */
/* Who waits for whom before the table is read, by a clock of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include "group.h"
#include "net/loop.h"
#include "net/uv.h"
#include "daemon/refresh.h"

#define SHORT_TIMEOUT_MS 50

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A feeder, and what it was asked. */
struct source {
	struct refresh_source own;
	unsigned asks;
	uint32_t number;
};

static struct {
	struct net_loop *loop;
	struct srvsvc_server service;
	int64_t now_ms;
	struct refresh *freshness;
	struct source sources[2];
	struct caller {
		struct refresh_wait wait;
		unsigned let_go;
		unsigned turn; /* in which it was: they count up */
	} callers[3];
	unsigned turns;
} under_test;

static int64_t now_ms(void *context)
{
	(void)context;
	return under_test.now_ms;
}

static void on_ask(void *context, uint32_t number)
{
	struct source *s = context;

	s->asks++;
	s->number = number;
}

static void on_over(void *context)
{
	struct caller *c = context;

	c->let_go++;
	c->turn = ++under_test.turns;
}

static int set_up(void **state)
{
	(void)state;
	memset(&under_test, 0, sizeof under_test);
	under_test.now_ms = 1000000;
	under_test.service.now_ms = now_ms;
	under_test.loop = net_loop_new();
	under_test.freshness = refresh_new(under_test.loop, &under_test.service);
	for (size_t i = 0; i < COUNT(under_test.sources); i++)
		under_test.sources[i].own = (struct refresh_source){
			.ask = on_ask, .context = &under_test.sources[i], .name = "test"
		};
	for (size_t i = 0; i < COUNT(under_test.callers); i++)
		under_test.callers[i].wait =
			(struct refresh_wait){ .over = on_over, .context = &under_test.callers[i] };
	return under_test.freshness != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(under_test.callers); i++)
		refresh_cancel_wait(under_test.freshness, &under_test.callers[i].wait);
	for (size_t i = 0; i < COUNT(under_test.sources); i++)
		refresh_remove_source(under_test.freshness, &under_test.sources[i].own);
	refresh_free(under_test.freshness);
	net_loop_run(under_test.loop);
	net_loop_free(under_test.loop);
	return 0;
}

static void turn(void)
{
	for (int i = 0; i < 3; i++) {
		struct timespec moment = { .tv_nsec = 2000000 };

		nanosleep(&moment, NULL);
		uv_run(under_test.loop->uv, UV_RUN_NOWAIT);
	}
}

static struct source *add(size_t index)
{
	refresh_add_source(under_test.freshness, &under_test.sources[index].own);
	return &under_test.sources[index];
}

static bool is_given(size_t caller)
{
	return refresh_ready_or_wait(under_test.freshness, &under_test.callers[caller].wait);
}

static void answer(struct source *s)
{
	assert_true(refresh_source_answered(under_test.freshness, &s->own, s->number));
}

static void nobody_waits_where_nobody_is_to_be_asked(void **state)
{
	(void)state;
	assert_true(is_given(0));
}

static void a_call_waits_until_all_have_answered(void **state)
{
	struct source *one = add(0), *other = add(1);

	(void)state;
	assert_false(is_given(0));
	assert_int_equal(one->asks, 1);
	assert_int_equal(other->asks, 1);
	answer(one);
	turn();
	assert_int_equal(under_test.callers[0].let_go, 0);
	answer(other);
	assert_int_equal(under_test.callers[0].let_go, 0); /* not from within */
	turn();
	assert_int_equal(under_test.callers[0].let_go, 1);
	assert_true(is_given(0));
}

static void many_calls_at_once_cause_one_question_and_are_let_go_in_their_order(void **state)
{
	struct source *s = add(0);

	(void)state;
	for (size_t i = 0; i < COUNT(under_test.callers); i++)
		assert_false(is_given(i));
	assert_false(is_given(0));
	assert_int_equal(s->asks, 1);
	answer(s);
	turn();
	for (size_t i = 0; i < COUNT(under_test.callers); i++) {
		assert_int_equal(under_test.callers[i].let_go, 1);
		assert_int_equal(under_test.callers[i].turn, i + 1);
	}
	assert_int_equal(s->asks, 1);
}

static void what_was_found_is_good_for_a_moment(void **state)
{
	struct source *s = add(0);

	(void)state;
	assert_false(is_given(0));
	answer(s);
	turn();
	under_test.now_ms += REFRESH_VALID_MS;
	assert_true(is_given(0));
	under_test.now_ms++;
	assert_false(is_given(0));
	assert_int_equal(s->asks, 2);
}

static void a_look_that_began_before_is_not_enough(void **state)
{
	struct source *s = add(0);

	(void)state;
	assert_false(is_given(0));
	under_test.now_ms += REFRESH_VALID_MS + 1;
	assert_false(is_given(1));
	assert_int_equal(s->asks, 1); /* one at a time */
	answer(s);
	assert_int_equal(s->asks, 2);
	turn();
	assert_int_equal(under_test.callers[0].let_go, 1);
	assert_int_equal(under_test.callers[1].let_go, 0);
	answer(s);
	turn();
	assert_int_equal(under_test.callers[1].let_go, 1);
	assert_int_equal(s->asks, 2);
}

static void one_who_is_silent_is_waited_for_once_until_it_speaks(void **state)
{
	struct source *s = add(0);

	(void)state;
	refresh_set_timeout(under_test.freshness, SHORT_TIMEOUT_MS);
	assert_false(is_given(0));
	under_test.now_ms += SHORT_TIMEOUT_MS;
	while (under_test.callers[0].let_go == 0)
		uv_run(under_test.loop->uv, UV_RUN_ONCE);
	assert_true(s->own.is_overdue);
	assert_true(is_given(0));
	assert_int_equal(s->asks, 1);
	under_test.now_ms += REFRESH_VALID_MS;
	answer(s);
	assert_false(is_given(0)); /* what it found is old */
	answer(s);
	turn();
	assert_int_equal(under_test.callers[0].let_go, 2);
}

static void a_shorter_timeout_holds_for_a_question_under_way(void **state)
{
	(void)state;
	add(0);
	assert_false(is_given(0));
	refresh_set_timeout(under_test.freshness, SHORT_TIMEOUT_MS);
	under_test.now_ms += SHORT_TIMEOUT_MS;
	while (under_test.callers[0].let_go == 0)
		uv_run(under_test.loop->uv, UV_RUN_ONCE);
	assert_int_equal(under_test.callers[0].let_go, 1);
}

static void one_who_leaves_is_not_waited_for(void **state)
{
	struct source *s = add(0);

	(void)state;
	assert_false(is_given(0));
	refresh_remove_source(under_test.freshness, &s->own);
	turn();
	assert_int_equal(under_test.callers[0].let_go, 1);
	refresh_remove_source(under_test.freshness, &s->own);
	assert_true(is_given(0));
}

static void a_caller_who_leaves_is_not_let_go(void **state)
{
	struct source *s = add(0);

	(void)state;
	for (size_t i = 0; i < COUNT(under_test.callers); i++)
		assert_false(is_given(i));
	refresh_cancel_wait(under_test.freshness, &under_test.callers[1].wait);
	answer(s);
	turn();
	assert_int_equal(under_test.callers[0].let_go, 1);
	assert_int_equal(under_test.callers[1].let_go, 0);
	assert_int_equal(under_test.callers[2].let_go, 1);
}

static void an_answer_to_nothing_is_none(void **state)
{
	struct source *s = add(0);

	(void)state;
	assert_false(refresh_source_answered(under_test.freshness, &s->own, 0));
	assert_false(refresh_source_answered(under_test.freshness, &s->own, 1));
	assert_false(is_given(0));
	assert_false(refresh_source_answered(under_test.freshness, &s->own, s->number + 1));
	answer(s);
	assert_false(refresh_source_answered(under_test.freshness, &s->own, s->number));
}

TEST_GROUP(refresh)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(nobody_waits_where_nobody_is_to_be_asked),
		TEST(a_call_waits_until_all_have_answered),
		TEST(many_calls_at_once_cause_one_question_and_are_let_go_in_their_order),
		TEST(what_was_found_is_good_for_a_moment),
		TEST(a_look_that_began_before_is_not_enough),
		TEST(one_who_is_silent_is_waited_for_once_until_it_speaks),
		TEST(a_shorter_timeout_holds_for_a_question_under_way),
		TEST(one_who_leaves_is_not_waited_for),
		TEST(a_caller_who_leaves_is_not_let_go),
		TEST(an_answer_to_nothing_is_none),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
