/* SPDX-License-Identifier: MIT */
#include "store/status_store.h"

#define LAST_SWEEPS "SELECT id FROM run ORDER BY id DESC LIMIT 20"

static const char *const status_statements[STATUS_LIST_COUNT] = {
	[STATUS_SWEEPS] =
		("SELECT id, began / 1000, ended / 1000, CASE WHEN end IS NOT NULL THEN end WHEN "
	         "EXISTS(SELECT 1 FROM queue WHERE queue.run = run.id) THEN 'queued' ELSE "
	         "'unfinished' END, (SELECT count(*) FROM target WHERE target.run = run.id), "
	         "(SELECT count(*) FROM outcome WHERE outcome.run = run.id), "
	         "(SELECT coalesce(sum(sessions), 0) FROM outcome WHERE outcome.run = run.id), "
	         "(SELECT count(*) FROM outcome WHERE outcome.run = run.id AND at + 60000 > ?1) "
	         "FROM run WHERE id IN (" LAST_SWEEPS ") ORDER BY id DESC"),
	[STATUS_OUTCOMES] =
		("SELECT run, outcome, count(*) AS hosts, sum(sessions) FROM outcome WHERE run IN "
	         "(" LAST_SWEEPS ") AND CAST(?1 AS BIGINT) IS NOT NULL GROUP BY run, outcome ORDER "
	         "BY run DESC, hosts DESC, outcome"),
	[STATUS_SITES] =
		("SELECT site, run, count(*) - coalesce(sum(CASE WHEN lease_until > ?1 THEN 1 END), "
	         "0), coalesce(sum(CASE WHEN lease_until > ?1 THEN 1 END), 0) FROM queue WHERE run "
	         "IN (SELECT id FROM run WHERE end IS NULL) GROUP BY site, run ORDER BY site, run"),
	[STATUS_COLLECTORS] =
		("SELECT name, site, began / 1000, seen / 1000, ended / 1000, hosts FROM collector "
	         "WHERE seen + 86400000 > ?1 ORDER BY id"),
};

NET_API_STATUS status_read(struct database *db, enum status_list list,
                           void (*each)(void *context, struct database_statement *row),
                           void *context, struct err *err)
{
	struct database_statement *s;
	int64_t now_ms;

	if (database_read_clock(db, &now_ms, err) != NERR_Success)
		return err->status;
	s = database_prepare(db, status_statements[list], err);
	if (s == NULL)
		return err->status;
	database_bind_number(s, 1, now_ms);
	while (database_next_row(db, s, err))
		each(context, s);
	return err->status;
}
