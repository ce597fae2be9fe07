/* SPDX-License-Identifier: MIT */
#include "store/history_store.h"

#include <stdlib.h>
#include <winerror.h>
#include "store/account.h"

#define STEP "store"

enum {
	/* How far two watches may disagree on the start of a session: clocks are set, and seconds
	 * are whole. */
	SAME_START_S = 5,
	/* A watch of netsessiond that was not seen for so long is not running. */
	SILENT_MS = 120000,
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
		"INSERT INTO watch(host, kind, interval_ms, began, seen, reason, lost, numbering) "
		"VALUES(?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7) RETURNING id",
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
	database_bind_text(s, 7, watch->numbering);
	while (database_next_row(db, s, err))
		host->watch = database_number(s, 0);
	host->interval_ms = watch->interval_ms;
	host->seen_ms = watch->at_ms;
	return err->status;
}

/* Two programs that watch the same host would end each other's watch. */
static NET_API_STATUS history_lock(struct database *db, const struct history_host *host,
                                   uint32_t interval_ms, const char *server, struct err *err)
{
	if (!database_try_lock(db, FIRST_WATCH_LOCK + 2 * host->id + (interval_ms != 0), err) &&
	    err->status == NERR_Success)
		err_format(err, ERROR_BUSY, STEP,
		           "another program records the sessions of %s in this store", server);
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

/* Open sessions of earlier watches that number sessions as this one does. All of them go to the
 * first of these watches, so that history_put finds them in one place. */
static NET_API_STATUS history_find_before(struct database *db, struct history_host *host,
                                          const char *numbering, struct err *err)
{
	struct database_statement *s = database_prepare(
		db,
		"SELECT coalesce(min(watch), 0) FROM session WHERE gone IS NULL AND watch IN "
		"(SELECT id FROM watch WHERE host = ?1 AND numbering = ?2)",
		err);

	host->before = 0;
	if (s == NULL)
		return err->status;
	database_bind_number(s, 1, host->id);
	database_bind_text(s, 2, numbering);
	while (database_next_row(db, s, err))
		host->before = database_number(s, 0);
	s = err->status == NERR_Success && host->before != 0
	            ? database_prepare(
			      db,
			      "UPDATE session SET watch = ?3 WHERE gone IS NULL AND watch <> ?3 "
			      "AND watch IN (SELECT id FROM watch WHERE host = ?1 AND numbering = "
			      "?2)",
			      err)
	            : NULL;
	if (s == NULL)
		return err->status;
	database_bind_number(s, 1, host->id);
	database_bind_text(s, 2, numbering);
	database_bind_number(s, 3, host->before);
	return database_run(db, s, err);
}

NET_API_STATUS history_begin(struct database *db, struct history_host *host,
                             const struct history_watch *watch, struct err *err)
{
	if (history_find_host(db, host, watch->server, err) == NERR_Success &&
	    history_lock(db, host, watch->interval_ms, watch->server, err) == NERR_Success &&
	    history_end_watches(db, host, watch->interval_ms, err) == NERR_Success &&
	    history_find_before(db, host, watch->numbering, err) == NERR_Success)
		(void)history_add_watch(db, host, watch, err);
	return err->status;
}

static NET_API_STATUS history_ask(struct database *db, struct database_statement *s, bool *answer,
                                  struct err *err)
{
	*answer = false;
	while (database_next_row(db, s, err))
		*answer = true;
	return err->status;
}

NET_API_STATUS history_hold(struct database *db, const struct history_host *host,
                            const char *server, bool *is_open, struct err *err)
{
	struct database_statement *s;

	*is_open = false;
	if (history_lock(db, host, host->interval_ms, server, err) != NERR_Success)
		return err->status;
	s = database_prepare(db, "SELECT 1 FROM watch WHERE id = ? AND ended IS NULL", err);
	if (s == NULL)
		return err->status;
	database_bind_number(s, 1, host->watch);
	return history_ask(db, s, is_open, err);
}

NET_API_STATUS history_put_batch(struct database *db, const struct history_host *host,
                                 const char *batch, struct err *err)
{
	struct database_statement *s =
		database_prepare(db, "UPDATE watch SET batch = ? WHERE id = ?", err);

	if (s == NULL)
		return err->status;
	database_bind_text(s, 1, batch);
	database_bind_number(s, 2, host->watch);
	return database_run(db, s, err);
}

NET_API_STATUS history_has_batch(struct database *db, const struct history_host *host,
                                 const char *batch, bool *has_it, struct err *err)
{
	struct database_statement *s =
		database_prepare(db, "SELECT 1 FROM watch WHERE id = ? AND batch = ?", err);

	if (s == NULL)
		return err->status;
	database_bind_number(s, 1, host->watch);
	database_bind_text(s, 2, batch);
	return history_ask(db, s, has_it, err);
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

/* The stored session that a session is. */
struct history_found {
	int64_t id;         /* 0: there is none */
	bool is_of_another; /* netsessiond records it, and misses nothing */
};

/* One that has its number in this watch, or in one before with the same numbers. */
static NET_API_STATUS history_find_by_number(struct database *db, const struct history_host *host,
                                             const struct history_session *session,
                                             struct history_found *found, struct err *err)
{
	struct database_statement *s = database_prepare(
		db,
		"SELECT id FROM session WHERE watch IN (?1, ?2) AND watch_key = ?3 AND gone IS "
		"NULL AND coalesce(client, '') = ?4 AND coalesce(user, '') = ?5 ORDER BY watch "
		"DESC LIMIT 1",
		err);

	if (s == NULL)
		return err->status;
	database_bind_number(s, 1, host->watch);
	database_bind_number(s, 2, host->before);
	database_bind_number(s, 3, (int64_t)session->key);
	database_bind_text(s, 4, session->row->client != NULL ? session->row->client : "");
	database_bind_text(s, 5, session->row->user != NULL ? session->row->user : "");
	while (database_next_row(db, s, err))
		found->id = database_number(s, 0);
	return err->status;
}

/* One of the same client, user and start, whose end was not seen; if one of the starts is not
 * known, it must be open. A session that begins now cannot be one that has been missed. Were client
 * compared as it is, SQLite would put the parameter in its place, and not find the index of its
 * beginning. */
static NET_API_STATUS history_find_by_start(struct database *db, const struct history_host *host,
                                            const struct history_session *session, int64_t at_ms,
                                            struct history_found *found, struct err *err)
{
	struct database_statement *s = database_prepare(
		db,
		"SELECT session.id, CASE WHEN kind = 'netsessiond' AND ended IS NULL AND seen > "
		"CAST(?6 AS BIGINT) * 1000 - CAST(?9 AS BIGINT) THEN 1 ELSE 0 END FROM session "
		"LEFT JOIN watch ON watch.id = session.watch WHERE session.host = ?1 AND "
		"substr(client, 1, 255) = substr(CAST(?2 AS TEXT), 1, 255) AND coalesce(client, "
		"'') = ?2 AND coalesce(user, '') = ?3 AND end_seen IS NULL AND (watch.id IS NULL "
		"OR watch.id NOT IN (?7, ?8)) AND CASE WHEN started IS NULL OR CAST(?4 AS BIGINT) "
		"IS NULL THEN gone IS NULL AND (CAST(?4 AS BIGINT) IS NULL OR first_seen >= "
		"CAST(?4 AS BIGINT) - CAST(?5 AS BIGINT)) ELSE started BETWEEN CAST(?4 AS BIGINT) "
		"- CAST(?5 AS BIGINT) AND CAST(?4 AS BIGINT) + CAST(?5 AS BIGINT) AND (gone IS "
		"NULL OR started < CAST(?6 AS BIGINT) - CAST(?5 AS BIGINT)) END ORDER BY gone IS "
		"NOT NULL, started IS NULL, abs(started - CAST(?4 AS BIGINT)), session.id LIMIT 1",
		err);

	if (s == NULL)
		return err->status;
	database_bind_number(s, 1, host->id);
	database_bind_text(s, 2, session->row->client);
	database_bind_text(s, 3, session->row->user);
	if (session->started_s != HISTORY_START_UNKNOWN)
		database_bind_number(s, 4, session->started_s);
	else
		database_bind_null(s, 4);
	database_bind_number(s, 5, SAME_START_S);
	database_bind_number(s, 6, at_ms / 1000);
	database_bind_number(s, 7, host->watch);
	database_bind_number(s, 8, host->before);
	database_bind_number(s, 9, SILENT_MS);
	while (database_next_row(db, s, err)) {
		found->id = database_number(s, 0);
		found->is_of_another = host->interval_ms != 0 && database_number(s, 1) != 0;
	}
	return err->status;
}

static NET_API_STATUS history_take_session(struct database *db, const struct history_host *host,
                                           const struct history_session *session, int64_t id,
                                           int64_t at_ms, struct err *err)
{
	struct database_statement *s = database_prepare(
		db,
		"UPDATE session SET watch = ?1, watch_key = ?2, last_seen = CASE WHEN first_seen > "
		"CAST(?3 AS BIGINT) THEN first_seen ELSE CAST(?3 AS BIGINT) END, gone = NULL, "
		"num_opens = ?4, level = ?5, started = coalesce(started, ?6) WHERE id = ?7",
		err);

	if (s == NULL)
		return err->status;
	database_bind_number(s, 1, host->watch);
	database_bind_number(s, 2, (int64_t)session->key);
	database_bind_number(s, 3, at_ms / 1000);
	history_bind_number(s, 4, session->row->num_opens);
	database_bind_number(s, 5, session->level);
	if (session->started_s != HISTORY_START_UNKNOWN)
		database_bind_number(s, 6, session->started_s);
	else
		database_bind_null(s, 6);
	database_bind_number(s, 7, id);
	return database_run(db, s, err);
}

static NET_API_STATUS history_add_session(struct database *db, const struct history_host *host,
                                          const struct history_session *session,
                                          const char *account, int64_t at_ms, struct err *err)
{
	const struct netsession_row *row = session->row;
	struct database_statement *s = database_prepare(
		db,
		"INSERT INTO session(host, client, user, account, client_type, transport, "
		"num_opens, user_flags, level, started, first_seen, last_seen, watch, watch_key) "
		"VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11, ?12, ?13)",
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
	struct history_found found = { .id = 0 };
	char *account = NULL;

	if (history_find_by_number(db, host, session, &found, err) == NERR_Success &&
	    found.id == 0 && session->row->user != NULL && session->row->client != NULL)
		(void)history_find_by_start(db, host, session, at_ms, &found, err);
	if (err->status != NERR_Success || found.is_of_another)
		return err->status;
	if (found.id != 0)
		return history_take_session(db, host, session, found.id, at_ms, err);
	if (session->row->user != NULL && (account = account_fold(session->row->user)) == NULL)
		return err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
	(void)history_add_session(db, host, session, account, at_ms, err);
	free(account);
	return err->status;
}

NET_API_STATUS history_end_listing(struct database *db, const struct history_host *host,
                                   int64_t at_ms, struct err *err)
{
	const char *kind = history_kind(host->interval_ms);
	struct database_statement *s = database_prepare(
		db,
		"UPDATE session SET gone = CASE WHEN last_seen > CAST(?1 AS BIGINT) THEN last_seen "
		"ELSE CAST(?1 AS BIGINT) END WHERE gone IS NULL AND watch IN (SELECT id FROM watch "
		"WHERE host = ?2 AND (kind = ?3 OR (kind = 'lost' AND CAST(?3 AS TEXT) = "
		"'netsessiond')) AND id <> ?4)",
		err);

	if (s == NULL)
		return err->status;
	database_bind_number(s, 1, at_ms / 1000);
	database_bind_number(s, 2, host->id);
	database_bind_text(s, 3, kind);
	database_bind_number(s, 4, host->watch);
	if (database_run(db, s, err) != NERR_Success || host->interval_ms != 0)
		return err->status;
	s = database_prepare(
		db, "UPDATE watch SET ended = ? WHERE host = ? AND kind = 'lost' AND ended IS NULL",
		err);
	if (s == NULL)
		return err->status;
	database_bind_number(s, 1, at_ms);
	database_bind_number(s, 2, host->id);
	return database_run(db, s, err);
}

NET_API_STATUS history_end(struct database *db, const struct history_host *host, uint64_t key,
                           int64_t at_ms, struct err *err)
{
	struct database_statement *s = database_prepare(
		db,
		"UPDATE session SET last_seen = CASE WHEN first_seen > CAST(?1 AS BIGINT) THEN "
		"first_seen ELSE CAST(?1 AS BIGINT) END, gone = CASE WHEN first_seen > "
		"CAST(?2 AS BIGINT) THEN first_seen ELSE CAST(?2 AS BIGINT) END, end_seen = ?5 "
		"WHERE watch = ?3 AND watch_key = ?4 AND gone IS NULL",
		err);

	if (s == NULL)
		return err->status;
	database_bind_number(s, 1, (host->interval_ms != 0 ? host->seen_ms : at_ms) / 1000);
	database_bind_number(s, 2, at_ms / 1000);
	database_bind_number(s, 3, host->watch);
	database_bind_number(s, 4, (int64_t)key);
	if (host->interval_ms == 0)
		database_bind_number(s, 5, 1);
	else
		database_bind_null(s, 5);
	return database_run(db, s, err);
}

/* It stays with a watch of its own, which ends when all that is back is known. */
NET_API_STATUS history_lose(struct database *db, const struct history_host *host, uint64_t key,
                            int64_t at_ms, struct err *err)
{
	struct database_statement *s = database_prepare(
		db,
		"INSERT INTO watch(host, kind, interval_ms, began, seen) SELECT CAST(?1 AS "
		"BIGINT), 'lost', 0, CAST(?2 AS BIGINT), CAST(?2 AS BIGINT) WHERE NOT "
		"EXISTS(SELECT 1 FROM watch WHERE host = ?1 AND kind = 'lost' AND ended IS NULL)",
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
		"= (SELECT max(id) FROM watch WHERE host = ?1 AND kind = 'lost' AND ended IS NULL) "
		"WHERE watch = ?3 AND watch_key = ?4 AND gone IS NULL",
		err);
	if (s == NULL)
		return err->status;
	database_bind_number(s, 1, host->id);
	database_bind_number(s, 2, at_ms);
	database_bind_number(s, 3, host->watch);
	database_bind_number(s, 4, (int64_t)key);
	return database_run(db, s, err);
}
