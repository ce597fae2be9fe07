/* SPDX-License-Identifier: MIT */
#include "store/prune_store.h"

#include <time.h>
#include <winerror.h>

/* Rows are deleted by ranges of their ids. */
enum { RANGE = 20000, PAUSE_MS = 900 };

/* What has an id. Parameters: before when, in seconds; the first id and the last one. */
static const char session_sql[] =
	"DELETE FROM session WHERE last_seen < ?1 AND id BETWEEN ?2 AND ?3 AND (gone IS NOT NULL "
	"OR NOT EXISTS(SELECT 1 FROM watch WHERE watch.id = session.watch AND seen >= "
	"CAST(?1 AS BIGINT) * 1000))";
static const char run_sql[] =
	"DELETE FROM run WHERE began < CAST(?1 AS BIGINT) * 1000 AND id BETWEEN ?2 AND ?3";
static const char watch_sql[] =
	"DELETE FROM watch WHERE seen < CAST(?1 AS BIGINT) * 1000 AND id BETWEEN ?2 AND ?3 AND NOT "
	"EXISTS(SELECT 1 FROM session WHERE session.watch = watch.id AND gone IS NULL)";
static const char collector_sql[] =
	"DELETE FROM collector WHERE seen < CAST(?1 AS BIGINT) * 1000 AND id BETWEEN ?2 AND ?3";
static const char host_sql[] =
	"DELETE FROM host WHERE CAST(?1 AS BIGINT) IS NOT NULL AND id BETWEEN ?2 AND ?3 AND NOT "
	"EXISTS(SELECT 1 FROM outcome WHERE outcome.host = host.id) AND NOT EXISTS(SELECT 1 FROM "
	"session WHERE session.host = host.id) AND NOT EXISTS(SELECT 1 FROM watch WHERE watch.host "
	"= host.id) AND NOT EXISTS(SELECT 1 FROM target WHERE target.host = host.id)";

/* Behind them, in the same transaction, because other runs and sessions may get their ids. What was
 * seen before this time does not come back: see merge_store. */
static const char session_merged_sql[] =
	"UPDATE merged SET id = -CAST(?1 AS BIGINT) WHERE id BETWEEN ?2 AND ?3 AND source LIKE "
	"'%:session:%' AND NOT EXISTS(SELECT 1 FROM session WHERE session.id = merged.id)";
static const char run_merged_sql[] =
	"UPDATE merged SET id = -CAST(?1 AS BIGINT) WHERE id BETWEEN ?2 AND ?3 AND source LIKE "
	"'%:run:%' AND NOT EXISTS(SELECT 1 FROM run WHERE run.id = merged.id)";
static const char watch_merged_sql[] =
	"UPDATE merged SET id = -CAST(?1 AS BIGINT) WHERE id BETWEEN ?2 AND ?3 AND source LIKE "
	"'%:watch:%' AND NOT EXISTS(SELECT 1 FROM watch WHERE watch.id = merged.id)";

enum { SESSIONS, RUNS, WATCHES, COLLECTORS, HOSTS, TABLE_COUNT };

static const struct prune_table {
	const char *ids; /* gives the first id and the last one */
	const char *sql, *merged_sql;
	int64_t range;
} tables[TABLE_COUNT] = {
	[SESSIONS] = { "SELECT min(id), max(id) FROM session", session_sql, session_merged_sql,
	               RANGE },
	/* One after another, because each has many rows of other tables. */
	[RUNS] = { "SELECT min(id), max(id) FROM run", run_sql, run_merged_sql, 1 },
	[WATCHES] = { "SELECT min(id), max(id) FROM watch", watch_sql, watch_merged_sql, RANGE },
	[COLLECTORS] = { "SELECT min(id), max(id) FROM collector", collector_sql, NULL, RANGE },
	[HOSTS] = { "SELECT min(id), max(id) FROM host", host_sql, NULL, RANGE },
};

/* A long transaction of another program is waited for; it must not hold up the others behind this
 * one for as long. */
static NET_API_STATUS prune_begin(struct database *db, struct err *err)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };

	while (database_begin_alone(db, err) == ERROR_RETRY) {
		database_roll_back(db);
		*err = (struct err){ 0 };
		nanosleep(&pause, NULL);
	}
	return err->status;
}

static NET_API_STATUS prune_read_ids(struct database *db, const char *sql, int64_t *first,
                                     int64_t *last, struct err *err)
{
	struct database_statement *s = database_prepare(db, sql, err);

	*first = *last = 0;
	while (s != NULL && database_next_row(db, s, err)) {
		*first = database_number(s, 0);
		*last = database_number(s, 1);
	}
	return err->status;
}

static NET_API_STATUS prune_run(struct database *db, const char *sql, int64_t before, int64_t first,
                                int64_t last, int64_t *changes, struct err *err)
{
	struct database_statement *s = err->status == NERR_Success && sql != NULL
	                                       ? database_prepare(db, sql, err)
	                                       : NULL;

	*changes = 0;
	if (s == NULL)
		return err->status;
	database_bind_number(s, 1, before);
	database_bind_number(s, 2, first);
	database_bind_number(s, 3, last);
	if (database_run(db, s, err) == NERR_Success)
		*changes = database_changes(s);
	return err->status;
}

static NET_API_STATUS prune_range(struct database *db, const struct prune_table *table,
                                  int64_t before, int64_t first, int64_t *count, struct err *err)
{
	int64_t last = first + table->range - 1, changes = 0, forgotten;

	if (prune_begin(db, err) == NERR_Success)
		(void)prune_run(db, table->sql, before, first, last, &changes, err);
	if (changes > 0)
		(void)prune_run(db, table->merged_sql, before, first, last, &forgotten, err);
	if (err->status == NERR_Success && database_commit(db, err) == NERR_Success)
		*count += changes;
	database_roll_back(db);
	return err->status;
}

NET_API_STATUS prune_store(struct database *db, int64_t age_s, struct prune_counts *counts,
                           struct err *err)
{
	int64_t pruned[TABLE_COUNT] = { 0 }, now_ms, first, last;

	(void)database_read_clock(db, &now_ms, err);
	for (size_t i = 0; i < TABLE_COUNT; i++) {
		if (err->status != NERR_Success ||
		    prune_read_ids(db, tables[i].ids, &first, &last, err) != NERR_Success)
			break;
		for (; first <= last && err->status == NERR_Success; first += tables[i].range)
			(void)prune_range(db, &tables[i], now_ms / 1000 - age_s, first, &pruned[i],
			                  err);
	}
	*counts = (struct prune_counts){ .runs = pruned[RUNS],
		                         .sessions = pruned[SESSIONS],
		                         .hosts = pruned[HOSTS] };
	return err->status;
}
