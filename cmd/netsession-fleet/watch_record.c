/* SPDX-License-Identifier: MIT */
/* netsession watch --db: the beginning and the end of sessions, as polls see them. */
#include "watch_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/ascii.h"
#include "client/server_operand.h"
#include "failure.h"
#include "query.h"
#include "store_path.h"
#include "terminal/terminal.h"
#include "watch_writer.h"

/* How much later than planned a poll may be; and half of the interval. */
enum { LATE_MS = 1000 };

struct watched_host {
	const char *reason; /* why what was before the next answer is not known; NULL: it is */
	bool must_list;
	int64_t answered_ms; /* on the clock that counts sleep, when it answered last; 0: never */
};

struct watch_record {
	const struct options *options;
	char *path;
	struct watch_writer *writer;
	struct watched_host *hosts;
	struct watch_answer *answer; /* which is being read; NULL: out of memory */
};

static int64_t watch_record_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- the servers ---- */

/* The name that a sweep would give the server. NULL: out of memory. */
static char *watch_record_name(const struct options *options, size_t server)
{
	struct server_operand name = { .server = "" };
	const char *operand = server < (size_t)options->operands.count
	                              ? options->operands.list[server]
	                              : NULL;
	struct netsession_error error;

	if (operand == NULL)
		(void)gethostname(name.server, sizeof name.server - 1);
	else if (!server_operand_parse(operand, &name, &error))
		(void)snprintf(name.server, sizeof name.server, "%s", operand);
	return strdup(name.server);
}

static void watch_record_free_names(char **names, size_t count)
{
	for (size_t i = 0; names != NULL && i < count; i++)
		free(names[i]);
	free(names);
}

static bool watch_record_names_are_equal(const char *a, const char *b)
{
	return strlen(a) == strlen(b) && ascii_begins_nocase(a, b);
}

/* Each of two watches of one server would end the other one's sessions. */
static bool watch_record_check_names(char **names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < i; j++)
			if (watch_record_names_are_equal(names[i], names[j])) {
				terminal_print_line(stderr,
				                    "netsession: %s is named twice: a store "
				                    "records a server once",
				                    names[i]);
				return false;
			}
	return true;
}

/* Returns NULL after a message. */
static char **watch_record_read_names(const struct options *options, size_t count)
{
	char **names = calloc(count, sizeof *names);
	bool is_good = names != NULL;

	for (size_t i = 0; is_good && i < count; i++)
		is_good = (names[i] = watch_record_name(options, i)) != NULL;
	if (!is_good)
		terminal_print_line(stderr, "netsession: out of memory");
	if (is_good && watch_record_check_names(names, count))
		return names;
	watch_record_free_names(names, count);
	return NULL;
}

/* ---- the record ---- */

static void watch_record_free(struct watch_record *record)
{
	watch_answer_free(record->answer);
	free(record->path);
	free(record->hosts);
	free(record);
}

static void watch_record_start_writer(struct watch_record *record, size_t servers)
{
	char **names = watch_record_read_names(record->options, servers);
	struct database *db;
	struct err err = { 0 };

	if (names == NULL)
		return;
	if (database_open(record->path, DATABASE_CREATE, &db, &err) != 0) {
		failure_print(&err);
		watch_record_free_names(names, servers);
		return;
	}
	record->writer = watch_writer_start(db, record->path, names, servers,
	                                    record->options->interval_ms);
}

static struct watch_record *watch_record_open(const struct options *options, size_t servers)
{
	struct watch_record *record = calloc(1, sizeof *record);

	if (record == NULL || (record->hosts = calloc(servers, sizeof *record->hosts)) == NULL) {
		terminal_print_line(stderr, "netsession: out of memory");
		free(record);
		return NULL;
	}
	record->options = options;
	for (size_t i = 0; i < servers; i++)
		record->hosts[i] = (struct watched_host){ .reason = "ended", .must_list = true };
	record->path = store_path_from_options(options);
	if (record->path != NULL)
		watch_record_start_writer(record, servers);
	if (record->writer != NULL)
		return record;
	watch_record_free(record);
	return NULL;
}

static void watch_record_close(struct watch_record *record,
                               const volatile sig_atomic_t *is_interrupted)
{
	if (record == NULL)
		return;
	watch_writer_end(record->writer, is_interrupted);
	watch_record_free(record);
}

/* ---- answers ---- */

/* What was not written is told as a gap, and all sessions are listed again. */
static void watch_record_lose(struct watched_host *host)
{
	host->must_list = true;
	host->reason = "store";
}

/* Another server's poll may have taken long, or the reader of the output. */
static void watch_record_note_time(const struct watch_record *record, struct watched_host *host)
{
	int64_t interval_ms = record->options->interval_ms;
	int64_t now_ms = watch_record_ms(CLOCK_BOOTTIME);

	if (host->reason == NULL &&
	    now_ms - host->answered_ms > interval_ms + interval_ms / 2 + LATE_MS)
		host->reason = "late";
	host->answered_ms = now_ms;
}

static void watch_record_begin(struct watch_record *record, size_t server,
                               const struct server_result *result)
{
	struct watched_host *host = &record->hosts[server];
	struct watch_answer *answer = watch_answer_new();

	if (watch_writer_has_lost(record->writer, server))
		watch_record_lose(host);
	watch_record_note_time(record, host);
	record->answer = answer;
	if (answer == NULL)
		return;
	answer->server = server;
	answer->level = result->level != NULL ? result->level->number : 0;
	answer->at_ms = watch_record_ms(CLOCK_REALTIME);
	answer->clock_s = answer->at_ms / 1000 - query_now_s();
	answer->reason = host->reason;
	answer->is_list = host->must_list;
}

static void watch_record_add(struct snapshot *to, const struct tracked_session *session)
{
	snapshot_add(to, &session->row, session->started_s, NULL);
	if (!to->failed)
		to->sessions[to->count - 1]->key = session->key;
}

static void watch_record_put_event(struct watch_record *record, const struct tracker_event *event)
{
	struct watch_answer *answer = record->answer;

	if (answer == NULL || answer->is_list)
		return;
	if (event->kind == TRACKER_OPENED)
		watch_record_add(answer->begun, event->now);
	else if (event->kind == TRACKER_CLOSED)
		watch_record_add(answer->ended, event->before);
}

static void watch_record_end(struct watch_record *record, size_t server,
                             const struct snapshot *sessions)
{
	struct watched_host *host = &record->hosts[server];
	struct watch_answer *answer = record->answer;

	record->answer = NULL;
	for (uint32_t i = 0; answer != NULL && answer->is_list && i < sessions->count; i++)
		watch_record_add(answer->begun, sessions->sessions[i]);
	if (answer == NULL || answer->begun->failed || answer->ended->failed) {
		terminal_print_line(stderr, "netsession: out of memory: an answer is not recorded");
		watch_answer_free(answer);
		watch_record_lose(host);
		return;
	}
	watch_writer_put(record->writer, answer);
	host->must_list = false;
	host->reason = NULL;
}

static void watch_record_miss(struct watch_record *record, size_t server)
{
	if (!record->hosts[server].must_list)
		record->hosts[server].reason = "no_answer";
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
