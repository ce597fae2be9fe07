/* SPDX-License-Identifier: MIT */
#include "store/sweep_queue.h"

#include <stdlib.h>
#include <string.h>
#include <winerror.h>
#include "store/array.h"

#define STEP "store"

/* By the clock of the database, because those of collectors differ. */
#define NOW_MS "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"

void queue_claim_fini(struct queue_claim *claim)
{
	free(claim->token);
	free(claim->user);
	free(claim->client);
	*claim = (struct queue_claim){ 0 };
}

/* Prepares a statement, or gives NULL if there was a failure before. */
static struct database_statement *queue_prepare(struct database *db, const char *sql,
                                                struct err *err)
{
	return err->status == NERR_Success ? database_prepare(db, sql, err) : NULL;
}

static NET_API_STATUS queue_notify(struct database *db, struct err *err)
{
	struct database_statement *s = queue_prepare(db, "NOTIFY netsession_queue", err);

	return s != NULL ? database_run(db, s, err) : err->status;
}

/* ---- collectors ---- */

NET_API_STATUS sweep_queue_listen(struct database *db, struct err *err)
{
	return database_listen(db, "LISTEN netsession_queue", err);
}

NET_API_STATUS sweep_queue_join(struct database *db, const char *name, const char *site,
                                int64_t *id, struct err *err)
{
	struct database_statement *s = database_prepare(
		db,
		"INSERT INTO collector(name, site, began, seen, hosts) VALUES(?, ?, " NOW_MS
		", " NOW_MS ", 0) RETURNING id",
		err);

	if (s == NULL)
		return err->status;
	database_bind_text(s, 1, name);
	database_bind_text(s, 2, site);
	while (database_next_row(db, s, err))
		*id = database_number(s, 0);
	return err->status == NERR_Success ? sweep_queue_listen(db, err) : err->status;
}

NET_API_STATUS sweep_queue_leave(struct database *db, int64_t id, struct err *err)
{
	struct database_statement *s = database_prepare(
		db, "UPDATE collector SET seen = " NOW_MS ", ended = " NOW_MS " WHERE id = ?", err);

	if (s == NULL)
		return err->status;
	database_bind_number(s, 1, id);
	return database_run(db, s, err);
}

NET_API_STATUS sweep_queue_count(struct database *db, int64_t collector, int64_t hosts,
                                 struct err *err)
{
	struct database_statement *s = queue_prepare(
		db, "UPDATE collector SET seen = " NOW_MS ", hosts = hosts + ? WHERE id = ?", err);

	if (s == NULL)
		return err->status;
	database_bind_number(s, 1, hosts);
	database_bind_number(s, 2, collector);
	return database_run(db, s, err);
}

/* ---- claims ---- */

static bool queue_copy(char **to, const char *text)
{
	free(*to);
	*to = text != NULL ? strdup(text) : NULL;
	return (*to != NULL) == (text != NULL);
}

/* The filters and the level of the run, and a token. */
static NET_API_STATUS queue_read_run(struct database *db, struct queue_claim *claim,
                                     struct err *err)
{
	struct database_statement *s = queue_prepare(
		db, "SELECT user, client, level, gen_random_uuid() FROM run WHERE id = ?", err);

	if (s == NULL)
		return err->status;
	database_bind_number(s, 1, claim->run.id);
	while (database_next_row(db, s, err)) {
		claim->run.level = (uint32_t)database_number(s, 2);
		if (!queue_copy(&claim->user, database_text(s, 0)) ||
		    !queue_copy(&claim->client, database_text(s, 1)) ||
		    !queue_copy(&claim->token, database_text(s, 3)))
			return err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
	}
	claim->run.user = claim->user;
	claim->run.client = claim->client;
	return err->status;
}

#define CAN_BE_CLAIMED "(lease_until IS NULL OR lease_until < " NOW_MS ")"

/* A collector that dies after its last commit leaves its run without an end. */
static NET_API_STATUS queue_end_runs(struct database *db, struct err *err)
{
	struct database_statement *s = database_prepare(
		db,
		"UPDATE run SET ended = " NOW_MS ", end = 'finished' WHERE end IS NULL AND NOT "
		"EXISTS(SELECT 1 FROM queue WHERE queue.run = run.id) AND EXISTS(SELECT 1 FROM "
		"target WHERE target.run = run.id) AND NOT EXISTS(SELECT 1 FROM target WHERE "
		"target.run = run.id AND NOT EXISTS(SELECT 1 FROM outcome WHERE outcome.run = "
		"target.run AND outcome.host = target.host))",
		err);

	return s != NULL ? database_run(db, s, err) : err->status;
}

NET_API_STATUS sweep_queue_find(struct database *db, const char *site, struct queue_claim *claim,
                                struct err *err)
{
	struct database_statement *s;

	queue_claim_fini(claim);
	if (queue_end_runs(db, err) != NERR_Success)
		return err->status;
	s = database_prepare(db,
	                     "SELECT min(id) FROM run WHERE end IS NULL AND EXISTS(SELECT 1 FROM "
	                     "queue WHERE queue.run = run.id AND site = ? AND " CAN_BE_CLAIMED ")",
	                     err);
	if (s == NULL)
		return err->status;
	database_bind_text(s, 1, site);
	while (database_next_row(db, s, err))
		claim->run.id = database_number(s, 0);
	return err->status == NERR_Success && claim->run.id != 0 ? queue_read_run(db, claim, err)
	                                                         : err->status;
}

/* The lock-out guard of a collector ends a run for all of them. */
static NET_API_STATUS queue_claim_targets(struct database *db, const char *site, uint32_t most,
                                          int64_t lease_ms, const struct queue_claim *claim,
                                          struct text_list *names, struct err *err)
{
	struct database_statement *s = database_prepare(
		db,
		"WITH claimed AS (SELECT run, host FROM queue WHERE site = ?1 AND run = ?2 "
		"AND EXISTS(SELECT 1 FROM run WHERE id = ?2 AND end IS NULL) AND " CAN_BE_CLAIMED
		" ORDER BY lease_until NULLS FIRST LIMIT ?3 FOR UPDATE SKIP LOCKED) "
		"UPDATE queue SET token = ?4, lease_until = " NOW_MS
		" + ?5 FROM claimed JOIN host ON host.id = claimed.host WHERE "
		"queue.run = claimed.run AND queue.host = claimed.host RETURNING host.name",
		err);

	if (s == NULL)
		return err->status;
	database_bind_text(s, 1, site);
	database_bind_number(s, 2, claim->run.id);
	database_bind_number(s, 3, most);
	database_bind_text(s, 4, claim->token);
	database_bind_number(s, 5, lease_ms);
	while (database_next_row(db, s, err)) {
		const char *name = database_needed_text(s, 0, err);

		if (name == NULL)
			return err->status;
		if (!text_list_add(names, name))
			return err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
	}
	return err->status;
}

NET_API_STATUS sweep_queue_claim(struct database *db, int64_t collector, const char *site,
                                 uint32_t most, int64_t lease_ms, const struct queue_claim *claim,
                                 struct text_list *names, struct err *err)
{
	if (database_begin(db, err) != NERR_Success)
		return err->status;
	(void)queue_claim_targets(db, site, most, lease_ms, claim, names, err);
	(void)sweep_queue_count(db, collector, 0, err);
	if (err->status == NERR_Success)
		(void)database_commit(db, err);
	database_roll_back(db);
	return err->status;
}

NET_API_STATUS sweep_queue_take(struct database *db, const struct queue_claim *claim,
                                const int64_t hosts[], bool is_ours[], size_t count,
                                struct err *err)
{
	struct database_statement *s = queue_prepare(
		db,
		"DELETE FROM queue WHERE run = ?1 AND host = ANY(CAST(?3 AS BIGINT[])) AND "
		"token = ?2 RETURNING host",
		err);
	char *array = array_of_numbers(hosts, count);

	memset(is_ours, 0, count * sizeof *is_ours);
	if (array == NULL)
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
	if (s != NULL && array != NULL) {
		database_bind_number(s, 1, claim->run.id);
		database_bind_text(s, 2, claim->token);
		database_bind_text(s, 3, array);
		while (database_next_row(db, s, err))
			for (size_t i = 0; i < count; i++)
				if (hosts[i] == database_number(s, 0))
					is_ours[i] = true;
	}
	free(array);
	return err->status;
}

NET_API_STATUS sweep_queue_give_back(struct database *db, const struct queue_claim *claim,
                                     struct err *err)
{
	struct database_statement *s = database_prepare(
		db, "UPDATE queue SET lease_until = NULL, token = NULL WHERE run = ? AND token = ?",
		err);

	if (s == NULL)
		return err->status;
	database_bind_number(s, 1, claim->run.id);
	database_bind_text(s, 2, claim->token);
	(void)database_run(db, s, err);
	return queue_notify(db, err);
}

NET_API_STATUS sweep_queue_stop_run(struct database *db, int64_t run, const char *end,
                                    struct err *err)
{
	struct database_statement *s = queue_prepare(
		db, "UPDATE run SET ended = " NOW_MS ", end = ? WHERE id = ? AND end IS NULL", err);

	if (s == NULL)
		return err->status;
	database_bind_text(s, 1, end);
	database_bind_number(s, 2, run);
	(void)database_run(db, s, err);
	return queue_notify(db, err);
}

/* After the commit, so that of two collectors that finish the last targets at the same time, one
 * sees that none is left. */
NET_API_STATUS sweep_queue_end_run(struct database *db, int64_t run, struct err *err)
{
	struct database_statement *s = queue_prepare(
		db,
		"UPDATE run SET ended = " NOW_MS ", end = 'finished' WHERE id = ?1 AND end IS NULL "
		"AND NOT EXISTS(SELECT 1 FROM queue WHERE queue.run = ?1)",
		err);

	if (s == NULL)
		return err->status;
	database_bind_number(s, 1, run);
	if (database_run(db, s, err) == NERR_Success && database_changes(s) == 1)
		(void)queue_notify(db, err);
	return err->status;
}

NET_API_STATUS sweep_queue_look(struct database *db, const char *site, int64_t most_ms,
                                int64_t *left, int64_t *lease_ms, struct err *err)
{
	struct database_statement *s = database_prepare(
		db,
		"SELECT count(*), min(coalesce(lease_until, 0)) - " NOW_MS " FROM queue WHERE "
		"site = ? AND EXISTS(SELECT 1 FROM run WHERE run.id = queue.run AND end IS NULL)",
		err);

	if (s == NULL)
		return err->status;
	database_bind_text(s, 1, site);
	while (database_next_row(db, s, err)) {
		*left = database_number(s, 0);
		*lease_ms = database_number(s, 1);
	}
	if (*lease_ms > most_ms)
		*lease_ms = most_ms;
	if (*lease_ms < 0)
		*lease_ms = 0;
	return err->status;
}
