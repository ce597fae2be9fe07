/* SPDX-License-Identifier: MIT */
/* Which sessions of one snapshot are those of the next, and what is reported of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "group.h"
#include "sessions/tracker.h"

static struct {
	struct tracker *tracker;
	struct snapshot *next;
	char events[512]; /* "+KEY USER@START", "=KEY ...", "-KEY ..." */
} here;

static void begin(const struct tracker_settings *settings)
{
	memset(&here, 0, sizeof here);
	here.tracker = tracker_new(settings);
	assert_non_null(here.tracker);
	here.next = tracker_begin_snapshot(here.tracker);
	assert_non_null(here.next);
}

static void begin_by_names(void)
{
	const struct tracker_settings settings = { .same_start_s = 2, .state_bytes = sizeof(int) };

	begin(&settings);
}

static void begin_by_identity(void)
{
	const struct tracker_settings settings = { .has_identities = true };

	begin(&settings);
}

static void end(void)
{
	snapshot_free(here.next);
	tracker_free(here.tracker);
}

static void session(const char *user, int64_t started_s)
{
	const struct netsession_row row = { .client = "pc", .user = user };

	snapshot_add(here.next, &row, started_s, NULL);
}

static void session_with(uint64_t identity, const char *user, int64_t started_s)
{
	const struct netsession_row row = { .client = "pc", .user = user };

	snapshot_add(here.next, &row, started_s, &(struct session_identity){ { identity } });
}

static uint32_t compare(void)
{
	uint32_t missing = 0;

	assert_true(tracker_compare(here.tracker, here.next, &missing));
	return missing;
}

/* Takes the snapshot, and begins another one. */
static void assert_events(const char *expected)
{
	static const char signs[] = {
		[TRACKER_CLOSED] = '-', [TRACKER_SEEN] = '=', [TRACKER_OPENED] = '+'
	};
	struct tracker_event e;
	size_t used = 0;

	here.events[0] = '\0';
	tracker_update(here.tracker, here.next);
	while (tracker_next_event(here.tracker, &e)) {
		const struct tracked_session *s = e.now != NULL ? e.now : e.before;

		used += (size_t)snprintf(here.events + used, sizeof here.events - used,
		                         "%s%c%u %s@%d", used > 0 ? ", " : "", signs[e.kind],
		                         (unsigned)s->key, s->row.user, (int)s->started_s);
	}
	assert_string_equal(here.events, expected);
	assert_false(tracker_next_event(here.tracker, &e));
	here.next = tracker_begin_snapshot(here.tracker);
	assert_non_null(here.next);
}

static void what_opens_stays_and_closes_is_reported_once(void **state)
{
	(void)state;
	begin_by_names();
	session("b", 20);
	session("a", 30);
	assert_int_equal(compare(), 0);
	assert_events("+1 b@20, +2 a@30");
	session("a", 30);
	session("c", 10);
	assert_int_equal(compare(), 1);
	assert_events("-1 b@20, =2 a@30, +3 c@10");
	assert_int_equal(compare(), 2);
	assert_events("-2 a@30, -3 c@10");
	end();
}

static void sessions_of_the_same_second_are_paired_before_those_that_are_near(void **state)
{
	(void)state;
	begin_by_names();
	session("a", 10);
	session("a", 12);
	compare();
	assert_events("+1 a@10, +2 a@12");
	session("a", 12);
	assert_int_equal(compare(), 1);
	assert_events("-1 a@10, =2 a@12");
	end();
}

static void a_start_may_waver_but_not_be_another_one(void **state)
{
	(void)state;
	begin_by_names();
	session("a", 10);
	compare();
	assert_events("+1 a@10");
	session("a", 11);
	compare();
	assert_events("=1 a@10");
	session("a", 13);
	assert_int_equal(compare(), 1);
	assert_events("-1 a@10, +2 a@13");
	end();
}

static void a_late_answer_moves_all_starts_and_the_earlier_ones_are_right(void **state)
{
	(void)state;
	begin_by_names();
	here.next->max_delay_s = 5;
	session("a", 14);
	session("b", 24);
	compare();
	assert_events("+1 a@14, +2 b@24");
	here.next->max_delay_s = 1;
	session("a", 10);
	session("b", 20);
	session("c", 30);
	assert_int_equal(compare(), 0);
	assert_events("=1 a@10, =2 b@20, +3 c@30");
	here.next->max_delay_s = 7;
	session("a", 16);
	session("b", 26);
	session("c", 36);
	assert_int_equal(compare(), 0);
	assert_events("=1 a@10, =2 b@20, =3 c@30");
	end();
}

static void with_identities_names_and_starts_may_change(void **state)
{
	(void)state;
	begin_by_identity();
	session_with(7, "a", 10);
	session_with(8, "a", 10);
	compare();
	assert_events("+1 a@10, +2 a@10");
	session_with(8, "z", 99);
	session_with(9, "a", 10);
	assert_int_equal(compare(), 1);
	assert_events("-1 a@10, =2 z@99, +3 a@10");
	assert_int_equal(snapshot_find_names(tracker_sessions(here.tracker), "pc", "a", NULL), 1);
	assert_int_equal(snapshot_find_names(tracker_sessions(here.tracker), "pc", "b", NULL), 0);
	assert_string_equal(tracker_find_key(here.tracker, 2)->row.user, "z");
	assert_null(tracker_find_key(here.tracker, 1));
	end();
}

static void what_is_kept_stays_the_session_that_it_was(void **state)
{
	const struct snapshot *now;

	(void)state;
	begin_by_names();
	session("a", 10);
	session("b", 10);
	compare();
	assert_events("+1 a@10, +2 b@10");
	session("b", 10);
	assert_int_equal(compare(), 1);
	now = tracker_sessions(here.tracker);
	for (uint32_t i = 0; i < now->count; i++)
		if (now->sessions[i]->pair == NULL)
			tracker_keep(here.tracker, here.next, now->sessions[i]);
	assert_int_equal(compare(), 0);
	assert_events("=1 a@10, =2 b@10");
	end();
}

static void a_session_of_either_answer_is_open(void **state)
{
	struct snapshot *first;

	(void)state;
	begin_by_names();
	session("a", 10);
	session("b", 10);
	session("c", 10);
	compare();
	assert_events("+1 a@10, +2 b@10, +3 c@10");
	session("a", 10);
	session("new", 20);
	assert_int_equal(compare(), 2);
	first = here.next;
	here.next = tracker_begin_snapshot(here.tracker);
	session("b", 11);
	session("a", 10);
	assert_true(tracker_merge(here.tracker, here.next, first));
	snapshot_free(first);
	assert_int_equal(compare(), 1);
	assert_events("-3 c@10, =1 a@10, =2 b@10, +4 new@20");
	end();
}

static void state_is_zero_at_first_and_carried_over(void **state)
{
	(void)state;
	begin_by_names();
	session("a", 10);
	compare();
	assert_events("+1 a@10");
	assert_int_equal(*(int *)tracker_find_key(here.tracker, 1)->state, 0);
	*(int *)tracker_find_key(here.tracker, 1)->state = 42;
	session("a", 10);
	session("b", 10);
	compare();
	assert_events("=1 a@10, +2 b@10");
	assert_int_equal(*(int *)tracker_find_key(here.tracker, 1)->state, 42);
	assert_int_equal(*(int *)tracker_find_key(here.tracker, 2)->state, 0);
	end();
}

/* Takes the snapshot without looking at what has happened, and begins another one. */
static void go_on(void)
{
	struct tracker_event e;

	tracker_update(here.tracker, here.next);
	while (tracker_next_event(here.tracker, &e))
		;
	here.next = tracker_begin_snapshot(here.tracker);
	assert_non_null(here.next);
}

static void a_start_that_is_not_known_may_be_any(void **state)
{
	(void)state;
	begin_by_names();
	session("a", SNAPSHOT_START_UNKNOWN);
	session("a", 50);
	assert_int_equal(compare(), 0);
	go_on();
	session("a", 30); /* it is known now */
	session("a", 50);
	assert_int_equal(compare(), 0);
	go_on();
	session("a", SNAPSHOT_START_UNKNOWN); /* and now it is not */
	session("a", SNAPSHOT_START_UNKNOWN);
	session("a", SNAPSHOT_START_UNKNOWN);
	assert_int_equal(compare(), 0);
	go_on();
	session("a", SNAPSHOT_START_UNKNOWN);
	session("b", SNAPSHOT_START_UNKNOWN);
	assert_int_equal(compare(), 2);
	end();
}

TEST_GROUP(tracker)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_start_that_is_not_known_may_be_any),
		cmocka_unit_test(what_opens_stays_and_closes_is_reported_once),
		cmocka_unit_test(sessions_of_the_same_second_are_paired_before_those_that_are_near),
		cmocka_unit_test(a_start_may_waver_but_not_be_another_one),
		cmocka_unit_test(a_late_answer_moves_all_starts_and_the_earlier_ones_are_right),
		cmocka_unit_test(with_identities_names_and_starts_may_change),
		cmocka_unit_test(what_is_kept_stays_the_session_that_it_was),
		cmocka_unit_test(a_session_of_either_answer_is_open),
		cmocka_unit_test(state_is_zero_at_first_and_carried_over),
	};

	return cmocka_run_group_tests_name("tracker", tests, NULL, NULL);
}
