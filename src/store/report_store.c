/* SPDX-License-Identifier: MIT */
#include "store/report_store.h"

#include <stdlib.h>
#include <string.h>
#include <winerror.h>
#include "base/user_name.h"
#include "store/account.h"

#define STEP "store"

/* The columns that report_read_session reads. */
#define SESSION_COLUMNS                                                                       \
	"host.name, client, user, transport, num_opens, session.level, started, first_seen, " \
	"CASE WHEN gone IS NULL AND seen / 1000 > last_seen THEN seen / 1000 ELSE last_seen " \
	"END AS seen_last, gone, CASE kind WHEN 'lost' THEN 'netsessiond' ELSE coalesce(kind, 'sweep') END"

/* Parameters 1 and 2 are at and since. A session is open from its start, else from when it was
 * first seen, until it was last seen at least; when it ended before an answer lacked it, nobody
 * knows. */
#define IN_PERIOD                                                                                \
	"(CASE WHEN CAST(?1 AS BIGINT) IS NOT NULL THEN "                                        \
	"CASE WHEN started < first_seen THEN started ELSE first_seen END <= CAST(?1 AS BIGINT) " \
	"AND (gone IS NULL OR gone > CAST(?1 AS BIGINT) OR last_seen >= CAST(?1 AS BIGINT)) "    \
	"WHEN CAST(?2 AS BIGINT) IS NOT NULL THEN last_seen >= CAST(?2 AS BIGINT) OR "           \
	"gone IS NULL OR gone > CAST(?2 AS BIGINT) ELSE gone IS NULL END)"

static int64_t report_number(struct database_statement *s, int column)
{
	return database_is_null(s, column) ? REPORT_UNKNOWN : database_number(s, column);
}

static NET_API_STATUS report_read_session(struct database_statement *s,
                                          const struct report_period *period,
                                          struct report_session *to, struct err *err)
{
	*to = (struct report_session){
		.server = database_needed_text(s, 0, err),
		.client = database_text(s, 1),
		.user = database_text(s, 2),
		.transport = database_text(s, 3),
		.num_opens = report_number(s, 4),
		.level = report_number(s, 5),
		.started = report_number(s, 6),
		.first_seen = report_number(s, 7),
		.last_seen = report_number(s, 8),
		.gone = report_number(s, 9),
		.source = database_text(s, 10),
		.is_certain = true,
	};
	if (period->at != REPORT_UNKNOWN)
		to->is_certain = period->at <= to->last_seen;
	else if (period->since != REPORT_UNKNOWN)
		to->is_certain = period->since <= to->last_seen;
	return err->status;
}

static void report_bind_time(struct database_statement *s, int parameter, int64_t time)
{
	if (time != REPORT_UNKNOWN)
		database_bind_number(s, parameter, time);
	else
		database_bind_null(s, parameter);
}

/* user: what the sessions must match; NULL: they are selected already. */
static NET_API_STATUS report_give_sessions(struct database *db, struct database_statement *s,
                                           const struct report_period *period, const char *user,
                                           report_session_function *each, void *context,
                                           struct err *err)
{
	struct report_session session;

	report_bind_time(s, 1, period->at);
	report_bind_time(s, 2, period->since);
	while (database_next_row(db, s, err)) {
		if (report_read_session(s, period, &session, err) != NERR_Success)
			break;
		if (user == NULL || user_name_matches(user, session.user))
			each(context, &session);
	}
	return err->status;
}

NET_API_STATUS report_who(struct database *db, const char *user, const struct report_period *period,
                          report_session_function *each, void *context, struct err *err)
{
	struct database_statement *s = database_prepare(
		db,
		/* report who */
		"SELECT " SESSION_COLUMNS
		" FROM session JOIN host ON host.id = session.host LEFT JOIN watch ON watch.id = session.watch "
		"WHERE account = ?3 AND " IN_PERIOD " ORDER BY seen_last DESC, host.name, client",
		err);
	char *account = account_fold(user);

	if (account == NULL)
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
	if (err->status == NERR_Success) {
		database_bind_text(s, 3, account);
		(void)report_give_sessions(db, s, period, user, each, context, err);
	}
	free(account);
	return err->status;
}

static NET_API_STATUS report_find_host(struct database *db, const char *server, int64_t *id,
                                       struct err *err)
{
	struct database_statement *s = database_prepare(db, "SELECT id FROM host WHERE name = ?",
	                                                err);

	*id = REPORT_UNKNOWN;
	if (s == NULL)
		return err->status;
	database_bind_text(s, 1, server);
	while (database_next_row(db, s, err))
		*id = database_number(s, 0);
	if (err->status == NERR_Success && *id == REPORT_UNKNOWN)
		err_format(err, ERROR_BAD_NETPATH, STEP,
		           "%s: no sweep has asked a server of this name", server);
	return err->status;
}

NET_API_STATUS report_on(struct database *db, const char *server,
                         const struct report_period *period, report_session_function *each,
                         void *context, struct err *err)
{
	struct database_statement *s;
	int64_t host;

	if (report_find_host(db, server, &host, err) != NERR_Success)
		return err->status;
	s = database_prepare(
		db,
		/* report on */
		"SELECT " SESSION_COLUMNS
		" FROM session JOIN host ON host.id = session.host LEFT JOIN watch ON watch.id = session.watch "
		"WHERE session.host = ?3 AND " IN_PERIOD " ORDER BY user, client, first_seen",
		err);
	if (s == NULL)
		return err->status;
	database_bind_number(s, 3, host);
	return report_give_sessions(db, s, period, NULL, each, context, err);
}

NET_API_STATUS report_sessions(struct database *db, const struct report_period *period,
                               report_session_function *each, void *context, struct err *err)
{
	struct database_statement *s = database_prepare(
		db,
		"SELECT " SESSION_COLUMNS
		" FROM session JOIN host ON host.id = session.host LEFT JOIN watch ON watch.id = session.watch "
		"WHERE " IN_PERIOD " ORDER BY session.id",
		err);

	if (s == NULL)
		return err->status;
	return report_give_sessions(db, s, period, NULL, each, context, err);
}

/* ---- gaps ---- */

/* A watch that was not heard of for so long, and for so many polls, is not running. */
enum { SILENT_MS = 30000, SILENT_POLLS = 3 };

struct report_watches {
	int64_t from_ms, until_ms, now_ms;
	void (*each)(void *context, const struct report_gap *gap);
	void *context;
	/* Of the server whose watches are read. */
	char *server;
	int64_t known_ms; /* until then, all is known */
	bool has_ended;   /* the watch that was seen then */
	int64_t open_ms;  /* until then, a watch that is open counts as running */
	int64_t interval_ms;
	bool is_polled; /* in the time that is asked for */
};

static void report_give_gap(const struct report_watches *w, int64_t from_ms, int64_t until_ms,
                            const char *reason, int64_t lost)
{
	const struct report_gap gap = { .server = w->server,
		                        .from_ms = from_ms,
		                        .until_ms = until_ms,
		                        .reason = reason,
		                        .lost = lost };

	if (from_ms <= w->until_ms && (until_ms == REPORT_UNKNOWN || until_ms > w->from_ms))
		w->each(w->context, &gap);
}

static void report_end_server(struct report_watches *w)
{
	const struct report_gap polled = { .server = w->server,
		                           .from_ms = REPORT_UNKNOWN,
		                           .until_ms = REPORT_UNKNOWN,
		                           .lost = REPORT_UNKNOWN,
		                           .interval_ms = w->interval_ms };

	if (w->server == NULL)
		return;
	if (w->now_ms > w->open_ms)
		report_give_gap(w, w->known_ms, REPORT_UNKNOWN, w->has_ended ? "ended" : "silent",
		                REPORT_UNKNOWN);
	if (w->is_polled)
		w->each(w->context, &polled);
	free(w->server);
	w->server = NULL;
}

/* row: name, interval_ms, began, seen, ended, reason, lost */
static NET_API_STATUS report_take_watch(struct report_watches *w, struct database_statement *row,
                                        struct err *err)
{
	const char *server = database_needed_text(row, 0, err), *reason = database_text(row, 5);
	int64_t interval_ms = database_number(row, 1), began_ms = database_number(row, 2),
		seen_ms = database_number(row, 3), open_ms;
	bool has_ended = !database_is_null(row, 4);

	if (server == NULL)
		return err->status;
	if (w->server == NULL || strcmp(w->server, server) != 0) {
		report_end_server(w);
		w->server = strdup(server);
		if (w->server == NULL)
			return err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
		w->known_ms = seen_ms;
		w->has_ended = has_ended;
		w->open_ms = REPORT_UNKNOWN;
		w->is_polled = false;
		report_give_gap(w, REPORT_UNKNOWN, began_ms, "not_watched", REPORT_UNKNOWN);
	} else if (began_ms > w->known_ms) {
		report_give_gap(w, w->known_ms, began_ms, reason != NULL ? reason : "ended",
		                report_number(row, 6));
	}
	if (seen_ms >= w->known_ms) {
		w->known_ms = seen_ms;
		w->has_ended = has_ended;
	}
	open_ms = seen_ms + SILENT_POLLS * interval_ms + SILENT_MS;
	if (!has_ended && open_ms > w->open_ms)
		w->open_ms = open_ms;
	if (interval_ms > 0 && began_ms <= w->until_ms && seen_ms > w->from_ms) {
		w->interval_ms = interval_ms;
		w->is_polled = true;
	}
	return err->status;
}

/* Times in which publishers of a server that netsessiond watches were away. */
static NET_API_STATUS report_lost_sessions(struct report_watches *w, struct database *db,
                                           const char *server, struct err *err)
{
	struct database_statement *s = database_prepare(
		db,
		"SELECT name, began, ended FROM watch JOIN host ON host.id = watch.host WHERE "
		"(CAST(?1 AS TEXT) IS NULL OR name = ?1) AND kind = 'lost' AND (ended IS NULL OR "
		"(ended > CAST(?2 AS BIGINT) AND ended > began)) AND began <= CAST(?3 AS BIGINT) "
		"ORDER BY name, began",
		err);

	if (s == NULL)
		return err->status;
	database_bind_text(s, 1, server);
	database_bind_number(s, 2, w->from_ms);
	database_bind_number(s, 3, w->until_ms);
	while (database_next_row(db, s, err)) {
		const struct report_gap gap = { .server = database_needed_text(s, 0, err),
			                        .from_ms = database_number(s, 1),
			                        .until_ms = report_number(s, 2),
			                        .reason = "publisher",
			                        .lost = REPORT_UNKNOWN };

		if (err->status != NERR_Success)
			break;
		w->each(w->context, &gap);
	}
	return err->status;
}

NET_API_STATUS report_gaps(struct database *db, const char *server, int64_t from_ms,
                           int64_t until_ms, int64_t now_ms,
                           void (*each)(void *context, const struct report_gap *gap), void *context,
                           struct err *err)
{
	struct report_watches w = { .from_ms = from_ms,
		                    .until_ms = until_ms,
		                    .now_ms = now_ms,
		                    .each = each,
		                    .context = context };
	/* The watches of the time, those that are open, and of each server the last one before
	 * and the first one after: many more may be stored. */
	struct database_statement *s = database_prepare(
		db,
		"SELECT name, interval_ms, began, seen, ended, reason, lost FROM watch JOIN host "
		"ON host.id = watch.host WHERE (CAST(?1 AS TEXT) IS NULL OR name = ?1) AND "
		"watch.id IN ("
		"SELECT id FROM watch WHERE kind <> 'lost' AND seen > CAST(?2 AS BIGINT) AND began "
		"<= CAST(?3 AS BIGINT) "
		"UNION ALL SELECT id FROM watch WHERE kind <> 'lost' AND ended IS NULL "
		"UNION ALL SELECT (SELECT id FROM watch WHERE host = h.id AND kind <> 'lost' AND "
		"seen <= CAST(?2 AS BIGINT) ORDER BY seen DESC LIMIT 1) FROM host AS h "
		"UNION ALL SELECT (SELECT id FROM watch WHERE host = h.id AND kind <> 'lost' AND "
		"began > CAST(?3 AS BIGINT) ORDER BY began LIMIT 1) FROM host AS h"
		") ORDER BY name, began, watch.id",
		err);

	if (s == NULL)
		return err->status;
	database_bind_text(s, 1, server);
	database_bind_number(s, 2, from_ms);
	database_bind_number(s, 3, until_ms);
	while (database_next_row(db, s, err))
		if (report_take_watch(&w, s, err) != NERR_Success)
			break;
	if (err->status == NERR_Success)
		report_end_server(&w);
	free(w.server);
	return err->status == NERR_Success ? report_lost_sessions(&w, db, server, err)
	                                   : err->status;
}

/* ---- changes ---- */

static NET_API_STATUS report_read_last_run(struct database *db, int64_t *began, struct err *err)
{
	struct database_statement *s =
		database_prepare(db, "SELECT began / 1000 FROM run ORDER BY id DESC LIMIT 1", err);

	*began = 0;
	while (s != NULL && database_next_row(db, s, err))
		*began = database_number(s, 0);
	return err->status;
}

NET_API_STATUS report_changes(struct database *db, int64_t since,
                              void (*each)(void *context, const struct report_session *session,
                                           bool is_gone),
                              void *context, struct err *err)
{
	const struct report_period any = { REPORT_UNKNOWN, REPORT_UNKNOWN };
	struct report_session session;
	struct database_statement *s;

	if (since == REPORT_UNKNOWN && report_read_last_run(db, &since, err) != NERR_Success)
		return err->status;
	s = database_prepare(
		db,
		/* report changes */
		"SELECT " SESSION_COLUMNS
		", 0 AS went, first_seen AS changed FROM session JOIN host ON "
		"host.id = session.host LEFT JOIN watch ON watch.id = session.watch WHERE first_seen >= ?1 UNION ALL SELECT " SESSION_COLUMNS
		", 1, gone FROM session JOIN host ON host.id = session.host LEFT JOIN watch ON watch.id = session.watch WHERE gone >= ?1 "
		"ORDER BY changed, went, name",
		err);
	if (s == NULL)
		return err->status;
	database_bind_number(s, 1, since);
	while (database_next_row(db, s, err)) {
		if (report_read_session(s, &any, &session, err) != NERR_Success)
			break;
		each(context, &session, database_number(s, 11) != 0);
	}
	return err->status;
}

/* ---- hosts ---- */

NET_API_STATUS report_hosts(struct database *db,
                            void (*each)(void *context, const struct report_host *host),
                            void *context, struct err *err)
{
	struct database_statement *s = database_prepare(
		db,
		/* report hosts */
		"SELECT host.name, outcome, step, error, address, at / 1000, "
		"(SELECT max(at) / 1000 FROM outcome AS good WHERE good.host = host.id AND "
		"good.outcome IN ('answered', 'empty')), sessions FROM host JOIN outcome ON "
		"outcome.host = host.id AND outcome.run = (SELECT run FROM outcome AS last WHERE "
		"last.host = host.id ORDER BY at DESC LIMIT 1) ORDER BY outcome, host.name",
		err);

	while (s != NULL && database_next_row(db, s, err)) {
		const struct report_host host = { .server = database_needed_text(s, 0, err),
			                          .outcome = database_needed_text(s, 1, err),
			                          .step = database_text(s, 2),
			                          .error = database_text(s, 3),
			                          .address = database_text(s, 4),
			                          .asked = report_number(s, 5),
			                          .answered = report_number(s, 6),
			                          .sessions = report_number(s, 7) };

		if (err->status != NERR_Success)
			break;
		each(context, &host);
	}
	return err->status;
}
