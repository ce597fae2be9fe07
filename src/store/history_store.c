/* SPDX-License-Identifier: MIT */
#include "store/history_store.h"

#include <stdlib.h>
#include <winerror.h>
#include "store/account.h"

#define STEP "store"

enum {
	/* How far two who tell of a session may disagree on its start: clocks are set, and seconds
	 * are whole. */
	SAME_START_S = 5,
};

/* Locks of watches are behind those of runs. */
#define FIRST_WATCH_LOCK (INT64_C(1) << 40)

static const char *history_kind(uint32_t interval_ms)
{
	return interval_ms != 0 ? "poll" : "netsessiond";
}

/* ---- the watch ---- */

static NET_API_STATUS history_find_host(struct database *db, struct history_host *host,
                                        const char *server, struct err *err)
{
	struct database_statement *s = database_prepare(
		db, "INSERT INTO host(name) VALUES(?) ON CONFLICT DO NOTHING", err);

	if (s == NULL)
		return err->status;
	database_bind_text(s, 1, server);
	(void)database_run(db, s, err);
	s = err->status == NERR_Success
	            ? database_prepare(db, "SELECT id FROM host WHERE name = ?", err)
	            : NULL;
	if (s == NULL)
		return err->status;
	database_bind_text(s, 1, server);
	while (database_next_row(db, s, err))
		host->id = database_number(s, 0);
	return err->status;
}

static NET_API_STATUS history_add_watch(struct database *db, struct history_host *host,
                                        const struct history_watch *watch, struct err *err)
{
	struct database_statement *s = database_prepare(
		db,
		"INSERT INTO watch(host, kind, interval_ms, began, seen, reason, lost) "
		"VALUES(?1, ?2, ?3, ?4, ?4, ?5, ?6) RETURNING id",
		err);

	if (s == NULL)
		return err->status;
	database_bind_number(s, 1, host->id);
	database_bind_text(s, 2, history_kind(watch->interval_ms));
	database_bind_number(s, 3, watch->interval_ms);
	database_bind_number(s, 4, watch->at_ms);
	database_bind_text(s, 5, watch->reason);
	if (watch->lost != 0)
		database_bind_number(s, 6, (int64_t)watch->lost);
	while (database_next_row(db, s, err))
		host->watch = database_number(s, 0);
	host->interval_ms = watch->interval_ms;
	host->seen_ms = watch->at_ms;
	return err->status;
}

/* Two programs that watch the same host would end each other's watch. */
static NET_API_STATUS history_lock(struct database *db, const struct history_host *host,
                                   const struct history_watch *watch, struct err *err)
{
	if (!database_try_lock(db, FIRST_WATCH_LOCK + 2 * host->id + (watch->interval_ms != 0),
	                       err) &&
	    err->status == NERR_Success)
		err_format(err, ERROR_BUSY, STEP,
		           "another program records the sessions of %s in this store",
		           watch->server);
	return err->status;
}

/* A statement about the watches of the host that are of the same kind, and that may have been left
 * when their program was killed. */
static NET_API_STATUS history_change_watches(struct database *db, const struct history_host *host,
                                             const char *kind, const char *sql, struct err *err)
{
	struct database_statement *s = err->status == NERR_Success ? database_prepare(db, sql, err)
	                                                           : NULL;

	if (s == NULL)
		return err->status;
	database_bind_number(s, 1, host->id);
	database_bind_text(s, 2, kind);
	return database_run(db, s, err);
}

/* Until then, the open sessions of earlier watches were seen. */
static NET_API_STATUS history_end_watches(struct database *db, const struct history_host *host,
                                          uint32_t interval_ms, struct err *err)
{
	const char *kind = history_kind(interval_ms);

	(void)history_change_watches(
		db, host, kind,
		"UPDATE session SET last_seen = (SELECT seen / 1000 FROM watch WHERE watch.id = "
		"session.watch) WHERE gone IS NULL AND watch IN (SELECT id FROM watch WHERE host = "
		"?1 AND kind = ?2 AND ended IS NULL AND seen / 1000 > session.last_seen)",
		err);
	return history_change_watches(
		db, host, kind,
		"UPDATE watch SET ended = seen WHERE host = ?1 AND kind = ?2 AND ended IS NULL",
		err);
}

NET_API_STATUS history_begin(struct database *db, struct history_host *host,
                             const struct history_watch *watch, struct err *err)
{
	if (history_find_host(db, host, watch->server, err) == NERR_Success &&
	    history_lock(db, host, watch, err) == NERR_Success &&
	    history_end_watches(db, host, watch->interval_ms, err) == NERR_Success)
		(void)history_add_watch(db, host, watch, err);
	return err->status;
}

NET_API_STATUS history_go_on(struct database *db, struct history_host *host,
                             const struct history_watch *watch, struct err *err)
{
	int64_t before = host->watch, seen_ms = host->seen_ms;
	struct database_statement *s;

	if (history_end_watches(db, host, host->interval_ms, err) != NERR_Success ||
	    history_add_watch(db, host, watch, err) != NERR_Success)
		return err->status;
	host->seen_ms = seen_ms; /* when sessions that have ended meanwhile were seen last */
	s = database_prepare(db, "UPDATE session SET watch = ? WHERE watch = ? AND gone IS NULL",
	                     err);
	if (s == NULL)
		return err->status;
	database_bind_number(s, 1, host->watch);
	database_bind_number(s, 2, before);
	return database_run(db, s, err);
}

NET_API_STATUS history_see(struct database *db, struct history_host *host, int64_t at_ms,
                           struct err *err)
{
	struct database_statement *s =
		database_prepare(db, "UPDATE watch SET seen = ? WHERE id = ?", err);

	if (s == NULL)
		return err->status;
	database_bind_number(s, 1, at_ms);
	database_bind_number(s, 2, host->watch);
	host->seen_ms = at_ms;
	return database_run(db, s, err);
}

NET_API_STATUS history_stop(struct database *db, struct history_host *host, int64_t at_ms,
                            struct err *err)
{
	if (history_see(db, host, at_ms, err) == NERR_Success)
		(void)history_end_watches(db, host, host->interval_ms, err);
	return err->status;
}

/* ---- sessions ---- */

static void history_bind_number(struct database_statement *s, int parameter, uint32_t number)
{
	if (number != NETSESSION_UNKNOWN)
		database_bind_number(s, parameter, number);
	else
		database_bind_null(s, parameter);
}

/* The id of the stored session that it is; 0: there is none. A session that begins now cannot be
 * one that has been missed. Were client compared as it is, SQLite would put the parameter in its
 * place, and not find the index of its beginning. */
static int64_t history_find_session(struct database *db, const struct history_host *host,
                                    const struct history_session *session, const char *account,
                                    int64_t at_ms, struct err *err)
{
	struct database_statement *s = database_prepare(
		db,
		"SELECT session.id FROM session LEFT JOIN watch ON watch.id = session.watch WHERE "
		"session.host = ?1 AND started BETWEEN CAST(?2 AS BIGINT) - CAST(?3 AS BIGINT) AND "
		"CAST(?2 AS BIGINT) + CAST(?3 AS BIGINT) AND account = ?4 AND coalesce(client, '') = ?5 AND "
		"substr(client, 1, 255) = substr(CAST(?5 AS TEXT), 1, 255) AND "
		"coalesce(user, '') = ?6 AND (watch.id IS NULL OR ended IS NOT NULL) AND (gone IS "
		"NULL OR gone > last_seen) AND (gone IS NULL OR started < CAST(?7 AS BIGINT) - "
		"CAST(?3 AS BIGINT)) "
		"ORDER BY gone IS NOT NULL, abs(started - CAST(?2 AS BIGINT)) LIMIT 1",
		err);
	int64_t id = 0;

	if (s == NULL)
		return 0;
	database_bind_number(s, 1, host->id);
	database_bind_number(s, 2, session->started_s);
	database_bind_number(s, 3, SAME_START_S);
	database_bind_text(s, 4, account);
	database_bind_text(s, 5, session->row->client);
	database_bind_text(s, 6, session->row->user);
	database_bind_number(s, 7, at_ms / 1000);
	while (database_next_row(db, s, err))
		id = database_number(s, 0);
	return id;
}

static NET_API_STATUS history_take_session(struct database *db, const struct history_host *host,
                                           const struct history_session *session, int64_t id,
                                           int64_t at_ms, struct err *err)
{
	struct database_statement *s = database_prepare(
		db,
		"UPDATE session SET watch = ?, watch_key = ?, last_seen = ?, gone = NULL, "
		"num_opens = ?, level = ? WHERE id = ?",
		err);

	if (s == NULL)
		return err->status;
	database_bind_number(s, 1, host->watch);
	database_bind_number(s, 2, (int64_t)session->key);
	database_bind_number(s, 3, at_ms / 1000);
	history_bind_number(s, 4, session->row->num_opens);
	database_bind_number(s, 5, session->level);
	database_bind_number(s, 6, id);
	return database_run(db, s, err);
}

/* That it is there already means that an earlier commit was not acknowledged. */
static NET_API_STATUS history_add_session(struct database *db, const struct history_host *host,
                                          const struct history_session *session,
                                          const char *account, int64_t at_ms, struct err *err)
{
	const struct netsession_row *row = session->row;
	struct database_statement *s = database_prepare(
		db,
		"INSERT INTO session(host, client, user, account, client_type, transport, "
		"num_opens, user_flags, level, started, first_seen, last_seen, watch, watch_key) "
		"VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11, ?12, ?13) ON CONFLICT DO "
		"NOTHING",
		err);

	if (s == NULL)
		return err->status;
	database_bind_number(s, 1, host->id);
	database_bind_text(s, 2, row->client);
	database_bind_text(s, 3, row->user);
	database_bind_text(s, 4, account);
	database_bind_text(s, 5, row->client_type);
	database_bind_text(s, 6, row->transport);
	history_bind_number(s, 7, row->num_opens);
	history_bind_number(s, 8, row->user_flags);
	database_bind_number(s, 9, session->level);
	if (session->started_s != HISTORY_START_UNKNOWN)
		database_bind_number(s, 10, session->started_s);
	database_bind_number(s, 11, at_ms / 1000);
	database_bind_number(s, 12, host->watch);
	database_bind_number(s, 13, (int64_t)session->key);
	return database_run(db, s, err);
}

NET_API_STATUS history_put(struct database *db, const struct history_host *host,
                           const struct history_session *session, int64_t at_ms, struct err *err)
{
	char *account = NULL;
	int64_t id = 0;

	if (session->row->user != NULL && (account = account_fold(session->row->user)) == NULL)
		return err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
	if (account != NULL && session->started_s != HISTORY_START_UNKNOWN)
		id = history_find_session(db, host, session, account, at_ms, err);
	if (err->status == NERR_Success && id != 0)
		(void)history_take_session(db, host, session, id, at_ms, err);
	else if (err->status == NERR_Success)
		(void)history_add_session(db, host, session, account, at_ms, err);
	free(account);
	return err->status;
}

NET_API_STATUS history_end_listing(struct database *db, const struct history_host *host,
                                   int64_t at_ms, struct err *err)
{
	struct database_statement *s = database_prepare(
		db,
		"UPDATE session SET gone = ?1 WHERE gone IS NULL AND watch IN (SELECT id FROM "
		"watch WHERE host = ?2 AND kind IN (?3, 'lost') AND id <> ?4)",
		err);

	if (s == NULL)
		return err->status;
	database_bind_number(s, 1, at_ms / 1000);
	database_bind_number(s, 2, host->id);
	database_bind_text(s, 3, history_kind(host->interval_ms));
	database_bind_number(s, 4, host->watch);
	return database_run(db, s, err);
}

NET_API_STATUS history_end(struct database *db, const struct history_host *host, uint64_t key,
                           int64_t at_ms, struct err *err)
{
	struct database_statement *s = database_prepare(
		db,
		"UPDATE session SET last_seen = CASE WHEN first_seen > CAST(?1 AS BIGINT) THEN "
		"first_seen ELSE CAST(?1 AS BIGINT) END, gone = CASE WHEN first_seen > "
		"CAST(?2 AS BIGINT) THEN first_seen ELSE CAST(?2 AS BIGINT) END WHERE watch = ?3 "
		"AND watch_key = ?4 AND gone IS NULL",
		err);

	if (s == NULL)
		return err->status;
	database_bind_number(s, 1, (host->interval_ms != 0 ? host->seen_ms : at_ms) / 1000);
	database_bind_number(s, 2, at_ms / 1000);
	database_bind_number(s, 3, host->watch);
	database_bind_number(s, 4, (int64_t)key);
	return database_run(db, s, err);
}

/* It stays with a watch of its own, which has ended, so that history_end_listing finds it. */
NET_API_STATUS history_lose(struct database *db, const struct history_host *host, uint64_t key,
                            int64_t at_ms, struct err *err)
{
	struct database_statement *s = database_prepare(
		db,
		"INSERT INTO watch(host, kind, interval_ms, began, seen, ended) SELECT "
		"CAST(?1 AS BIGINT), 'lost', 0, CAST(?2 AS BIGINT), CAST(?2 AS BIGINT), "
		"CAST(?2 AS BIGINT) WHERE NOT EXISTS(SELECT 1 FROM watch WHERE host = ?1 AND kind "
		"= 'lost' AND seen = ?2)",
		err);

	if (s == NULL)
		return err->status;
	database_bind_number(s, 1, host->id);
	database_bind_number(s, 2, at_ms);
	if (database_run(db, s, err) != NERR_Success)
		return err->status;
	s = database_prepare(
		db,
		"UPDATE session SET last_seen = CAST(?2 AS BIGINT) / 1000, watch_key = NULL, watch "
		"= (SELECT max(id) FROM watch WHERE host = ?1 AND kind = 'lost' AND seen = "
		"CAST(?2 AS BIGINT)) WHERE watch = ?3 AND watch_key = ?4 AND gone IS NULL",
		err);
	if (s == NULL)
		return err->status;
	database_bind_number(s, 1, host->id);
	database_bind_number(s, 2, at_ms);
	database_bind_number(s, 3, host->watch);
	database_bind_number(s, 4, (int64_t)key);
	return database_run(db, s, err);
}
