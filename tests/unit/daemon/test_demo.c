/* SPDX-License-Identifier: MIT */
/* Sessions that nobody has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/text.h"
#include "daemon/demo.h"
#include "group.h"

#define MOST 5000

struct seen {
	uint32_t id;
	struct netsession_row row; /* its texts are the table's */
};

static struct net_loop *loop;
static struct session_table *table;
static struct demo *demo;
static int64_t time_ms;
static struct seen before[MOST], after[MOST];

static int64_t now_ms(void *context)
{
	(void)context;
	return time_ms;
}

static void begin(uint32_t sessions, uint64_t seed, uint32_t most)
{
	loop = net_loop_new();
	table = session_table_new(most);
	time_ms = 100000000;
	demo = demo_new(loop, table, sessions, seed, now_ms, NULL);
	assert_non_null(demo);
}

static void end(void)
{
	demo_free(demo);
	session_table_free(table);
	net_loop_free(loop);
}

static void steps(uint32_t count)
{
	while (count-- > 0) {
		time_ms += DEMO_STEP_MS;
		demo_step(demo);
	}
}

static uint32_t look(struct seen seen[MOST])
{
	struct session_walk w;
	uint32_t count = 0;

	session_walk_begin(&w, table, NULL, 0);
	while (session_walk_next(&w, time_ms, &seen[count].row, &seen[count].id))
		count++;
	return count;
}

static void all_are_there_at_once_and_look_like_sessions(void **state)
{
	uint32_t addresses = 0, names = 0, v6 = 0, computers = 0, guests = 0, idle = 0, busy = 0;

	(void)state;
	begin(MOST, 1, MOST);
	assert_int_equal(look(before), MOST);
	for (uint32_t i = 0; i < MOST; i++) {
		const struct netsession_row *row = &before[i].row;

		assert_true(text_utf8_is_valid(row->client) && text_utf8_is_valid(row->user));
		assert_int_in_range(strlen(row->user), 3, 40);
		assert_int_in_range(row->active_s, 0, 10 * 3600);
		assert_int_in_range(row->idle_s, 0, row->active_s);
		assert_int_in_range(row->num_opens, 0, 100);
		assert_string_equal(row->client_type, "");
		assert_int_equal(strncmp(row->transport, "\\Device\\", 8), 0);
		addresses += strncmp(row->client, "\\\\10.", 5) == 0;
		names += strncmp(row->client, "\\\\WS-", 5) == 0;
		v6 += strncmp(row->client, "\\\\[fd", 5) == 0;
		computers += row->user[strlen(row->user) - 1] == '$';
		guests += (row->user_flags & 1) != 0;
		idle += row->idle_s > 600;
		busy += row->num_opens > 0;
	}
	assert_int_equal(addresses + names + v6, MOST);
	assert_int_in_range(addresses, MOST / 2, MOST);
	assert_int_in_range(names, MOST / 20, MOST / 2);
	assert_int_in_range(v6, MOST / 50, MOST / 2);
	assert_int_in_range(computers, 1, MOST / 10);
	assert_int_in_range(guests, 1, MOST / 20);
	assert_int_in_range(idle, MOST / 10, MOST);
	assert_int_in_range(busy, MOST / 2, MOST);
	end();
}

static void the_same_seed_gives_the_same_sessions_for_all_time(void **state)
{
	static char texts[2][MOST][64];
	uint32_t count[2];

	(void)state;
	for (size_t run = 0; run < 2; run++) {
		struct seen *seen = run == 0 ? before : after;

		begin(300, 77, MOST);
		steps(2000);
		count[run] = look(seen);
		for (uint32_t i = 0; i < count[run]; i++) {
			snprintf(texts[run][i], sizeof *texts[run], "%s %s", seen[i].row.client,
			         seen[i].row.user);
			memset(&seen[i].row, 0, offsetof(struct netsession_row, num_opens));
		}
		end();
	}
	assert_int_equal(count[0], count[1]);
	assert_memory_equal(before, after, count[0] * sizeof *before);
	assert_memory_equal(texts[0], texts[1], count[0] * sizeof *texts[0]);
	begin(300, 78, MOST);
	assert_int_equal(look(after), 300);
	end();
	assert_memory_not_equal(before, after, sizeof *before * 10);
}

/* How many of before are not among after. Both are in the order of ids. */
static uint32_t missing(const struct seen *from, uint32_t from_count, const struct seen *in,
                        uint32_t in_count)
{
	uint32_t count = 0, at = 0;

	for (uint32_t i = 0; i < from_count; i++) {
		while (at < in_count && in[at].id < from[i].id)
			at++;
		count += at == in_count || in[at].id != from[i].id;
	}
	return count;
}

static void they_come_and_go_a_few_at_a_time(void **state)
{
	static const uint32_t sizes[] = { 1, 3, 19, 200, MOST };

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		uint32_t came = 0, went = 0, there, then;

		begin(sizes[i], 5, MOST);
		there = look(before);
		for (uint32_t step = 0; step < 400; step++) {
			uint32_t more, fewer;

			steps(1);
			then = look(after);
			more = missing(after, then, before, there);
			fewer = missing(before, there, after, then);
			assert_int_in_range(fewer, 0, DEMO_STEP_CHANGES);
			assert_int_in_range(more, 0, 2 * DEMO_STEP_CHANGES);
			assert_int_in_range(then, sizes[i] - sizes[i] / 20, sizes[i]);
			came += more;
			went += fewer;
			there = then;
			memcpy(before, after, sizeof before);
		}
		assert_int_in_range(came, 10, 4000);
		assert_int_in_range(went, 10, 4000);
		end();
	}
}

static void the_idle_get_busy_and_the_busy_idle(void **state)
{
	uint32_t woke = 0, opened = 0, closed = 0, count;

	(void)state;
	begin(50, 5, MOST);
	count = look(before);
	steps(60);
	for (uint32_t i = look(after); i-- > 0;)
		for (uint32_t k = 0; k < count; k++) {
			if (after[i].id != before[k].id)
				continue;
			assert_int_equal(after[i].row.active_s, before[k].row.active_s + 30);
			woke += after[i].row.idle_s < before[k].row.idle_s;
			opened += after[i].row.num_opens > before[k].row.num_opens;
			closed += after[i].row.num_opens < before[k].row.num_opens;
		}
	assert_int_in_range(woke, 5, 50);
	assert_int_in_range(opened, 3, 50);
	assert_int_in_range(closed, 3, 50);
	end();
}

static void one_that_is_closed_goes_and_another_comes_later(void **state)
{
	struct session_filter filter;
	uint32_t last, there;

	(void)state;
	begin(40, 5, MOST);
	(void)look(before);
	last = before[39].id;
	filter = (struct session_filter){ before[7].row.client, before[7].row.user };
	assert_int_in_range(session_table_close(table, &filter), 1, 40);
	there = look(after);
	assert_int_in_range(missing(before, 40, after, there), 1, 39);
	there = look(after);
	assert_int_equal(session_table_close(table, NULL), there);
	assert_int_equal(session_table_count(table), 0);
	steps(300);
	assert_int_in_range(session_table_count(table), 38, 40);
	for (uint32_t i = look(after); i-- > 0;)
		assert_true(after[i].id > last);
	end();
}

static void those_without_room_come_when_there_is_some(void **state)
{
	struct session_owner other = { .name = "test" };
	uint32_t ids[10];

	(void)state;
	loop = net_loop_new();
	table = session_table_new(50);
	for (uint32_t i = 0; i < 10; i++)
		ids[i] = session_table_add(table, &(struct session_facts){ 0 }, &other, i);
	demo = demo_new(loop, table, 60, 5, now_ms, NULL);
	assert_non_null(demo);
	assert_int_equal(session_table_count(table), 50);
	steps(100);
	for (uint32_t i = 0; i < 9; i++)
		session_table_remove(table, ids[i]);
	steps(100);
	assert_int_in_range(session_table_count(table), 45, 50);
	demo_free(demo);
	assert_int_equal(session_table_count(table), 1); /* is not the demo's */
	session_table_free(table);
	net_loop_free(loop);
}

static void new_ids_are_remembered(void **state)
{
	uint32_t count;

	(void)state;
	begin(40, 5, MOST);
	session_table_skip_ids(table, UINT32_MAX - 5);
	steps(400);
	count = look(after);
	assert_int_in_range(after[0].id, 1, 2000); /* numbered anew meanwhile */
	assert_int_equal(session_table_close(table, NULL), count);
	assert_int_equal(session_table_count(table), 0);
	end();
}

static uint32_t touched; /* whose idle time the demo's own timer changed */

static void finished(void *context)
{
	net_timer_stop(*(struct net_timer **)context);
	for (uint32_t i = look(after); i-- > 0;)
		touched += after[i].row.idle_s == 0;
	demo_free(demo);
}

static void they_move_by_themselves_while_a_loop_runs(void **state)
{
	struct net_timer *stop;

	(void)state;
	begin(100, 5, MOST);
	time_ms += 10000; /* longer than the loop runs: nobody is as fresh as what moves */
	stop = net_timer_start(loop, 3 * DEMO_STEP_MS + DEMO_STEP_MS / 2, finished, &stop);
	assert_non_null(stop);
	touched = 0;
	net_loop_run(loop); /* ends, since the demo's timer went with it */
	assert_int_in_range(touched, 1, 3 * 2 * DEMO_STEP_CHANGES);
	assert_int_equal(session_table_count(table), 0);
	session_table_free(table);
	net_loop_free(loop);
}

static void none_is_allowed(void **state)
{
	(void)state;
	begin(0, 5, MOST);
	steps(10);
	assert_int_equal(session_table_count(table), 0);
	end();
	demo_free(NULL);
}

TEST_GROUP(demo)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_are_there_at_once_and_look_like_sessions),
		cmocka_unit_test(the_same_seed_gives_the_same_sessions_for_all_time),
		cmocka_unit_test(they_come_and_go_a_few_at_a_time),
		cmocka_unit_test(the_idle_get_busy_and_the_busy_idle),
		cmocka_unit_test(one_that_is_closed_goes_and_another_comes_later),
		cmocka_unit_test(those_without_room_come_when_there_is_some),
		cmocka_unit_test(new_ids_are_remembered),
		cmocka_unit_test(they_move_by_themselves_while_a_loop_runs),
		cmocka_unit_test(none_is_allowed),
	};

	return cmocka_run_group_tests_name("demo", tests, NULL, NULL);
}
