/* SPDX-License-Identifier: MIT */
#include "store/sweep_store.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <winerror.h>
#include "base/growing.h"
#include "base/ascii.h"
#include "base/client_name.h"
#include "base/user_name.h"
#include "sessions/tracker.h"
#include "store/account.h"
#include "store/array.h"

#define STEP "store"

/* How far two answers may disagree on a session's start: they travel, clocks are set, and seconds
 * are whole. */
enum { SAME_START_S = 5 };

enum {
	/* How long it counts how far the clock of the database is ahead, and from when on. */
	CLOCK_STANDS_MS = 60000,
	LEAST_AHEAD_MS = 1000,
	/* Targets that one statement adds to a shared store. */
	MOST_ADDED = 1000,
};

struct sweep_store {
	struct database *db;
	/* Of the host that is put. */
	struct store_host host;
	const struct store_run *run;
	struct tracker *tracker; /* NULL: the host gave no answer */
	struct snapshot *answer;
	int64_t *ids; /* of the stored sessions, as they were added to their snapshot */
	size_t id_count, id_room;
	char *run_user, *run_client; /* of a run that is resumed */
	/* By how much the clock of the database is ahead of this computer's, and when that was
	 * found, by a clock that is never set. 0: never. */
	int64_t ahead_ms, ahead_since_ms;
};

struct sweep_store *sweep_store_new(struct database *db)
{
	struct sweep_store *store = calloc(1, sizeof *store);

	if (store == NULL)
		database_close(db);
	else
		store->db = db;
	return store;
}

struct database *sweep_store_database(struct sweep_store *store)
{
	return store->db;
}

static void sweep_store_forget_host(struct sweep_store *store)
{
	snapshot_free(store->answer);
	tracker_free(store->tracker);
	store->answer = NULL;
	store->tracker = NULL;
	store->id_count = 0;
}

void sweep_store_free(struct sweep_store *store)
{
	if (store == NULL)
		return;
	sweep_store_forget_host(store);
	database_close(store->db);
	free(store->ids);
	free(store->run_user);
	free(store->run_client);
	free(store);
}

static NET_API_STATUS sweep_store_fail_memory(struct err *err)
{
	return err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
}

/* ---- the clock ---- */

static int64_t sweep_store_clock_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Times in a shared store are by its clock, or a session of two sweeps would end before it began.
 */
static NET_API_STATUS sweep_store_set_clock(struct sweep_store *store, struct err *err)
{
	int64_t now = sweep_store_clock_ms(CLOCK_BOOTTIME), before, there_ms;

	if (!database_is_shared(store->db) ||
	    (store->ahead_since_ms != 0 && now - store->ahead_since_ms < CLOCK_STANDS_MS))
		return NERR_Success;
	before = sweep_store_clock_ms(CLOCK_REALTIME);
	if (database_read_clock(store->db, &there_ms, err) != NERR_Success)
		return err->status;
	store->ahead_ms = there_ms - (before + sweep_store_clock_ms(CLOCK_REALTIME)) / 2;
	if (llabs(store->ahead_ms) < LEAST_AHEAD_MS)
		store->ahead_ms = 0;
	store->ahead_since_ms = now;
	return NERR_Success;
}

/* ---- runs ---- */

static NET_API_STATUS sweep_store_add_run(struct sweep_store *store, struct store_run *run,
                                          int64_t now_ms, struct err *err)
{
	struct database_statement *s = database_prepare(
		store->db,
		"INSERT INTO run(began, user, client, level) VALUES(?, ?, ?, ?) RETURNING id", err);

	if (s == NULL)
		return err->status;
	database_bind_number(s, 1, now_ms + store->ahead_ms);
	database_bind_text(s, 2, run->user);
	database_bind_text(s, 3, run->client);
	database_bind_number(s, 4, run->level);
	while (database_next_row(store->db, s, err))
		run->id = database_number(s, 0);
	return err->status;
}

static NET_API_STATUS sweep_store_add_host(struct sweep_store *store, const char *name,
                                           struct err *err)
{
	struct database_statement *s = database_prepare(
		store->db, "INSERT INTO host(name) VALUES(?) ON CONFLICT DO NOTHING", err);

	if (s == NULL)
		return err->status;
	database_bind_text(s, 1, name);
	return database_run(store->db, s, err);
}

static NET_API_STATUS sweep_store_add_target(struct sweep_store *store, const struct store_run *run,
                                             const char *name, struct err *err)
{
	struct database_statement *s;

	if (sweep_store_add_host(store, name, err) != NERR_Success)
		return err->status;
	s = database_prepare(store->db,
	                     "INSERT INTO target(run, host) SELECT CAST(? AS BIGINT), id FROM host "
	                     "WHERE name = ? ON CONFLICT DO NOTHING",
	                     err);
	if (s == NULL)
		return err->status;
	database_bind_number(s, 1, run->id);
	database_bind_text(s, 2, name);
	return database_run(store->db, s, err);
}

int sweep_store_compare_names(const char *a, const char *b)
{
	while (*a != '\0' && ascii_lower(*a) == ascii_lower(*b)) {
		a++;
		b++;
	}
	return (unsigned char)ascii_lower(*a) - (unsigned char)ascii_lower(*b);
}

static int sweep_store_compare_elements(const void *left, const void *right)
{
	return sweep_store_compare_names(*(const char *const *)left, *(const char *const *)right);
}

/* As sweep_store_add_target, of a shared store. OFFSET 0: one host after another, by the index. */
static NET_API_STATUS sweep_store_add_many(struct sweep_store *store, const struct store_run *run,
                                           const char *const names[], size_t count, struct err *err)
{
	static const char *const statements[] = {
		"INSERT INTO host(name) SELECT asked FROM unnest(CAST(?1 AS TEXT[])) AS asked "
		"WHERE CAST(?2 AS BIGINT) IS NOT NULL ON CONFLICT DO NOTHING",
		"INSERT INTO target(run, host) SELECT CAST(?2 AS BIGINT), id FROM "
		"unnest(CAST(?1 AS TEXT[])) AS asked CROSS JOIN LATERAL (SELECT id FROM host WHERE "
		"name = asked OFFSET 0) AS host ON CONFLICT DO NOTHING",
	};
	char *array = array_of_texts(names, count);

	if (array == NULL)
		return sweep_store_fail_memory(err);
	for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
		struct database_statement *s = err->status == NERR_Success
		                                       ? database_prepare(store->db, statements[i],
		                                                          err)
		                                       : NULL;

		if (s == NULL)
			break;
		database_bind_text(s, 1, array);
		database_bind_number(s, 2, run->id);
		(void)database_run(store->db, s, err);
	}
	free(array);
	return err->status;
}

/* In one order, because two programs that add the same hosts wait for each other. */
static NET_API_STATUS sweep_store_add_targets(struct sweep_store *store,
                                              const struct store_run *run, char *const names[],
                                              size_t count, struct err *err)
{
	const char **sorted = calloc(count + 1, sizeof *sorted);

	if (sorted == NULL)
		return sweep_store_fail_memory(err);
	if (count > 0)
		memcpy(sorted, names, count * sizeof *sorted);
	qsort(sorted, count, sizeof *sorted, sweep_store_compare_elements);
	for (size_t i = 0, step = 1; i < count && err->status == NERR_Success; i += step)
		if (!database_is_shared(store->db)) {
			(void)sweep_store_add_target(store, run, sorted[i], err);
		} else {
			step = count - i < MOST_ADDED ? count - i : MOST_ADDED;
			(void)sweep_store_add_many(store, run, &sorted[i], step, err);
		}
	free(sorted);
	return err->status;
}

/* For the collectors of the run's site, which wait for the notification. */
static NET_API_STATUS sweep_store_queue_targets(struct sweep_store *store,
                                                const struct store_run *run, struct err *err)
{
	struct database_statement *s = database_prepare(
		store->db,
		"INSERT INTO queue(run, host, site) SELECT run, host, CAST(?2 AS TEXT) FROM target "
		"WHERE run = ?1",
		err);

	if (s == NULL)
		return err->status;
	database_bind_number(s, 1, run->id);
	database_bind_text(s, 2, run->site);
	if (database_run(store->db, s, err) != NERR_Success)
		return err->status;
	s = database_prepare(store->db, "NOTIFY netsession_queue", err);
	return s != NULL ? database_run(store->db, s, err) : err->status;
}

NET_API_STATUS sweep_store_begin_run(struct sweep_store *store, struct store_run *run,
                                     char *const names[], size_t count, int64_t now_ms,
                                     struct err *err)
{
	if (database_begin(store->db, err) != NERR_Success)
		return err->status;
	if (sweep_store_set_clock(store, err) == NERR_Success)
		(void)sweep_store_add_run(store, run, now_ms, err);
	if (err->status == NERR_Success)
		(void)sweep_store_add_targets(store, run, names, count, err);
	if (err->status == NERR_Success && run->site != NULL)
		(void)sweep_store_queue_targets(store, run, err);
	if (err->status == NERR_Success && run->site == NULL)
		(void)database_try_lock(store->db, run->id, err);
	if (err->status == NERR_Success)
		(void)database_commit(store->db, err);
	database_roll_back(store->db);
	return err->status;
}

static bool sweep_store_copy(char **to, const char *text)
{
	*to = text != NULL ? strdup(text) : NULL;
	return (*to != NULL) == (text != NULL);
}

/* Gives the last run before another one that has something to resume; id 0: there is none. */
static NET_API_STATUS sweep_store_find_run(struct sweep_store *store, int64_t before,
                                           struct store_run *run, struct err *err)
{
	struct database_statement *s = database_prepare(
		store->db,
		"SELECT id, user, client, level FROM run WHERE id < ? AND coalesce(end, '') <> "
		"'finished' AND (end IS NOT NULL OR NOT EXISTS(SELECT 1 FROM queue WHERE "
		"queue.run = run.id)) AND EXISTS(SELECT 1 FROM target WHERE target.run = run.id "
		"AND NOT EXISTS(SELECT 1 FROM outcome WHERE outcome.run = target.run AND "
		"outcome.host = target.host)) ORDER BY id DESC LIMIT 1",
		err);

	run->id = 0;
	if (s == NULL)
		return err->status;
	database_bind_number(s, 1, before);
	while (database_next_row(store->db, s, err)) {
		free(store->run_user);
		free(store->run_client);
		store->run_client = NULL;
		run->id = database_number(s, 0);
		run->level = (uint32_t)database_number(s, 3);
		if (!sweep_store_copy(&store->run_user, database_text(s, 1)) ||
		    !sweep_store_copy(&store->run_client, database_text(s, 2)))
			return sweep_store_fail_memory(err);
	}
	run->user = store->run_user;
	run->client = store->run_client;
	return err->status;
}

/* Gives the last run that has something to resume and that no other program works on. */
static NET_API_STATUS sweep_store_lock_run(struct sweep_store *store, struct store_run *run,
                                           struct err *err)
{
	int64_t before = INT64_MAX, running = 0;

	while (sweep_store_find_run(store, before, run, err) == NERR_Success && run->id != 0) {
		if (database_try_lock(store->db, run->id, err) || err->status != NERR_Success)
			return err->status;
		before = run->id;
		running = running != 0 ? running : run->id;
	}
	if (err->status == NERR_Success && running != 0)
		err_format(
			err, ERROR_BUSY, STEP,
			"sweep %lld is still running in another program: there is nothing to resume",
			(long long)running);
	else if (err->status == NERR_Success)
		err_set(err, ERROR_FILE_NOT_FOUND, STEP,
		        "no sweep was interrupted: there is nothing to resume");
	return err->status;
}

NET_API_STATUS sweep_store_resume_run(struct sweep_store *store, struct store_run *run,
                                      bool (*add)(void *context, const char *name), void *context,
                                      struct err *err)
{
	struct database_statement *s;
	bool goes_on = true;

	if (sweep_store_lock_run(store, run, err) != NERR_Success)
		return err->status;
	s = database_prepare(store->db,
	                     "SELECT name FROM target JOIN host ON host.id = target.host WHERE "
	                     "target.run = ?1 AND NOT EXISTS(SELECT 1 FROM outcome WHERE "
	                     "outcome.run = ?1 AND outcome.host = target.host)",
	                     err);
	if (s == NULL)
		return err->status;
	database_bind_number(s, 1, run->id);
	while (goes_on && database_next_row(store->db, s, err)) {
		const char *name = database_needed_text(s, 0, err);

		if (name == NULL)
			return err->status;
		goes_on = add(context, name);
	}
	return goes_on ? err->status : sweep_store_fail_memory(err);
}

NET_API_STATUS sweep_store_end_run(struct sweep_store *store, const struct store_run *run,
                                   const char *end, int64_t now_ms, struct err *err)
{
	struct database_statement *s;

	if (sweep_store_set_clock(store, err) != NERR_Success)
		return err->status;
	s = database_prepare(store->db, "UPDATE run SET ended = ?, end = ? WHERE id = ?", err);
	if (s == NULL)
		return err->status;
	database_bind_number(s, 1, now_ms + store->ahead_ms);
	database_bind_text(s, 2, end);
	database_bind_number(s, 3, run->id);
	return database_run(store->db, s, err);
}

/* ---- a host's sessions ---- */

/* Whether the run could have seen a session: its filters select it. */
static bool sweep_store_selects(const struct store_run *run, const struct netsession_row *row)
{
	return (run->user == NULL || run->user[0] == '\0' ||
	        user_name_matches(run->user, row->user)) &&
	       (run->client == NULL || run->client[0] == '\0' ||
	        client_name_equal(run->client, row->client));
}

static bool sweep_store_add_id(struct sweep_store *store, int64_t id)
{
	int64_t *ids = growing_make_room(store->ids, store->id_count, &store->id_room, sizeof *ids);

	if (ids == NULL)
		return false;
	store->ids = ids;
	store->ids[store->id_count++] = id;
	return true;
}

/* Adds the sessions that the last answers of the host had to a snapshot. */
static NET_API_STATUS sweep_store_read_sessions(struct sweep_store *store, struct snapshot *to,
                                                struct err *err)
{
	struct database_statement *s =
		database_prepare(store->db,
	                         "SELECT id, client, user, started FROM session WHERE host = ? AND "
	                         "gone IS NULL AND (user IS NOT NULL) = ? ORDER BY id",
	                         err);

	if (s == NULL)
		return err->status;
	database_bind_number(s, 1, store->host.id);
	database_bind_number(s, 2, store->host.has_users);
	while (database_next_row(store->db, s, err)) {
		struct netsession_row row = { .client = database_text(s, 1),
			                      .user = database_text(s, 2) };

		if (!sweep_store_selects(store->run, &row))
			continue;
		snapshot_add(to, &row,
		             database_is_null(s, 3) ? SNAPSHOT_START_UNKNOWN
		                                    : database_number(s, 3),
		             NULL);
		if (to->failed || !sweep_store_add_id(store, database_number(s, 0)))
			return sweep_store_fail_memory(err);
	}
	return err->status;
}

/* The tracker has the stored sessions from now on; the state of each is its id. */
static NET_API_STATUS sweep_store_track_stored(struct sweep_store *store, struct err *err)
{
	struct snapshot *stored = tracker_begin_snapshot(store->tracker);
	struct tracker_event event;
	uint32_t missing;

	if (stored == NULL)
		return sweep_store_fail_memory(err);
	if (sweep_store_read_sessions(store, stored, err) != NERR_Success ||
	    !tracker_compare(store->tracker, stored, &missing)) {
		snapshot_free(stored);
		return err->status != NERR_Success ? err->status : sweep_store_fail_memory(err);
	}
	tracker_update(store->tracker, stored);
	while (tracker_next_event(store->tracker, &event))
		*(int64_t *)event.now->state = store->ids[event.now->source];
	return NERR_Success;
}

static NET_API_STATUS sweep_store_begin_answer(struct sweep_store *store, struct err *err)
{
	const struct tracker_settings settings = { .same_start_s = SAME_START_S,
		                                   .state_bytes = sizeof(int64_t) };

	store->tracker = tracker_new(&settings);
	if (store->tracker == NULL)
		return sweep_store_fail_memory(err);
	if (sweep_store_track_stored(store, err) != NERR_Success)
		return err->status;
	store->answer = tracker_begin_snapshot(store->tracker);
	return store->answer != NULL ? NERR_Success : sweep_store_fail_memory(err);
}

void sweep_store_put_row(struct sweep_store *store, const struct netsession_row *row)
{
	struct netsession_row known = *row;
	int64_t started = SNAPSHOT_START_UNKNOWN;

	if (store->host.has_starts && row->active_s != NETSESSION_UNKNOWN)
		started = store->host.answered_ms / 1000 - row->active_s;
	if (!store->host.has_users)
		known.user = NULL;
	else if (known.user == NULL)
		known.user = "";
	snapshot_add(store->answer, &known, started, NULL);
}

static void sweep_store_bind_start(struct database_statement *s, int parameter, int64_t started)
{
	if (started != SNAPSHOT_START_UNKNOWN)
		database_bind_number(s, parameter, started);
	else
		database_bind_null(s, parameter);
}

static void sweep_store_bind_opens(const struct sweep_store *store, struct database_statement *s,
                                   int parameter, const struct netsession_row *row)
{
	if (store->host.has_opens && row->num_opens != NETSESSION_UNKNOWN)
		database_bind_number(s, parameter, row->num_opens);
	else
		database_bind_null(s, parameter);
}

static NET_API_STATUS sweep_store_open_session(struct sweep_store *store,
                                               const struct tracked_session *session,
                                               struct err *err)
{
	struct database_statement *s = database_prepare(
		store->db,
		"INSERT INTO session(host, client, user, account, client_type, transport, "
		"num_opens, user_flags, level, started, first_seen, last_seen) "
		"VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?11, ?11)",
		err);
	char *account = NULL;

	if (s == NULL)
		return err->status;
	if (session->row.user != NULL && (account = account_fold(session->row.user)) == NULL)
		return sweep_store_fail_memory(err);
	database_bind_number(s, 1, store->host.id);
	database_bind_text(s, 2, session->row.client);
	database_bind_text(s, 3, session->row.user);
	database_bind_text(s, 4, account);
	database_bind_text(s, 5, session->row.client_type);
	database_bind_text(s, 6, session->row.transport);
	sweep_store_bind_opens(store, s, 7, &session->row);
	database_bind_number(s, 8, session->row.user_flags);
	database_bind_number(s, 9, store->host.level);
	sweep_store_bind_start(s, 10, session->started_s);
	database_bind_number(s, 11, store->host.answered_ms / 1000);
	(void)database_run(store->db, s, err);
	free(account);
	return err->status;
}

/* The first start that was computed stands: it is from the shortest time. */
static NET_API_STATUS sweep_store_see_session(struct sweep_store *store,
                                              const struct tracked_session *session,
                                              struct err *err)
{
	struct database_statement *s = database_prepare(
		store->db,
		"UPDATE session SET last_seen = ?, started = coalesce(started, ?), num_opens = ?, "
		"level = ? WHERE id = ?",
		err);

	if (s == NULL)
		return err->status;
	database_bind_number(s, 1, store->host.answered_ms / 1000);
	sweep_store_bind_start(s, 2, session->started_s);
	sweep_store_bind_opens(store, s, 3, &session->row);
	database_bind_number(s, 4, store->host.level);
	database_bind_number(s, 5, *(const int64_t *)session->state);
	return database_run(store->db, s, err);
}

/* A session that is watched ends when its watch says so. */
static NET_API_STATUS sweep_store_close_session(struct sweep_store *store,
                                                const struct tracked_session *session,
                                                struct err *err)
{
	struct database_statement *s = database_prepare(
		store->db,
		"UPDATE session SET gone = ?1 WHERE id = ?2 AND NOT EXISTS(SELECT 1 FROM watch WHERE watch.id = session.watch AND ended IS NULL AND seen > CAST(?1 AS BIGINT) * 1000 - 120000)",
		err);

	if (s == NULL)
		return err->status;
	database_bind_number(s, 1, store->host.answered_ms / 1000);
	database_bind_number(s, 2, *(const int64_t *)session->state);
	return database_run(store->db, s, err);
}

static NET_API_STATUS sweep_store_write_event(struct sweep_store *store,
                                              const struct tracker_event *event, struct err *err)
{
	switch (event->kind) {
	case TRACKER_OPENED:
		return sweep_store_open_session(store, event->now, err);
	case TRACKER_SEEN:
		return sweep_store_see_session(store, event->now, err);
	case TRACKER_CLOSED:
		break;
	}
	/* That it is not in a part of the sessions says nothing. */
	return store->host.is_complete ? sweep_store_close_session(store, event->before, err)
	                               : NERR_Success;
}

NET_API_STATUS sweep_store_end_host(struct sweep_store *store, struct err *err)
{
	struct tracker_event event;
	uint32_t missing;

	if (store->tracker == NULL)
		return NERR_Success;
	if (store->answer->failed || !tracker_compare(store->tracker, store->answer, &missing)) {
		sweep_store_forget_host(store);
		return sweep_store_fail_memory(err);
	}
	tracker_update(store->tracker, store->answer);
	store->answer = NULL;
	while (tracker_next_event(store->tracker, &event))
		if (err->status == NERR_Success)
			(void)sweep_store_write_event(store, &event, err);
	sweep_store_forget_host(store);
	return err->status;
}

/* ---- hosts ---- */

/* False: there is an outcome already, or a failure. */
static bool sweep_store_add_outcome(struct sweep_store *store, const struct store_run *run,
                                    const struct store_host *host, struct err *err)
{
	struct database_statement *s = database_prepare(
		store->db,
		"INSERT INTO outcome(run, host, at, outcome, step, status, nt_status, "
		"error, address, level, sessions, is_complete, attempts) "
		"VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
		err);

	if (s == NULL)
		return false;
	database_bind_number(s, 1, run->id);
	database_bind_number(s, 2, store->host.id);
	database_bind_number(s, 3, host->answered_ms);
	database_bind_text(s, 4, host->outcome);
	database_bind_text(s, 5, host->step);
	database_bind_number(s, 6, host->status);
	database_bind_number(s, 7, host->nt_status);
	database_bind_text(s, 8, host->error);
	database_bind_text(s, 9, host->address);
	if (host->level >= 0)
		database_bind_number(s, 10, host->level);
	database_bind_number(s, 11, (int64_t)host->sessions);
	database_bind_number(s, 12, host->is_complete);
	database_bind_number(s, 13, host->attempts);
	return database_run(store->db, s, err) == NERR_Success && database_changes(s) == 1;
}

bool sweep_store_put_host(struct sweep_store *store, const struct store_run *run,
                          const struct store_host *host, struct err *err)
{
	sweep_store_forget_host(store);
	store->host = *host;
	store->host.answered_ms += store->ahead_ms;
	store->run = run;
	if (!sweep_store_add_outcome(store, run, &store->host, err))
		return false;
	return host->is_answer && sweep_store_begin_answer(store, err) == NERR_Success;
}

/* ---- batches ---- */

/* In SQLite, the transaction itself keeps others from writing. */
static NET_API_STATUS sweep_store_find_hosts(struct sweep_store *store, const char *const names[],
                                             int64_t ids[], size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		struct database_statement *s =
			database_prepare(store->db, "SELECT id FROM host WHERE name = ?", err);

		if (s == NULL)
			return err->status;
		database_bind_text(s, 1, names[i]);
		while (database_next_row(store->db, s, err))
			ids[i] = database_number(s, 0);
		if (err->status != NERR_Success)
			return err->status;
	}
	return NERR_Success;
}

/* LATERAL: one after another, each by the index. */
static NET_API_STATUS sweep_store_lock_hosts(struct sweep_store *store, const char *const names[],
                                             int64_t ids[], size_t count, struct err *err)
{
	struct database_statement *s = database_prepare(
		store->db,
		"SELECT place, id FROM unnest(CAST(? AS TEXT[])) WITH ORDINALITY AS asked(asked, "
		"place) CROSS JOIN LATERAL (SELECT id FROM host WHERE name = asked FOR NO KEY "
		"UPDATE) AS host",
		err);
	char *array = array_of_texts(names, count);

	if (array == NULL)
		return sweep_store_fail_memory(err);
	if (s != NULL) {
		database_bind_text(s, 1, array);
		while (database_next_row(store->db, s, err))
			ids[database_number(s, 0) - 1] = database_number(s, 1);
	}
	free(array);
	return err->status;
}

NET_API_STATUS sweep_store_begin(struct sweep_store *store, const char *const names[],
                                 int64_t ids[], size_t count, struct err *err)
{
	memset(ids, 0, count * sizeof *ids);
	if (sweep_store_set_clock(store, err) != NERR_Success ||
	    database_begin(store->db, err) != NERR_Success)
		return err->status;
	return database_is_shared(store->db)
	               ? sweep_store_lock_hosts(store, names, ids, count, err)
	               : sweep_store_find_hosts(store, names, ids, count, err);
}

NET_API_STATUS sweep_store_commit(struct sweep_store *store, struct err *err)
{
	sweep_store_forget_host(store);
	if (err->status == NERR_Success)
		(void)database_commit(store->db, err);
	database_roll_back(store->db);
	return err->status;
}
