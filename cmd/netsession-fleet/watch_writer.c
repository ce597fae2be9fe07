/* SPDX-License-Identifier: MIT */
#include "watch_writer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "failure.h"
#include "net/work.h"
#include "options.h"
#include "store/history_store.h"
#include "terminal/terminal.h"

enum {
	/* Sessions that may wait for the store, of which each takes some hundred bytes. */
	MOST_WAITING = 200000,
	/* After a signal. */
	MOST_END_MS = 1500,
	END_STEP_MS = 50,
};

struct writer_host {
	struct history_host host;
	const char *name;
	bool is_begun;
	bool is_lost; /* see watch_writer_has_lost; under the lock */
};

struct watch_writer {
	const char *path;
	struct database *db; /* NULL: it has failed, and is opened again for the next list */
	char **names;
	struct writer_host *hosts;
	size_t count;
	uint32_t interval_ms;
	char numbering[40];   /* of the sessions' keys, which are those of this process */
	bool is_failing;      /* which was told */
	pthread_mutex_t lock; /* of all that follows */
	pthread_cond_t changed;
	STAILQ_HEAD(, watch_answer) answers;
	size_t waiting; /* the sessions of answers */
	bool must_end, has_ended;
};

/* ---- answers ---- */

struct watch_answer *watch_answer_new(void)
{
	struct watch_answer *answer = calloc(1, sizeof *answer);

	if (answer == NULL)
		return NULL;
	answer->begun = snapshot_new(false, 0);
	answer->ended = snapshot_new(false, 0);
	if (answer->begun != NULL && answer->ended != NULL)
		return answer;
	watch_answer_free(answer);
	return NULL;
}

void watch_answer_free(struct watch_answer *answer)
{
	if (answer == NULL)
		return;
	snapshot_free(answer->begun);
	snapshot_free(answer->ended);
	free(answer);
}

static size_t watch_answer_weight(const struct watch_answer *answer)
{
	return 1 + answer->begun->count + answer->ended->count;
}

/* ---- the store ---- */

static void watch_writer_begin_host(struct watch_writer *writer, const struct watch_answer *answer,
                                    struct err *err)
{
	struct writer_host *host = &writer->hosts[answer->server];
	const struct history_watch watch = { .server = host->name,
		                             .interval_ms = writer->interval_ms,
		                             .at_ms = answer->at_ms,
		                             .reason = answer->reason,
		                             .numbering = writer->numbering };

	if (answer->is_list)
		(void)history_begin(writer->db, &host->host, &watch, err);
	else if (answer->reason != NULL)
		(void)history_go_on(writer->db, &host->host, &watch, err);
}

static void watch_writer_put_sessions(struct watch_writer *writer,
                                      const struct watch_answer *answer, struct err *err)
{
	const struct history_host *host = &writer->hosts[answer->server].host;

	for (uint32_t i = 0; i < answer->ended->count && err->status == 0; i++)
		(void)history_end(writer->db, host, answer->ended->sessions[i]->key, answer->at_ms,
		                  err);
	for (uint32_t i = 0; i < answer->begun->count && err->status == 0; i++) {
		const struct tracked_session *session = answer->begun->sessions[i];
		const struct history_session put = {
			.key = session->key,
			.row = &session->row,
			.level = answer->level,
			.started_s = session->started_s != SNAPSHOT_START_UNKNOWN
			                     ? session->started_s + answer->clock_s
			                     : HISTORY_START_UNKNOWN,
		};

		(void)history_put(writer->db, host, &put, answer->at_ms, err);
	}
	if (answer->is_list && err->status == 0)
		(void)history_end_listing(writer->db, host, answer->at_ms, err);
}

static void watch_writer_store(struct watch_writer *writer, const struct watch_answer *answer,
                               struct err *err)
{
	if (writer->db == NULL &&
	    database_open(writer->path, DATABASE_CREATE, &writer->db, err) != 0)
		return;
	if (database_begin(writer->db, err) != 0)
		return;
	watch_writer_begin_host(writer, answer, err);
	if (err->status == 0)
		watch_writer_put_sessions(writer, answer, err);
	if (err->status == 0)
		(void)history_see(writer->db, &writer->hosts[answer->server].host, answer->at_ms,
		                  err);
	if (err->status == 0)
		(void)database_commit(writer->db, err);
}

/* The locks of all watches are lost with the database: each server is listed again. */
static void watch_writer_fail(struct watch_writer *writer, const struct err *err)
{
	if (!writer->is_failing) {
		failure_print(err);
		terminal_print_line(stderr,
		                    "netsession: nothing is recorded until the store can be "
		                    "written");
	}
	writer->is_failing = true;
	if (writer->db != NULL)
		database_roll_back(writer->db);
	database_close(writer->db);
	writer->db = NULL;
	pthread_mutex_lock(&writer->lock);
	for (size_t i = 0; i < writer->count; i++) {
		writer->hosts[i].is_begun = false;
		writer->hosts[i].is_lost = true;
	}
	pthread_mutex_unlock(&writer->lock);
}

static void watch_writer_handle(struct watch_writer *writer, const struct watch_answer *answer)
{
	struct writer_host *host = &writer->hosts[answer->server];
	const struct history_host before = host->host;
	struct err err = { 0 };

	/* After a failure, what has changed is of no use without a list. */
	if (!host->is_begun && !answer->is_list)
		return;
	watch_writer_store(writer, answer, &err);
	if (err.status != 0) {
		host->host = before;
		watch_writer_fail(writer, &err);
		return;
	}
	if (writer->is_failing)
		terminal_print_line(stderr, "netsession: the sessions are recorded again");
	writer->is_failing = false;
	host->is_begun = true;
}

/* The watch of each host ends when the host was seen last. */
static void watch_writer_stop(struct watch_writer *writer)
{
	struct err err = { 0 };

	if (writer->db == NULL || database_begin(writer->db, &err) != 0)
		return;
	for (size_t i = 0; i < writer->count; i++)
		if (writer->hosts[i].is_begun && err.status == 0)
			(void)history_stop(writer->db, &writer->hosts[i].host,
			                   writer->hosts[i].host.seen_ms, &err);
	if (err.status == 0)
		(void)database_commit(writer->db, &err);
	database_roll_back(writer->db);
}

/* ---- the thread ---- */

/* NULL: the watch has ended, and all is written. */
static struct watch_answer *watch_writer_next(struct watch_writer *writer)
{
	struct watch_answer *answer;

	pthread_mutex_lock(&writer->lock);
	while (STAILQ_EMPTY(&writer->answers) && !writer->must_end)
		pthread_cond_wait(&writer->changed, &writer->lock);
	answer = STAILQ_FIRST(&writer->answers);
	if (answer != NULL) {
		STAILQ_REMOVE_HEAD(&writer->answers, entry);
		writer->waiting -= watch_answer_weight(answer);
	}
	pthread_mutex_unlock(&writer->lock);
	return answer;
}

static void *watch_writer_main(void *argument)
{
	struct watch_writer *writer = argument;
	struct watch_answer *answer;

	while ((answer = watch_writer_next(writer)) != NULL) {
		watch_writer_handle(writer, answer);
		watch_answer_free(answer);
	}
	watch_writer_stop(writer);
	database_close(writer->db);
	pthread_mutex_lock(&writer->lock);
	writer->has_ended = true;
	pthread_cond_signal(&writer->changed);
	pthread_mutex_unlock(&writer->lock);
	return NULL;
}

static void watch_writer_init_lock(struct watch_writer *writer)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_mutex_init(&writer->lock, NULL);
	pthread_cond_init(&writer->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	STAILQ_INIT(&writer->answers);
}

static void watch_writer_free(struct watch_writer *writer)
{
	pthread_cond_destroy(&writer->changed);
	pthread_mutex_destroy(&writer->lock);
	for (size_t i = 0; i < writer->count; i++)
		free(writer->names[i]);
	free(writer->names);
	free(writer->hosts);
	free(writer);
}

struct watch_writer *watch_writer_start(struct database *db, const char *path, char **names,
                                        size_t count, uint32_t interval_ms)
{
	struct watch_writer *writer = calloc(1, sizeof *writer);
	struct writer_host *hosts = calloc(count, sizeof *hosts);

	if (writer == NULL || hosts == NULL)
		goto fail;
	*writer = (struct watch_writer){ .path = path,
		                         .db = db,
		                         .names = names,
		                         .hosts = hosts,
		                         .count = count,
		                         .interval_ms = interval_ms };
	for (size_t i = 0; i < count; i++)
		hosts[i].name = names[i];
	(void)snprintf(writer->numbering, sizeof writer->numbering, "%ld-%lld", (long)getpid(),
	               (long long)time(NULL));
	watch_writer_init_lock(writer);
	if (net_thread_start(watch_writer_main, writer))
		return writer;
	terminal_print_line(stderr, "netsession: the system has no room for another thread");
	database_close(db);
	watch_writer_free(writer);
	return NULL;
fail:
	terminal_print_line(stderr, "netsession: out of memory");
	database_close(db);
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	free(names);
	free(hosts);
	free(writer);
	return NULL;
}

/* ---- the watch ---- */

void watch_writer_put(struct watch_writer *writer, struct watch_answer *answer)
{
	size_t weight = watch_answer_weight(answer);
	bool has_room;

	pthread_mutex_lock(&writer->lock);
	has_room = writer->waiting == 0 || writer->waiting + weight <= MOST_WAITING;
	if (has_room) {
		STAILQ_INSERT_TAIL(&writer->answers, answer, entry);
		writer->waiting += weight;
		pthread_cond_signal(&writer->changed);
	} else {
		writer->hosts[answer->server].is_lost = true;
	}
	pthread_mutex_unlock(&writer->lock);
	if (!has_room)
		watch_answer_free(answer);
}

bool watch_writer_has_lost(struct watch_writer *writer, size_t server)
{
	bool is_lost;

	pthread_mutex_lock(&writer->lock);
	is_lost = writer->hosts[server].is_lost;
	writer->hosts[server].is_lost = false;
	pthread_mutex_unlock(&writer->lock);
	return is_lost;
}

static struct timespec watch_writer_step(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_nsec += END_STEP_MS * 1000000L;
	at.tv_sec += at.tv_nsec / 1000000000L;
	at.tv_nsec %= 1000000000L;
	return at;
}

/* Returns false if the thread is still at work some time after a signal. */
static bool watch_writer_await(struct watch_writer *writer,
                               const volatile sig_atomic_t *is_interrupted)
{
	int left_ms = MOST_END_MS;
	bool has_ended;

	pthread_mutex_lock(&writer->lock);
	writer->must_end = true;
	pthread_cond_signal(&writer->changed);
	while (!writer->has_ended && left_ms > 0) {
		const struct timespec step = watch_writer_step();

		(void)pthread_cond_timedwait(&writer->changed, &writer->lock, &step);
		if (*is_interrupted)
			left_ms -= END_STEP_MS;
	}
	has_ended = writer->has_ended;
	pthread_mutex_unlock(&writer->lock);
	return has_ended;
}

void watch_writer_end(struct watch_writer *writer, const volatile sig_atomic_t *is_interrupted)
{
	if (writer == NULL)
		return;
	if (!watch_writer_await(writer, is_interrupted)) {
		terminal_print_line(stderr, "netsession: what was seen last is not recorded: the "
		                            "store did not answer");
		(void)fflush(stdout);
		_exit(EXIT_NONE); /* the thread is still at work in the libraries */
	}
	watch_writer_free(writer);
}
