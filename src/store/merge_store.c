/* SPDX-License-Identifier: MIT */
#include "store/merge_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <winerror.h>
#include "base/growing.h"

#define STEP "store"

/* What the other store knows a run or a session by: the id of its own store, its kind, its id
 * there, and when it began, because a file may be copied and then go its own way. */
enum { SOURCE_BYTES = 128 };

struct merged_run {
	int64_t from, to;
};

struct merge {
	struct database *from, *to;
	struct merge_counts *counts;
	char store[64]; /* the id of from */
	struct merged_run *runs;
	size_t count, room;
};

/* Prepares a statement, or gives NULL if there was a failure before. */
static struct database_statement *merge_prepare(struct database *db, const char *sql,
                                                struct err *err)
{
	return err->status == NERR_Success ? database_prepare(db, sql, err) : NULL;
}

/* Binds columns of a row, from column first on, to the first parameters of a statement. */
static void merge_bind_columns(struct database_statement *to, struct database_statement *row,
                               int first, int count)
{
	for (int i = 0; i < count; i++)
		database_bind_text(to, i + 1, database_text(row, first + i));
}

static void merge_write_source(const struct merge *m, const char *kind, int64_t id, int64_t began,
                               char source[SOURCE_BYTES])
{
	(void)snprintf(source, SOURCE_BYTES, "%s:%s:%lld:%lld", m->store, kind, (long long)id,
	               (long long)began);
}

/* Whether it was taken over before. Gives its id; or after it was pruned, the negative number of
 * the second since 1970 before which everything was pruned. */
static bool merge_find(const struct merge *m, const char *source, int64_t *id, struct err *err)
{
	struct database_statement *s = merge_prepare(m->to,
	                                             "SELECT id FROM merged WHERE source = ?", err);
	bool is_found = false;

	if (s == NULL)
		return false;
	database_bind_text(s, 1, source);
	while (database_next_row(m->to, s, err)) {
		*id = database_number(s, 0);
		is_found = true;
	}
	return is_found;
}

static void merge_remember(const struct merge *m, const char *source, int64_t id, struct err *err)
{
	struct database_statement *s =
		merge_prepare(m->to,
	                      "INSERT INTO merged(source, id) VALUES(?, ?) ON CONFLICT(source) DO "
	                      "UPDATE SET id = excluded.id",
	                      err);

	if (s == NULL)
		return;
	database_bind_text(s, 1, source);
	database_bind_number(s, 2, id);
	(void)database_run(m->to, s, err);
}

/* Runs an INSERT that returns the id. */
static int64_t merge_insert(const struct merge *m, struct database_statement *s, struct err *err)
{
	int64_t id = 0;

	while (database_next_row(m->to, s, err))
		id = database_number(s, 0);
	return id;
}

/* ---- runs ---- */

static bool merge_add_run(struct merge *m, int64_t from, int64_t to)
{
	struct merged_run *runs = growing_make_room(m->runs, m->count, &m->room, sizeof *runs);

	if (runs == NULL)
		return false;
	m->runs = runs;
	m->runs[m->count++] = (struct merged_run){ from, to };
	return true;
}

/* 0: the run is not taken over. */
static int64_t merge_run_of(const struct merge *m, int64_t from)
{
	for (size_t i = m->count; i > 0; i--)
		if (m->runs[i - 1].from == from)
			return m->runs[i - 1].to;
	return 0;
}

/* row: id, began, ended, end, user, client, level */
static void merge_take_run(struct merge *m, struct database_statement *row, struct err *err)
{
	int64_t from = database_number(row, 0), id = 0;
	struct database_statement *s;
	char source[SOURCE_BYTES];
	bool is_known;

	merge_write_source(m, "run", from, database_number(row, 1), source);
	is_known = merge_find(m, source, &id, err);
	s = merge_prepare(m->to,
	                  is_known ? "UPDATE run SET began = ?1, ended = ?2, end = ?3, user = ?4, "
	                             "client = ?5, level = ?6 WHERE id = ?7"
	                           : "INSERT INTO run(began, ended, end, user, client, level) "
	                             "VALUES(?1, ?2, ?3, ?4, ?5, ?6) RETURNING id",
	                  err);
	if (s == NULL)
		return;
	merge_bind_columns(s, row, 1, 6);
	if (is_known) {
		database_bind_number(s, 7, id);
		if (database_run(m->to, s, err) != NERR_Success || database_changes(s) == 0)
			return;
	} else {
		id = merge_insert(m, s, err);
		merge_remember(m, source, id, err);
		m->counts->runs++;
	}
	if (!merge_add_run(m, from, id))
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
}

/* ---- hosts ---- */

/* row: name */
static void merge_take_host(struct merge *m, struct database_statement *row, struct err *err)
{
	struct database_statement *s = merge_prepare(
		m->to, "INSERT INTO host(name) VALUES(?) ON CONFLICT DO NOTHING", err);

	if (s == NULL)
		return;
	merge_bind_columns(s, row, 0, 1);
	(void)database_run(m->to, s, err);
}

/* row: name, run */
static void merge_take_target(struct merge *m, struct database_statement *row, struct err *err)
{
	int64_t run = merge_run_of(m, database_number(row, 1));
	struct database_statement *s = merge_prepare(
		m->to,
		"INSERT INTO target(host, run) SELECT id, CAST(?2 AS BIGINT) FROM host WHERE "
		"name = ?1 ON CONFLICT DO NOTHING",
		err);

	if (s == NULL || run == 0)
		return;
	merge_bind_columns(s, row, 0, 1);
	database_bind_number(s, 2, run);
	(void)database_run(m->to, s, err);
}

/* row: name, at, outcome, step, status, nt_status, error, address, level, sessions, is_complete,
 * attempts, run */
static void merge_take_outcome(struct merge *m, struct database_statement *row, struct err *err)
{
	int64_t run = merge_run_of(m, database_number(row, 12));
	struct database_statement *s = merge_prepare(
		m->to,
		"INSERT INTO outcome(host, at, outcome, step, status, nt_status, error, address, "
		"level, sessions, is_complete, attempts, run) VALUES((SELECT id FROM host WHERE "
		"name = ?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) ON CONFLICT DO "
		"NOTHING",
		err);

	if (s == NULL || run == 0)
		return;
	merge_bind_columns(s, row, 0, 12);
	database_bind_number(s, 13, run);
	if (database_run(m->to, s, err) == NERR_Success)
		m->counts->outcomes += database_changes(s);
}

/* ---- sessions ---- */

/* row: name, kind, interval_ms, began, seen, ended, reason, lost, id. No program of this store goes
 * on with a watch of the other one: it has ended when it was seen last. */
static void merge_take_watch(struct merge *m, struct database_statement *row, struct err *err)
{
	struct database_statement *s;
	char source[SOURCE_BYTES];
	int64_t id;

	merge_write_source(m, "watch", database_number(row, 8), database_number(row, 3), source);
	if (!merge_find(m, source, &id, err) || (id < 0 && database_number(row, 4) / 1000 >= -id)) {
		s = merge_prepare(m->to,
		                  "INSERT INTO watch(host, kind, interval_ms, began, seen, ended, "
		                  "reason, lost) VALUES((SELECT id FROM host WHERE name = ?1), ?2, "
		                  "?3, ?4, ?5, ?6, ?7, ?8) RETURNING id",
		                  err);
		if (s == NULL)
			return;
		merge_bind_columns(s, row, 0, 8);
		merge_remember(m, source, merge_insert(m, s, err), err);
		return;
	}
	s = merge_prepare(m->to, "UPDATE watch SET seen = ?1, ended = ?2 WHERE id = ?3", err);
	if (s == NULL)
		return;
	database_bind_text(s, 1, database_text(row, 4));
	database_bind_text(s, 2, database_text(row, 5));
	database_bind_number(s, 3, id);
	(void)database_run(m->to, s, err);
}

/* The watch of a session; 0: a sweep has seen it, or its watch was pruned. */
static int64_t merge_watch_of(const struct merge *m, struct database_statement *row,
                              struct err *err)
{
	char source[SOURCE_BYTES];
	int64_t id = 0;

	if (database_is_null(row, 14))
		return 0;
	merge_write_source(m, "watch", database_number(row, 14), database_number(row, 15), source);
	return merge_find(m, source, &id, err) && id > 0 ? id : 0;
}

static void merge_bind_watch(struct database_statement *to, int parameter, int64_t watch)
{
	if (watch != 0)
		database_bind_number(to, parameter, watch);
	else
		database_bind_null(to, parameter);
}

/* row: name, client, user, account, client_type, transport, num_opens, user_flags, level, started,
 * first_seen, last_seen, gone, id; id and began of its watch; end_seen */
static void merge_add_session(struct merge *m, struct database_statement *row, const char *source,
                              int64_t watch, struct err *err)
{
	struct database_statement *s = merge_prepare(
		m->to,
		"INSERT INTO session(host, client, user, account, client_type, transport, "
		"num_opens, user_flags, level, started, first_seen, last_seen, gone, watch, end_seen) "
		"VALUES((SELECT id FROM host WHERE name = ?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, "
		"?10, ?11, ?12, ?13, ?14, ?15) RETURNING id",
		err);

	if (s == NULL)
		return;
	merge_bind_columns(s, row, 0, 13);
	merge_bind_watch(s, 14, watch);
	database_bind_text(s, 15, database_text(row, 16));
	merge_remember(m, source, merge_insert(m, s, err), err);
	m->counts->sessions++;
}

static void merge_take_session(struct merge *m, struct database_statement *row, struct err *err)
{
	struct database_statement *s;
	int64_t id, watch = merge_watch_of(m, row, err);
	char source[SOURCE_BYTES];

	merge_write_source(m, "session", database_number(row, 13), database_number(row, 10),
	                   source);
	/* One that was pruned comes back when it was seen since. */
	if (!merge_find(m, source, &id, err) || (id < 0 && database_number(row, 11) >= -id)) {
		merge_add_session(m, row, source, watch, err);
		return;
	}
	/* A sweep of the other store may have seen it later. */
	s = merge_prepare(m->to,
	                  "UPDATE session SET started = coalesce(started, ?1), last_seen = ?2, "
	                  "gone = ?3, watch = ?5, end_seen = ?6 WHERE id = ?4 AND last_seen <= ?2",
	                  err);
	if (s == NULL)
		return;
	database_bind_text(s, 1, database_text(row, 9));
	database_bind_text(s, 2, database_text(row, 11));
	database_bind_text(s, 3, database_text(row, 12));
	database_bind_number(s, 4, id);
	merge_bind_watch(s, 5, watch);
	database_bind_text(s, 6, database_text(row, 16));
	(void)database_run(m->to, s, err);
}

/* ---- all ---- */

/* Hosts are in the order in which sweeps put them. */
static const struct {
	const char *sql;
	void (*take)(struct merge *m, struct database_statement *row, struct err *err);
} merge_steps[] = {
	{ "SELECT id, began, ended, end, user, client, level FROM run ORDER BY id",
	  merge_take_run },
	{ "SELECT name FROM host ORDER BY name", merge_take_host },
	{ "SELECT name, run FROM target JOIN host ON host.id = target.host ORDER BY name",
	  merge_take_target },
	{ "SELECT name, at, outcome, step, status, nt_status, error, address, level, sessions, "
	  "is_complete, attempts, run FROM outcome JOIN host ON host.id = outcome.host ORDER BY "
	  "name",
	  merge_take_outcome },
	{ "SELECT name, kind, interval_ms, began, seen, coalesce(ended, seen), reason, lost, "
	  "watch.id FROM watch JOIN host ON host.id = watch.host ORDER BY name, watch.id",
	  merge_take_watch },
	{ "SELECT name, client, user, account, client_type, transport, num_opens, user_flags, "
	  "level, started, first_seen, CASE WHEN gone IS NULL AND seen / 1000 > last_seen THEN seen "
	  "/ 1000 ELSE last_seen END, gone, session.id, watch.id, began, end_seen FROM session JOIN host ON host.id = "
	  "session.host LEFT JOIN watch ON watch.id = session.watch ORDER BY name, session.id",
	  merge_take_session },
};

static void merge_read_store_id(struct merge *m, struct err *err)
{
	struct database_statement *s = database_prepare(m->from, "SELECT id FROM store", err);

	while (s != NULL && database_next_row(m->from, s, err)) {
		const char *id = database_needed_text(s, 0, err);

		if (id == NULL)
			return;
		(void)snprintf(m->store, sizeof m->store, "%s", id);
	}
}

NET_API_STATUS merge_store(struct database *from, struct database *to, struct merge_counts *counts,
                           struct err *err)
{
	struct merge m = { .from = from, .to = to, .counts = counts };

	*counts = (struct merge_counts){ 0 };
	merge_read_store_id(&m, err);
	if (err->status == NERR_Success)
		(void)database_begin(to, err);
	for (size_t i = 0; i < sizeof merge_steps / sizeof *merge_steps; i++) {
		struct database_statement *row = merge_prepare(from, merge_steps[i].sql, err);

		while (row != NULL && err->status == NERR_Success &&
		       database_next_row(from, row, err))
			merge_steps[i].take(&m, row, err);
	}
	if (err->status == NERR_Success)
		(void)database_commit(to, err);
	database_roll_back(to);
	free(m.runs);
	return err->status;
}
