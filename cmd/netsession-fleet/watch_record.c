/* SPDX-License-Identifier: MIT */
/* netsession watch --db: the beginning and the end of sessions, as polls see them. */
#include "watch_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "client/server_operand.h"
#include "failure.h"
#include "query.h"
#include "store/history_store.h"
#include "store_path.h"
#include "terminal/terminal.h"

struct watched_host {
	struct history_host host;
	const char *reason; /* why what was before the next answer is not known; NULL: it is */
	bool is_begun;
};

struct watch_record {
	const struct options *options;
	char *path;
	struct database *db; /* NULL: it has failed, and is opened again for the next answer */
	struct watched_host *hosts;
	size_t count;
	bool is_failing; /* which was told */
	/* Of the answer that is written. */
	struct watched_host *now;
	struct history_host before;
	const struct session_level *level;
	int64_t at_ms, clock_s; /* clock_s: what the clock of the sessions' starts is behind */
	bool lists;             /* all sessions are told, and not the events */
	struct err err;
};

static int64_t watch_record_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void watch_record_close(struct watch_record *record);

static struct watch_record *watch_record_open(const struct options *options, size_t servers)
{
	struct watch_record *record = calloc(1, sizeof *record);
	struct err err = { 0 };

	if (record == NULL || (record->hosts = calloc(servers, sizeof *record->hosts)) == NULL) {
		terminal_print_line(stderr, "netsession: out of memory");
		free(record);
		return NULL;
	}
	record->options = options;
	record->count = servers;
	for (size_t i = 0; i < servers; i++)
		record->hosts[i].reason = "ended";
	record->path = store_path_from_options(options);
	if (record->path != NULL &&
	    database_open(record->path, DATABASE_CREATE, &record->db, &err) == 0)
		return record;
	if (err.status != 0)
		failure_print(&err);
	watch_record_close(record);
	return NULL;
}

/* The name that a sweep would give the server. */
static void watch_record_name(const struct server_result *answer, struct server_operand *name)
{
	struct netsession_error error;

	if (answer->server == NULL)
		(void)gethostname(name->server, sizeof name->server - 1);
	else if (!server_operand_parse(answer->server, name, &error))
		(void)snprintf(name->server, sizeof name->server, "%s", answer->server);
}

static void watch_record_begin_host(struct watch_record *record, const struct server_result *answer)
{
	struct watched_host *host = record->now;
	struct server_operand name = { .server = "" };
	struct history_watch watch = { .server = name.server,
		                       .interval_ms = record->options->interval_ms,
		                       .at_ms = record->at_ms,
		                       .reason = host->reason };

	record->lists = !host->is_begun;
	if (host->is_begun && host->reason == NULL)
		return;
	watch_record_name(answer, &name);
	if (host->is_begun)
		(void)history_go_on(record->db, &host->host, &watch, &record->err);
	else
		(void)history_begin(record->db, &host->host, &watch, &record->err);
}

static void watch_record_begin(struct watch_record *record, size_t server,
                               const struct server_result *answer)
{
	record->now = &record->hosts[server];
	record->before = record->now->host;
	record->level = answer->level;
	record->at_ms = watch_record_now_ms();
	record->clock_s = record->at_ms / 1000 - query_now_s();
	record->err = (struct err){ 0 };
	if (record->db == NULL &&
	    database_open(record->path, DATABASE_CREATE, &record->db, &record->err) != 0)
		return;
	if (database_begin(record->db, &record->err) == 0)
		watch_record_begin_host(record, answer);
}

static void watch_record_put(struct watch_record *record, const struct tracked_session *session)
{
	const struct history_session told = {
		.key = session->key,
		.row = &session->row,
		.level = record->level != NULL ? record->level->number : 0,
		.started_s = session->started_s != SNAPSHOT_START_UNKNOWN
		                     ? session->started_s + record->clock_s
		                     : HISTORY_START_UNKNOWN,
	};

	(void)history_put(record->db, &record->now->host, &told, record->at_ms, &record->err);
}

static void watch_record_put_event(struct watch_record *record, const struct tracker_event *event)
{
	if (record->lists || record->err.status != 0)
		return;
	if (event->kind == TRACKER_OPENED)
		watch_record_put(record, event->now);
	else if (event->kind == TRACKER_CLOSED)
		(void)history_end(record->db, &record->now->host, event->before->key, record->at_ms,
		                  &record->err);
}

/* What was not written is told as a gap, and all sessions are listed again. */
static void watch_record_fail(struct watch_record *record)
{
	struct watched_host *host = record->now;

	if (!record->is_failing) {
		failure_print(&record->err);
		terminal_print_line(stderr,
		                    "netsession: nothing is recorded until the store can be "
		                    "written");
	}
	record->is_failing = true;
	if (record->db != NULL)
		database_roll_back(record->db);
	database_close(record->db);
	record->db = NULL;
	host->host = record->before;
	host->is_begun = false;
	host->reason = "store";
}

static void watch_record_end(struct watch_record *record, const struct snapshot *sessions)
{
	struct watched_host *host = record->now;

	for (uint32_t i = 0; record->lists && i < sessions->count && record->err.status == 0; i++)
		watch_record_put(record, sessions->sessions[i]);
	if (record->lists && record->err.status == 0)
		(void)history_end_listing(record->db, &host->host, record->at_ms, &record->err);
	if (record->err.status == 0)
		(void)history_see(record->db, &host->host, record->at_ms, &record->err);
	if (record->err.status == 0)
		(void)database_commit(record->db, &record->err);
	if (record->err.status != 0) {
		watch_record_fail(record);
		return;
	}
	if (record->is_failing)
		terminal_print_line(stderr, "netsession: the sessions are recorded again");
	record->is_failing = false;
	host->is_begun = true;
	host->reason = NULL;
}

static void watch_record_miss(struct watch_record *record, size_t server)
{
	if (record->hosts[server].is_begun)
		record->hosts[server].reason = "no_answer";
}

/* The watch of each host ends when the host was seen last. */
static void watch_record_stop(struct watch_record *record)
{
	struct err err = { 0 };

	if (record->db == NULL || database_begin(record->db, &err) != 0)
		return;
	for (size_t i = 0; i < record->count; i++)
		if (record->hosts[i].is_begun && err.status == 0)
			(void)history_stop(record->db, &record->hosts[i].host,
			                   record->hosts[i].host.seen_ms, &err);
	if (err.status == 0)
		(void)database_commit(record->db, &err);
	database_roll_back(record->db);
}

static void watch_record_close(struct watch_record *record)
{
	if (record == NULL)
		return;
	watch_record_stop(record);
	database_close(record->db);
	free(record->path);
	free(record->hosts);
	free(record);
}

static const struct watch_recording recording = {
	.open = watch_record_open,
	.begin = watch_record_begin,
	.put_event = watch_record_put_event,
	.end = watch_record_end,
	.miss = watch_record_miss,
	.close = watch_record_close,
};

const struct watch_recording *const watch_recording = &recording;
