/* SPDX-License-Identifier: MIT */
/* When netsession-samba looks at Samba's sessions, by a clock of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "group.h"
#include "samba/smbstatus/poll_plan.h"

enum { LOOK_MS = 50 };

static struct {
	struct poll_plan plan;
	int64_t now_ms;
	enum poll_plan_found found; /* by the looks that come */
	int64_t look_ms;            /* what they take */
	unsigned looks;
	int64_t looking_ms; /* all of them together */
} here;

static int begin(void **state)
{
	(void)state;
	here.plan = (struct poll_plan){ 0 };
	here.now_ms = 1000000;
	here.found = POLL_PLAN_SAME;
	here.look_ms = LOOK_MS;
	here.looks = 0;
	here.looking_ms = 0;
	return 0;
}

static int64_t due_ms(void)
{
	return poll_plan_due_ms(&here.plan, here.now_ms);
}

static bool ask(void)
{
	return poll_plan_refresh(&here.plan, here.now_ms);
}

static void look_begins(void)
{
	assert_int_equal(due_ms(), 0);
	poll_plan_began(&here.plan, here.now_ms);
	here.looks++;
}

static bool look_ends(void)
{
	here.now_ms += here.look_ms;
	here.looking_ms += here.look_ms;
	return poll_plan_ended(&here.plan, here.now_ms, here.found);
}

/* Looks whenever one is due, for so long. */
static void pass(int64_t span_ms)
{
	const int64_t until_ms = here.now_ms + span_ms;

	for (;;) {
		int64_t wait_ms = due_ms();

		if (wait_ms < 0 || here.now_ms + wait_ms >= until_ms)
			break;
		here.now_ms += wait_ms;
		look_begins();
		(void)look_ends();
	}
	if (here.now_ms < until_ms)
		here.now_ms = until_ms;
}

/* ---- who asks ---- */

static void nobody_asks_and_nothing_is_looked_at(void **state)
{
	(void)state;
	assert_int_equal(due_ms(), -1);
	pass(1000000);
	assert_int_equal(here.looks, 0);
}

static void who_asks_causes_a_look_at_once_and_is_answered_behind_it(void **state)
{
	(void)state;
	assert_true(ask());
	look_begins();
	assert_true(look_ends());
}

static void a_look_that_is_wanted_once_is_done_once(void **state)
{
	(void)state;
	poll_plan_want(&here.plan);
	pass(1000000);
	assert_int_equal(here.looks, 1);
}

static void never_two_at_once(void **state)
{
	(void)state;
	ask();
	look_begins();
	assert_int_equal(due_ms(), -1);
	ask();
	poll_plan_want(&here.plan);
	here.now_ms += 100000;
	assert_int_equal(due_ms(), -1);
}

static void a_look_under_way_does_not_count_for_who_asks_now(void **state)
{
	(void)state;
	ask();
	look_begins();
	ask();
	assert_false(look_ends());
	look_begins();
	assert_true(look_ends());
	assert_true(due_ms() > 0);
}

static void who_asks_between_two_looks_does_not_wait_for_the_next_one(void **state)
{
	(void)state;
	ask();
	look_begins();
	look_ends();
	assert_true(due_ms() > 0);
	ask();
	assert_int_equal(due_ms(), 0);
}

static void looks_go_on_for_a_minute_after_the_last_who_asked(void **state)
{
	(void)state;
	here.found = POLL_PLAN_CHANGED;
	ask();
	pass(POLL_PLAN_REFRESH_MS);
	assert_int_in_range(here.looks, 50, 60);
	here.looks = 0;
	pass(1000000);
	assert_int_equal(here.looks, 0);
	assert_int_equal(due_ms(), -1);
}

/* ---- how often ---- */

static void without_change_looks_become_rare(void **state)
{
	static const int64_t pauses_ms[] = { 1000, 2000, 4000, 8000, 15000, 15000 };

	(void)state;
	ask();
	for (size_t i = 0; i < sizeof pauses_ms / sizeof *pauses_ms; i++) {
		look_begins();
		look_ends();
		assert_int_equal(due_ms(), pauses_ms[i]);
		here.now_ms += pauses_ms[i];
	}
}

static void a_change_makes_them_frequent_again(void **state)
{
	(void)state;
	ask();
	pass(40000);
	assert_int_equal(here.plan.interval_ms, POLL_PLAN_MOST_MS);
	ask();
	here.found = POLL_PLAN_CHANGED;
	look_begins();
	look_ends();
	assert_int_equal(due_ms(), POLL_PLAN_LEAST_MS);
}

static void looks_take_a_tenth_of_the_time_at_most(void **state)
{
	static const int64_t taken_ms[] = { 1, 100, 300, 1500, 5000 };

	(void)state;
	here.found = POLL_PLAN_CHANGED;
	for (size_t i = 0; i < sizeof taken_ms / sizeof *taken_ms; i++) {
		int64_t began_ms = here.now_ms;

		here.look_ms = taken_ms[i];
		here.looks = 0;
		here.looking_ms = 0;
		for (int minute = 0; minute < 60; minute++) {
			here.plan.until_ms = here.now_ms + POLL_PLAN_REFRESH_MS; /* as by an ask */
			pass(POLL_PLAN_REFRESH_MS / 2);
		}
		assert_true(here.looks > 0);
		assert_true(here.looking_ms * 10 <= here.now_ms - began_ms + 10 * taken_ms[i]);
	}
}

/* ---- what fails ---- */

static void looks_that_fail_become_rarer_still(void **state)
{
	static const int64_t pauses_ms[] = { 1000, 2000, 4000, 8000, 16000, 30000, 30000 };

	(void)state;
	here.found = POLL_PLAN_FAILED;
	ask();
	for (size_t i = 0; i < sizeof pauses_ms / sizeof *pauses_ms; i++) {
		ask(); /* or nobody would look for so long */
		look_begins();
		look_ends();
		assert_int_equal(due_ms(), pauses_ms[i]);
		here.now_ms += pauses_ms[i];
	}
}

static void who_asks_while_looks_fail_is_answered_without_one(void **state)
{
	(void)state;
	here.found = POLL_PLAN_FAILED;
	ask();
	look_begins();
	assert_true(look_ends());
	assert_false(ask());
	assert_true(due_ms() > 0);
	here.now_ms += due_ms();
	assert_true(ask());
	assert_int_equal(due_ms(), 0);
}

static void who_asked_during_a_look_that_failed_is_answered_too(void **state)
{
	(void)state;
	here.found = POLL_PLAN_FAILED;
	ask();
	look_begins();
	ask();
	assert_true(look_ends());
	assert_true(due_ms() > 0);
}

static void a_look_that_hangs_is_not_repeated_for_long(void **state)
{
	(void)state;
	here.found = POLL_PLAN_FAILED;
	here.look_ms = 20000;
	ask();
	look_begins();
	look_ends();
	assert_int_equal(due_ms(), POLL_PLAN_FAILING_MS);
}

static void what_works_again_is_looked_at_as_ever(void **state)
{
	(void)state;
	here.found = POLL_PLAN_FAILED;
	ask();
	pass(50000);
	ask();
	here.found = POLL_PLAN_SAME;
	here.now_ms += due_ms();
	look_begins();
	assert_true(look_ends());
	assert_int_equal(due_ms(), POLL_PLAN_LEAST_MS);
	assert_true(ask());
}

/* ---- what is expected ---- */

static void a_change_that_is_expected_is_looked_for_though_nobody_asks(void **state)
{
	(void)state;
	here.found = POLL_PLAN_SAME;
	poll_plan_want(&here.plan);
	pass(1000);
	poll_plan_expect(&here.plan, here.now_ms);
	here.looks = 0;
	pass(POLL_PLAN_EXPECT_MS);
	assert_int_in_range(here.looks, 3, 10);
	here.looks = 0;
	pass(1000000);
	assert_int_equal(here.looks, 0);
}

#define TEST(NAME) cmocka_unit_test_setup(NAME, begin)

TEST_GROUP(poll_plan)
{
	const struct CMUnitTest tests[] = {
		TEST(nobody_asks_and_nothing_is_looked_at),
		TEST(who_asks_causes_a_look_at_once_and_is_answered_behind_it),
		TEST(a_look_that_is_wanted_once_is_done_once),
		TEST(never_two_at_once),
		TEST(a_look_under_way_does_not_count_for_who_asks_now),
		TEST(who_asks_between_two_looks_does_not_wait_for_the_next_one),
		TEST(looks_go_on_for_a_minute_after_the_last_who_asked),
		TEST(without_change_looks_become_rare),
		TEST(a_change_makes_them_frequent_again),
		TEST(looks_take_a_tenth_of_the_time_at_most),
		TEST(looks_that_fail_become_rarer_still),
		TEST(who_asks_while_looks_fail_is_answered_without_one),
		TEST(who_asked_during_a_look_that_failed_is_answered_too),
		TEST(a_look_that_hangs_is_not_repeated_for_long),
		TEST(what_works_again_is_looked_at_as_ever),
		TEST(a_change_that_is_expected_is_looked_for_though_nobody_asks),
	};

	return cmocka_run_group_tests_name("poll_plan", tests, NULL, NULL);
}
