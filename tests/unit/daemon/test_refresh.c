/* SPDX-License-Identifier: MIT */
/* Calls that wait for refreshed sessions, by a clock of the test's own. */
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

/* A source, and the requests that it received. */
struct source {
	struct refresh_source own;
	unsigned asks;
	uint32_t number;
};

static struct {
	struct net_loop *loop;
	struct srvsvc_server service;
	int64_t now_ms;
	struct refresh *refresh;
	struct source sources[2];
	struct caller {
		struct refresh_wait wait;
		unsigned continued;
		unsigned turn;           /* in which it was: they count up */
		struct source *outdates; /* as a call that closes sessions does */
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

	c->continued++;
	c->turn = ++under_test.turns;
	if (c->outdates != NULL)
		refresh_source_outdated(&c->outdates->own);
}

static int set_up(void **state)
{
	(void)state;
	memset(&under_test, 0, sizeof under_test);
	under_test.now_ms = 1000000;
	under_test.service.now_ms = now_ms;
	under_test.loop = net_loop_new();
	under_test.refresh = refresh_new(under_test.loop, &under_test.service);
	for (size_t i = 0; i < COUNT(under_test.sources); i++)
		under_test.sources[i].own = (struct refresh_source){
			.ask = on_ask, .context = &under_test.sources[i], .name = "test"
		};
	for (size_t i = 0; i < COUNT(under_test.callers); i++)
		under_test.callers[i].wait =
			(struct refresh_wait){ .over = on_over, .context = &under_test.callers[i] };
	return under_test.refresh != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(under_test.callers); i++)
		refresh_cancel_wait(under_test.refresh, &under_test.callers[i].wait);
	for (size_t i = 0; i < COUNT(under_test.sources); i++)
		refresh_remove_source(under_test.refresh, &under_test.sources[i].own);
	refresh_free(under_test.refresh);
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
	refresh_add_source(under_test.refresh, &under_test.sources[index].own);
	return &under_test.sources[index];
}

static bool is_ready(size_t caller)
{
	return refresh_ready_or_wait(under_test.refresh, &under_test.callers[caller].wait);
}

static void answer(struct source *s)
{
	assert_true(refresh_source_answered(under_test.refresh, &s->own, s->number));
}

static void calls_do_not_wait_without_a_source(void **state)
{
	(void)state;
	assert_true(is_ready(0));
}

static void a_call_waits_until_all_have_answered(void **state)
{
	struct source *one = add(0), *other = add(1);

	(void)state;
	assert_false(is_ready(0));
	assert_int_equal(one->asks, 1);
	assert_int_equal(other->asks, 1);
	answer(one);
	turn();
	assert_int_equal(under_test.callers[0].continued, 0);
	answer(other);
	assert_int_equal(under_test.callers[0].continued, 0); /* not from within */
	turn();
	assert_int_equal(under_test.callers[0].continued, 1);
	assert_true(is_ready(0));
}

static void many_calls_at_once_cause_one_request_and_go_on_in_their_order(void **state)
{
	struct source *s = add(0);

	(void)state;
	for (size_t i = 0; i < COUNT(under_test.callers); i++)
		assert_false(is_ready(i));
	assert_false(is_ready(0));
	assert_int_equal(s->asks, 1);
	answer(s);
	turn();
	for (size_t i = 0; i < COUNT(under_test.callers); i++) {
		assert_int_equal(under_test.callers[i].continued, 1);
		assert_int_equal(under_test.callers[i].turn, i + 1);
	}
	assert_int_equal(s->asks, 1);
}

static void an_answer_is_recent_for_a_moment(void **state)
{
	struct source *s = add(0);

	(void)state;
	assert_false(is_ready(0));
	answer(s);
	turn();
	under_test.now_ms += REFRESH_VALID_MS;
	assert_true(is_ready(0));
	under_test.now_ms++;
	assert_false(is_ready(0));
	assert_int_equal(s->asks, 2);
}

static void an_answer_to_an_earlier_request_is_not_enough(void **state)
{
	struct source *s = add(0);

	(void)state;
	assert_false(is_ready(0));
	under_test.now_ms += REFRESH_VALID_MS + 1;
	assert_false(is_ready(1));
	assert_int_equal(s->asks, 1); /* one at a time */
	answer(s);
	assert_int_equal(s->asks, 2);
	turn();
	assert_int_equal(under_test.callers[0].continued, 1);
	assert_int_equal(under_test.callers[1].continued, 0);
	answer(s);
	turn();
	assert_int_equal(under_test.callers[1].continued, 1);
	assert_int_equal(s->asks, 2);
}

static void an_answer_from_before_a_change_is_not_enough(void **state)
{
	struct source *s = add(0);

	(void)state;
	assert_false(is_ready(0));
	answer(s);
	turn();
	assert_true(is_ready(0));
	refresh_source_outdated(&s->own);
	assert_false(is_ready(0)); /* in the same millisecond */
	assert_int_equal(s->asks, 2);
	answer(s);
	turn();
	assert_int_equal(under_test.callers[0].continued, 2);
	assert_true(is_ready(0));
}

static void a_call_behind_one_that_closes_sessions_is_answered_by_another_refresh(void **state)
{
	struct source *s = add(0);

	(void)state;
	under_test.callers[0].outdates = s;
	assert_false(is_ready(0));
	assert_false(is_ready(1));
	answer(s);
	turn();
	assert_int_equal(under_test.callers[0].continued, 1);
	assert_int_equal(under_test.callers[1].continued, 0);
	assert_int_equal(s->asks, 2);
	answer(s);
	turn();
	assert_int_equal(under_test.callers[1].continued, 1);
}

static void a_request_from_before_a_change_is_repeated(void **state)
{
	struct source *s = add(0);

	(void)state;
	assert_false(is_ready(0));
	refresh_source_outdated(&s->own);
	assert_false(is_ready(1));
	assert_int_equal(s->asks, 1);
	answer(s);
	turn();
	assert_int_equal(under_test.callers[0].continued, 0);
	assert_int_equal(s->asks, 2);
	answer(s);
	turn();
	assert_int_equal(under_test.callers[0].continued, 1);
	assert_int_equal(under_test.callers[1].continued, 1);
}

static void a_call_waits_for_a_publisher_that_is_expected(void **state)
{
	struct source *s;

	(void)state;
	refresh_expect_publisher(under_test.refresh, 60000);
	assert_false(is_ready(0));
	turn();
	assert_int_equal(under_test.callers[0].continued, 0);
	s = add(0);
	refresh_expect_nobody(under_test.refresh);
	assert_int_equal(s->asks, 1);
	turn();
	assert_int_equal(under_test.callers[0].continued, 0);
	answer(s);
	turn();
	assert_int_equal(under_test.callers[0].continued, 1);
}

static void a_publisher_that_does_not_come_is_waited_for_a_moment(void **state)
{
	(void)state;
	refresh_expect_publisher(under_test.refresh, SHORT_TIMEOUT_MS);
	assert_false(is_ready(0));
	while (under_test.callers[0].continued == 0)
		uv_run(under_test.loop->uv, UV_RUN_ONCE);
	assert_true(is_ready(1));
}

static void a_source_that_is_added_while_a_call_waits_is_asked_too(void **state)
{
	struct source *one = add(0), *other;

	(void)state;
	assert_false(is_ready(0));
	other = add(1);
	assert_int_equal(other->asks, 1);
	answer(one);
	turn();
	assert_int_equal(under_test.callers[0].continued, 0);
	answer(other);
	turn();
	assert_int_equal(under_test.callers[0].continued, 1);
}

static void a_source_that_does_not_answer_is_waited_for_once_until_it_answers(void **state)
{
	struct source *s = add(0);

	(void)state;
	refresh_set_timeout(under_test.refresh, SHORT_TIMEOUT_MS);
	assert_false(is_ready(0));
	under_test.now_ms += SHORT_TIMEOUT_MS;
	while (under_test.callers[0].continued == 0)
		uv_run(under_test.loop->uv, UV_RUN_ONCE);
	assert_true(s->own.is_overdue);
	assert_true(is_ready(0));
	assert_int_equal(s->asks, 1);
	under_test.now_ms += REFRESH_VALID_MS;
	answer(s);
	assert_false(is_ready(0)); /* what it found is old */
	answer(s);
	turn();
	assert_int_equal(under_test.callers[0].continued, 2);
}

static void a_shorter_timeout_applies_to_a_pending_request(void **state)
{
	(void)state;
	add(0);
	assert_false(is_ready(0));
	refresh_set_timeout(under_test.refresh, SHORT_TIMEOUT_MS);
	under_test.now_ms += SHORT_TIMEOUT_MS;
	while (under_test.callers[0].continued == 0)
		uv_run(under_test.loop->uv, UV_RUN_ONCE);
	assert_int_equal(under_test.callers[0].continued, 1);
}

static void a_source_that_is_removed_is_not_waited_for(void **state)
{
	struct source *s = add(0);

	(void)state;
	assert_false(is_ready(0));
	refresh_remove_source(under_test.refresh, &s->own);
	turn();
	assert_int_equal(under_test.callers[0].continued, 1);
	refresh_remove_source(under_test.refresh, &s->own);
	assert_true(is_ready(0));
}

static void a_call_that_is_cancelled_does_not_go_on(void **state)
{
	struct source *s = add(0);

	(void)state;
	for (size_t i = 0; i < COUNT(under_test.callers); i++)
		assert_false(is_ready(i));
	refresh_cancel_wait(under_test.refresh, &under_test.callers[1].wait);
	answer(s);
	turn();
	assert_int_equal(under_test.callers[0].continued, 1);
	assert_int_equal(under_test.callers[1].continued, 0);
	assert_int_equal(under_test.callers[2].continued, 1);
}

static void an_answer_without_a_request_is_refused(void **state)
{
	struct source *s = add(0);

	(void)state;
	assert_false(refresh_source_answered(under_test.refresh, &s->own, 0));
	assert_false(refresh_source_answered(under_test.refresh, &s->own, 1));
	assert_false(is_ready(0));
	assert_false(refresh_source_answered(under_test.refresh, &s->own, s->number + 1));
	answer(s);
	assert_false(refresh_source_answered(under_test.refresh, &s->own, s->number));
}

TEST_GROUP(refresh)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(calls_do_not_wait_without_a_source),
		TEST(a_call_waits_until_all_have_answered),
		TEST(many_calls_at_once_cause_one_request_and_go_on_in_their_order),
		TEST(an_answer_is_recent_for_a_moment),
		TEST(an_answer_to_an_earlier_request_is_not_enough),
		TEST(an_answer_from_before_a_change_is_not_enough),
		TEST(a_request_from_before_a_change_is_repeated),
		TEST(a_call_behind_one_that_closes_sessions_is_answered_by_another_refresh),
		TEST(a_call_waits_for_a_publisher_that_is_expected),
		TEST(a_publisher_that_does_not_come_is_waited_for_a_moment),
		TEST(a_source_that_is_added_while_a_call_waits_is_asked_too),
		TEST(a_source_that_does_not_answer_is_waited_for_once_until_it_answers),
		TEST(a_shorter_timeout_applies_to_a_pending_request),
		TEST(a_source_that_is_removed_is_not_waited_for),
		TEST(a_call_that_is_cancelled_does_not_go_on),
		TEST(an_answer_without_a_request_is_refused),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
