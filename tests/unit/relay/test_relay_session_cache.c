/* SPDX-License-Identifier: MIT */
/* The relay's session cache, from one answer of Samba's to the next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/client_name.h"
#include "group.h"
#include "samba/relay/session_cache.h"

#define NOW_S 1800000000
#define MOST  600

/* ---- what Samba has ---- */

struct session {
	const char *client, *user;
	int64_t began_s;
	uint32_t num_opens;
	bool is_there;
	uint32_t id;              /* when it was first listed; 0: it was not */
	bool is_left_out, is_new; /* of the next answer; for smbstatus */
};

struct lab {
	struct session_cache *listing;
	struct session sessions[MOST];
	size_t count;
	int64_t now_s;  /* Samba's */
	int64_t late_s; /* how late the answer is */
	const char *transport;
	uint32_t seed;
	bool has_smbstatus, is_current, wants_transports;
};

static uint32_t any(struct lab *l, uint32_t below)
{
	l->seed = l->seed * 1664525 + 1013904223;
	return (uint32_t)(((uint64_t)l->seed * below) >> 32);
}

static void lab_init(struct lab *l, uint32_t first_id)
{
	*l = (struct lab){ .now_s = NOW_S };
	l->listing = session_cache_new(100000, first_id);
}

static void lab_fini(struct lab *l)
{
	session_cache_free(l->listing);
}

static struct session *begin(struct lab *l, const char *client, const char *user, int64_t began_s)
{
	struct session *s = &l->sessions[l->count++];

	assert_true(l->count <= MOST);
	*s = (struct session){
		.client = client, .user = user, .began_s = began_s, .num_opens = 1, .is_there = true
	};
	return s;
}

static const char *transport(void *context, const char *client, const char *user)
{
	(void)client;
	(void)user;
	return ((struct lab *)context)->transport;
}

/* smbstatus, which never leaves sessions out. */
static uint32_t there(void *context, const char *client, const char *user, int64_t began_s)
{
	const struct lab *l = context;
	uint32_t count = 0;

	for (size_t i = 0; i < l->count; i++)
		count += l->sessions[i].is_there && !l->sessions[i].is_new &&
		         strcmp(l->sessions[i].client, client) == 0 &&
		         strcmp(l->sessions[i].user, user) == 0 &&
		         (began_s == 0 || llabs(l->sessions[i].began_s - began_s) <= 2);
	return count;
}

static WCHAR *wide(const char *text)
{
	WCHAR *units = calloc(strlen(text) + 1, sizeof *units);

	for (size_t i = 0; text[i] != '\0'; i++)
		units[i] = (WCHAR)(unsigned char)text[i];
	return units;
}

/* Samba's answer, its sessions in an order of its own: from one that is somewhere in their midst.
 */
static NET_API_STATUS take(struct lab *l, size_t from)
{
	SESSION_INFO_1 infos[MOST] = { 0 };
	uint32_t entries = 0;
	NET_API_STATUS status;
	const struct relay_smbstatus outside = { .find_transport = transport,
		                                 .count_sessions = l->has_smbstatus ? there : NULL,
		                                 .context = l,
		                                 .is_current = l->is_current,
		                                 .wants_transports = l->wants_transports };

	for (size_t i = 0; i < l->count; i++) {
		const struct session *s = &l->sessions[(i + from) % l->count];

		if (s->is_there && !s->is_left_out)
			infos[entries++] = (SESSION_INFO_1){
				.sesi1_cname = wide(s->client),
				.sesi1_username = wide(s->user),
				.sesi1_num_opens = s->num_opens,
				.sesi1_time = (DWORD)(l->now_s - s->began_s),
			};
	}
	status = session_cache_update(l->listing, infos, entries, (l->now_s) * 1000,
	                              (l->now_s + l->late_s) * 1000 + 400, &outside);
	for (uint32_t i = 0; i < entries; i++) {
		free(infos[i].sesi1_cname);
		free(infos[i].sesi1_username);
	}
	return status;
}

/* ---- what the table has ---- */

struct row {
	uint32_t id, active_s, idle_s, num_opens;
	char client[64], user[64], transport[64];
};

static size_t rows_of(const struct lab *l, struct row rows[])
{
	struct session_walk walk;
	struct netsession_row row;
	size_t count = 0;
	uint32_t id;

	session_walk_begin(&walk, session_cache_table(l->listing), NULL, 0);
	while (session_walk_next(&walk, l->now_s * 1000, &row, &id)) {
		assert_true(count < MOST);
		rows[count] =
			(struct row){ id, row.active_s, row.idle_s, row.num_opens, "", "", "" };
		snprintf(rows[count].client, 64, "%s", row.client);
		snprintf(rows[count].user, 64, "%s", row.user);
		snprintf(rows[count].transport, 64, "%s", row.transport);
		count++;
	}
	return count;
}

/* Each session that is there has one row, of the id that it had before, if it was listed; which it
 * gets else. */
static void assert_ids_stay(struct lab *l)
{
	struct row rows[MOST];
	size_t count = rows_of(l, rows), there = 0;

	for (size_t i = 0; i < l->count; i++) {
		struct session *s = &l->sessions[i];
		struct row *found = NULL;

		if (!s->is_there)
			continue;
		there++;
		for (size_t at = 0; at < count; at++)
			if (rows[at].id != 0 && client_name_equal(rows[at].client, s->client) &&
			    strcmp(rows[at].user, s->user) == 0 &&
			    (s->id != 0 ? rows[at].id == s->id
			                : rows[at].active_s == l->now_s - s->began_s))
				found = &rows[at];
		assert_non_null(found);
		assert_int_equal(found->active_s, l->now_s - s->began_s);
		assert_int_equal(found->num_opens, s->num_opens);
		assert_int_equal(found->idle_s, 0);
		s->id = found->id;
		found->id = 0;
	}
	assert_int_equal(count, there);
}

/* ---- sentences ---- */

static void ids_stay_while_sessions_open_and_close(void **state)
{
	static const char *const clients[] = { "10.0.0.1", "10.0.0.2", "::1" };
	static const char *const users[] = { "alice", "bob", "LAB\\carol" };

	(void)state;
	for (uint32_t seed = 1; seed <= 40; seed++) {
		struct lab *l = calloc(1, sizeof *l);

		lab_init(l, 0);
		l->seed = seed;
		/* No two of one client and user begin at once here: the others' sentence is below.
		 */
		for (int round = 0; round < 60; round++) {
			l->now_s += 20 + any(l, 10);
			for (uint32_t n = any(l, 6); n > 0 && l->count < MOST; n--)
				(void)begin(l, clients[any(l, 3)], users[any(l, 3)],
				            l->now_s - 3 * (int64_t)n);
			for (uint32_t n = any(l, 6); n > 0 && l->count > 0; n--)
				l->sessions[any(l, (uint32_t)l->count)].is_there = false;
			if (l->count > 0)
				l->sessions[any(l, (uint32_t)l->count)].num_opens = any(l, 9);
			l->late_s = any(l, 4) == 0 ? any(l, 3) : 0;
			if (round < 2)
				l->late_s = 0; /* from then on it is known when they began */
			assert_int_equal(take(l, any(l, 100)), 0);
			if (l->late_s == 0)
				assert_ids_stay(l);
		}
		lab_fini(l);
		free(l);
	}
}

static void when_one_of_many_sessions_of_a_user_closes_the_others_stay(void **state)
{
	(void)state;
	for (int64_t late_s = 0; late_s <= 1; late_s++)
		for (size_t gone = 0; gone < 30; gone++) {
			struct lab *l = calloc(1, sizeof *l);

			lab_init(l, 7);
			for (int i = 0; i < 30; i++)
				(void)begin(l, "10.0.0.1", "alice", NOW_S - 100 + i + i / 3);
			assert_int_equal(take(l, 0), 0);
			assert_ids_stay(l);
			l->sessions[gone].is_there = false;
			l->late_s = late_s;
			assert_int_equal(take(l, 11), 0);
			assert_ids_stay(l);
			lab_fini(l);
			free(l);
		}
}

static void two_sessions_of_a_client_and_user_may_start_in_the_same_second(void **state)
{
	struct row before[MOST], after[MOST];
	struct lab l;

	(void)state;
	lab_init(&l, 0);
	(void)begin(&l, "10.0.0.1", "alice", NOW_S - 5);
	(void)begin(&l, "10.0.0.1", "alice", NOW_S - 5);
	(void)begin(&l, "10.0.0.1", "alice", NOW_S - 4);
	assert_int_equal(take(&l, 0), 0);
	assert_int_equal(rows_of(&l, before), 3);
	for (size_t from = 0; from < 3; from++) {
		assert_int_equal(take(&l, from), 0);
		assert_int_equal(rows_of(&l, after), 3);
		for (size_t i = 0; i < 3; i++)
			assert_int_equal(after[i].id, before[i].id);
	}
	l.sessions[1].is_there = false;
	assert_int_equal(take(&l, 0), 0);
	assert_int_equal(rows_of(&l, after), 2);
	assert_int_equal(after[0].id, before[0].id);
	assert_int_equal(after[1].id, before[2].id);
	lab_fini(&l);
}

static void times_may_waver_by_a_second(void **state)
{
	struct row rows[MOST];
	struct lab l;
	uint32_t ids[2];

	(void)state;
	lab_init(&l, 0);
	(void)begin(&l, "10.0.0.1", "alice", NOW_S - 50);
	(void)begin(&l, "10.0.0.1", "alice", NOW_S - 40);
	assert_int_equal(take(&l, 0), 0);
	assert_int_equal(rows_of(&l, rows), 2);
	ids[0] = rows[0].id;
	ids[1] = rows[1].id;
	for (int i = 0; i < 16; i++) {
		/* Each by another amount, which no delay of the answer explains. */
		l.sessions[0].began_s = NOW_S - 50 + i % 2;
		l.sessions[1].began_s = NOW_S - 40 + i / 2 % 3 - 1;
		assert_int_equal(take(&l, 0), 0);
		assert_int_equal(rows_of(&l, rows), 2);
		assert_int_equal(rows[0].id, ids[0]);
		assert_int_equal(rows[1].id, ids[1]);
		assert_int_in_range(rows[0].active_s, 49, 51);
		assert_int_in_range(rows[1].active_s, 39, 42);
	}
	lab_fini(&l);
}

static void a_session_that_starts_in_the_future_has_lasted_0_seconds(void **state)
{
	struct row rows[MOST];
	struct lab l;
	uint32_t id;

	(void)state;
	lab_init(&l, 0);
	(void)begin(&l, "10.0.0.1", "alice", NOW_S + 1); /* 4294967295 */
	assert_int_equal(take(&l, 0), 0);
	assert_int_equal(rows_of(&l, rows), 1);
	assert_int_equal(rows[0].active_s, 0);
	id = rows[0].id;
	l.now_s += 10;
	assert_int_equal(take(&l, 0), 0);
	assert_int_equal(rows_of(&l, rows), 1);
	assert_int_equal(rows[0].active_s, 9);
	assert_int_equal(rows[0].id, id);
	/* Nor do durations that no session can have. */
	l.sessions[0].began_s = l.now_s + 0x70000000;
	assert_int_equal(take(&l, 0), 0);
	assert_int_equal(rows_of(&l, rows), 1);
	assert_int_equal(rows[0].active_s, 0);
	lab_fini(&l);
}

static void a_slow_answer_does_not_make_sessions_younger(void **state)
{
	struct row rows[MOST];
	struct lab l;

	(void)state;
	lab_init(&l, 0);
	(void)begin(&l, "10.0.0.1", "alice", NOW_S - 100);
	(void)begin(&l, "10.0.0.1", "bob", NOW_S - 70);
	assert_int_equal(take(&l, 0), 0);
	assert_ids_stay(&l);
	l.late_s = 30;
	assert_int_equal(take(&l, 0), 0);
	assert_ids_stay(&l);
	/* Nor older than a faster one says. */
	lab_fini(&l);
	lab_init(&l, 0);
	(void)begin(&l, "10.0.0.1", "alice", NOW_S - 100);
	l.late_s = 30;
	assert_int_equal(take(&l, 0), 0);
	assert_int_equal(rows_of(&l, rows), 1);
	assert_int_equal(rows[0].active_s, 70);
	l.sessions[0].id = rows[0].id;
	l.late_s = 0;
	assert_int_equal(take(&l, 0), 0);
	assert_ids_stay(&l);
	lab_fini(&l);
}

static void a_session_that_starts_later_is_another_one(void **state)
{
	struct row rows[MOST];
	struct lab l;
	uint32_t id;

	(void)state;
	lab_init(&l, 0);
	(void)begin(&l, "10.0.0.1", "alice", NOW_S - 100);
	assert_int_equal(take(&l, 0), 0);
	assert_int_equal(rows_of(&l, rows), 1);
	id = rows[0].id;
	l.sessions[0].began_s = NOW_S - 97;
	assert_int_equal(take(&l, 0), 0);
	assert_int_equal(rows_of(&l, rows), 1);
	assert_true(rows[0].id > id);
	assert_int_equal(rows[0].active_s, 97);
	lab_fini(&l);
}

static void a_session_that_was_taken_for_another_one_keeps_its_id(void **state)
{
	struct row rows[MOST];
	struct lab l;
	uint32_t id;

	(void)state;
	lab_init(&l, 0);
	(void)begin(&l, "10.0.0.1", "alice", NOW_S - 100);
	assert_int_equal(take(&l, 0), 0);
	l.sessions[0].began_s = NOW_S - 98; /* she logged on again */
	assert_int_equal(take(&l, 0), 0);
	assert_int_equal(rows_of(&l, rows), 1);
	id = rows[0].id;
	for (int i = 0; i < 6; i++) {
		l.sessions[0].began_s = NOW_S - 98 + i % 2;
		assert_int_equal(take(&l, 0), 0);
		assert_int_equal(rows_of(&l, rows), 1);
		assert_int_equal(rows[0].id, id);
		assert_int_in_range(rows[0].active_s, 96, 100);
	}
	/* Nor does her session grow old because she logs on again and again. */
	for (int i = 0; i < 20; i++) {
		l.sessions[0].began_s += 2;
		assert_int_equal(take(&l, 0), 0);
	}
	assert_int_equal(rows_of(&l, rows), 1);
	assert_int_in_range(rows[0].active_s, 55, 60);
	lab_fini(&l);
}

/* ---- incomplete answers, as Samba 4.22 to 4.25 gives them now and then ---- */

static void lab_with_smbstatus(struct lab *l)
{
	lab_init(l, 0);
	l->has_smbstatus = true;
	(void)begin(l, "10.0.0.1", "alice", NOW_S - 100);
	(void)begin(l, "10.0.0.1", "alice", NOW_S - 50);
	(void)begin(l, "10.0.0.2", "bob", NOW_S - 30);
	assert_int_equal(take(l, 0), 0);
	assert_ids_stay(l);
}

static void leave_out(struct lab *l, size_t from, size_t end)
{
	for (size_t i = 0; i < l->count; i++)
		l->sessions[i].is_left_out = i >= from && i < end;
}

static void an_incomplete_answer_changes_nothing_before_smbstatus_is_asked(void **state)
{
	struct lab l;

	(void)state;
	for (size_t first = 0; first < 3; first++)
		for (size_t end = first + 1; end <= 3; end++) {
			lab_with_smbstatus(&l);
			leave_out(&l, first, end);
			assert_int_equal(take(&l, 0), SESSION_CACHE_SHORT);
			assert_ids_stay(&l);
			leave_out(&l, 0, 0);
			assert_int_equal(take(&l, 0), 0);
			assert_ids_stay(&l);
			lab_fini(&l);
		}
}

static void sessions_that_an_answer_lacks_stay_if_smbstatus_has_them(void **state)
{
	struct lab l;

	(void)state;
	for (int64_t late_s = 0; late_s <= 30; late_s += 15)
		for (size_t first = 0; first < 3; first++)
			for (size_t end = first + 1; end <= 3; end++) {
				lab_with_smbstatus(&l);
				leave_out(&l, first, end);
				l.late_s = late_s;
				l.is_current = true;
				assert_int_equal(take(&l, 1), 0);
				assert_ids_stay(&l);
				leave_out(&l, 0, 0);
				l.late_s = 0;
				l.is_current = false;
				l.now_s += 40;
				assert_int_equal(take(&l, 0), 0);
				assert_ids_stay(&l);
				lab_fini(&l);
			}
}

static void sessions_that_smbstatus_lacks_as_well_are_closed(void **state)
{
	struct row rows[MOST];
	struct lab l;

	(void)state;
	lab_with_smbstatus(&l);
	l.sessions[0].is_there = false; /* alice's other one is left out */
	leave_out(&l, 1, 2);
	assert_int_equal(take(&l, 0), SESSION_CACHE_SHORT);
	l.is_current = true;
	assert_int_equal(take(&l, 0), 0);
	l.is_current = false;
	leave_out(&l, 0, 0);
	assert_int_equal(take(&l, 0), 0);
	assert_int_equal(rows_of(&l, rows), 2);
	lab_fini(&l);
}

static void if_smbstatus_fails_an_answer_counts_as_it_is(void **state)
{
	struct row rows[MOST];
	struct lab l;

	(void)state;
	lab_with_smbstatus(&l);
	leave_out(&l, 0, 2);
	l.has_smbstatus = false;
	assert_int_equal(take(&l, 0), 0);
	assert_int_equal(rows_of(&l, rows), 1);
	lab_fini(&l);
}

static void a_session_that_opens_while_one_of_its_user_is_left_out_is_new(void **state)
{
	struct lab l;

	(void)state;
	lab_with_smbstatus(&l);
	(void)begin(&l, "10.0.0.2", "bob", NOW_S - 2);
	leave_out(&l, 1, 3);
	assert_int_equal(take(&l, 0), SESSION_CACHE_SHORT); /* for alice */
	l.is_current = true;
	assert_int_equal(take(&l, 0), 0);
	assert_ids_stay(&l);
	lab_fini(&l);
}

static void a_client_that_asks_again_over_another_session_causes_no_refresh(void **state)
{
	struct lab l;

	(void)state;
	lab_with_smbstatus(&l);
	for (int i = 0; i < 5; i++) {
		l.now_s += 60;
		l.sessions[l.count - 1].is_there = false;
		(void)begin(&l, "10.0.0.2", "bob", l.now_s);
		assert_int_equal(take(&l, 0), 0);
		assert_ids_stay(&l);
	}
	lab_fini(&l);
}

static void unknown_transports_are_asked_for_where_a_level_has_them(void **state)
{
	struct lab l;

	(void)state;
	lab_with_smbstatus(&l);
	begin(&l, "10.0.0.3", "carol", NOW_S - 1)->is_new = true;
	l.wants_transports = true;
	assert_int_equal(take(&l, 0), SESSION_CACHE_SHORT);
	l.sessions[3].is_new = false;
	l.transport = "\\Device\\NetbiosSmb";
	assert_int_equal(take(&l, 0), 0);
	assert_ids_stay(&l);
	begin(&l, "10.0.0.4", "dave", NOW_S - 1)->is_new = true;
	l.wants_transports = false;
	assert_int_equal(take(&l, 0), 0);
	assert_ids_stay(&l);
	lab_fini(&l);
}

static void changes_of_a_session_are_shown(void **state)
{
	struct row rows[MOST];
	struct lab l;

	(void)state;
	lab_init(&l, 0);
	(void)begin(&l, "10.0.0.1", "alice", NOW_S - 5);
	assert_int_equal(take(&l, 0), 0);
	assert_int_equal(rows_of(&l, rows), 1);
	assert_string_equal(rows[0].transport, "");
	l.transport = "\\Device\\NetbiosSmb";
	l.sessions[0].num_opens = 77;
	assert_int_equal(take(&l, 0), 0);
	assert_int_equal(rows_of(&l, rows), 1);
	assert_string_equal(rows[0].transport, "\\Device\\NetbiosSmb");
	assert_int_equal(rows[0].num_opens, 77);
	lab_fini(&l);
}

static void when_ids_run_out_the_sessions_left_get_new_ones(void **state)
{
	struct row rows[MOST];
	struct lab l;

	(void)state;
	lab_init(&l, UINT32_MAX - 3);
	for (int i = 0; i < 3; i++)
		(void)begin(&l, "10.0.0.1", "alice", NOW_S - 100 + 10 * i);
	assert_int_equal(take(&l, 0), 0);
	assert_int_equal(rows_of(&l, rows), 3);
	assert_int_equal(rows[2].id, UINT32_MAX);
	l.sessions[0].is_there = false;
	(void)begin(&l, "10.0.0.1", "alice", NOW_S - 5);
	assert_int_equal(take(&l, 0), 0);
	assert_int_equal(rows_of(&l, rows), 3);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(rows[i].id, i + 1);
	/* They keep their ids: the session that changes or closes is the right one. */
	l.sessions[1].num_opens = 55;
	l.sessions[2].is_there = false;
	assert_int_equal(take(&l, 0), 0);
	assert_int_equal(rows_of(&l, rows), 2);
	assert_int_equal(rows[0].id, 1);
	assert_int_equal(rows[0].num_opens, 55);
	assert_int_equal(rows[1].id, 3);
	lab_fini(&l);
}

static void the_order_is_the_same_after_a_restart(void **state)
{
	struct row before[MOST], after[MOST];
	struct lab l, again;

	(void)state;
	lab_init(&l, 0);
	for (int i = 0; i < 40; i++)
		(void)begin(&l, i % 3 ? "10.0.0.1" : "::1", i % 2 ? "bob" : "alice",
		            NOW_S - 100 + i * 7 % 40);
	assert_int_equal(take(&l, 0), 0);
	again = l;
	again.listing = session_cache_new(1000, 5000);
	for (size_t from = 0; from < 40; from += 13) {
		assert_int_equal(take(&again, from), 0);
		assert_int_equal(rows_of(&l, before), 40);
		assert_int_equal(rows_of(&again, after), 40);
		for (size_t i = 0; i < 40; i++) {
			assert_true(after[i].id > 5000);
			assert_string_equal(before[i].client, after[i].client);
			assert_string_equal(before[i].user, after[i].user);
			assert_int_equal(before[i].active_s, after[i].active_s);
		}
	}
	lab_fini(&again);
	lab_fini(&l);
}

static void more_sessions_than_allowed_are_an_error_until_there_are_fewer(void **state)
{
	struct row rows[MOST];
	struct lab l;

	(void)state;
	lab_init(&l, 0);
	session_cache_free(l.listing);
	l.listing = session_cache_new(3, 0);
	for (int i = 0; i < 5; i++)
		(void)begin(&l, "10.0.0.1", "alice", NOW_S - 100 + 10 * i);
	assert_int_equal(take(&l, 0), ERROR_NOT_ENOUGH_MEMORY);
	assert_int_equal(take(&l, 0), ERROR_NOT_ENOUGH_MEMORY);
	assert_int_equal(rows_of(&l, rows), 3);
	l.sessions[0].is_there = l.sessions[2].is_there = false;
	assert_int_equal(take(&l, 0), 0);
	assert_ids_stay(&l);
	lab_fini(&l);
}

static void a_session_is_found_by_client_user_and_start(void **state)
{
	int64_t began_s;
	struct lab l;

	(void)state;
	lab_init(&l, 0);
	assert_false(session_cache_find_start(l.listing, "10.0.0.1", "alice", 0, &began_s));
	begin(&l, "10.0.0.1", "alice", NOW_S - 50)->num_opens = 4;
	begin(&l, "10.0.0.1", "alice", NOW_S - 30)->num_opens = 5;
	begin(&l, "10.0.0.1", "bob", NOW_S - 50)->num_opens = 6;
	begin(&l, "10.0.0.2", "alice", NOW_S - 50)->num_opens = 7;
	assert_int_equal(take(&l, 1), 0);
	for (int64_t off_s = -2; off_s <= 2; off_s++) {
		assert_true(session_cache_find_start(l.listing, "10.0.0.1", "alice",
		                                     NOW_S - 50 + off_s, &began_s));
		assert_int_equal(began_s, NOW_S - 50);
	}
	assert_false(
		session_cache_find_start(l.listing, "10.0.0.1", "alice", NOW_S - 53, &began_s));
	assert_false(
		session_cache_find_start(l.listing, "10.0.0.1", "alice", NOW_S - 40, &began_s));
	assert_false(session_cache_find_start(l.listing, "10.0.0.1", "alice", 0, &began_s));
	assert_true(session_cache_find_start(l.listing, "10.0.0.1", "bob", 0, &began_s));
	assert_true(session_cache_find_start(l.listing, "10.0.0.2", "alice", 0, &began_s));
	assert_false(session_cache_find_start(l.listing, "10.0.0.2", "bob", 0, &began_s));
	lab_fini(&l);
}

TEST_GROUP(relay_session_cache)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_stay_while_sessions_open_and_close),
		cmocka_unit_test(when_one_of_many_sessions_of_a_user_closes_the_others_stay),
		cmocka_unit_test(two_sessions_of_a_client_and_user_may_start_in_the_same_second),
		cmocka_unit_test(times_may_waver_by_a_second),
		cmocka_unit_test(a_session_that_starts_in_the_future_has_lasted_0_seconds),
		cmocka_unit_test(a_slow_answer_does_not_make_sessions_younger),
		cmocka_unit_test(a_session_that_starts_later_is_another_one),
		cmocka_unit_test(a_session_that_was_taken_for_another_one_keeps_its_id),
		cmocka_unit_test(changes_of_a_session_are_shown),
		cmocka_unit_test(an_incomplete_answer_changes_nothing_before_smbstatus_is_asked),
		cmocka_unit_test(sessions_that_an_answer_lacks_stay_if_smbstatus_has_them),
		cmocka_unit_test(sessions_that_smbstatus_lacks_as_well_are_closed),
		cmocka_unit_test(if_smbstatus_fails_an_answer_counts_as_it_is),
		cmocka_unit_test(a_session_that_opens_while_one_of_its_user_is_left_out_is_new),
		cmocka_unit_test(a_client_that_asks_again_over_another_session_causes_no_refresh),
		cmocka_unit_test(unknown_transports_are_asked_for_where_a_level_has_them),
		cmocka_unit_test(when_ids_run_out_the_sessions_left_get_new_ones),
		cmocka_unit_test(the_order_is_the_same_after_a_restart),
		cmocka_unit_test(more_sessions_than_allowed_are_an_error_until_there_are_fewer),
		cmocka_unit_test(a_session_is_found_by_client_user_and_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
