/* SPDX-License-Identifier: MIT */
/* netsession watch: reports sessions that start, end or change. */
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include "commands.h"
#include "credentials.h"
#include "output.h"
#include "query.h"
#include "watch_tracker.h"

struct watched_server {
	struct watch_tracker tracker;
	uint32_t status; /* of the last poll */
};

struct watch {
	const struct options *options;
	struct netsession_credentials *credentials;
	struct watched_server *servers;
	size_t count;
	char at[32]; /* the time of the poll, UTC */
};

static volatile sig_atomic_t is_interrupted;

static void watch_on_signal(int number)
{
	(void)number;
	is_interrupted = 1;
}

/* Catches the first signal only: a second one ends the program in the middle of a poll. */
static void watch_catch_signals(void)
{
	struct sigaction action = { .sa_handler = watch_on_signal, .sa_flags = (int)SA_RESETHAND };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static void watch_print_event(void *context, enum watch_event event,
                              const struct server_result *result, const struct netsession_row *row)
{
	static const char *const names[] = {
		[WATCH_OPENED] = "started",
		[WATCH_CLOSED] = "ended",
		[WATCH_CHANGED] = "changed",
	};
	const struct watch *watch = context;

	output_event_format_find(watch->options->output)
		->write(stdout, watch->at, names[event], result, row);
}

static int64_t watch_now_s(void)
{
	struct timespec clock;

	clock_gettime(CLOCK_MONOTONIC, &clock);
	return clock.tv_sec;
}

/* An answer that lacks sessions may be incomplete, as Samba's sometimes is: the server is asked
 * once more, and a session has ended if both answers lack it. If the server does not answer, the
 * next poll decides. */
static bool watch_compare_answer(struct watch *watch, struct watched_server *server,
                                 const struct watch_poll *poll)
{
	struct server_result result = { .server = poll->result->server };
	struct watch_poll again = { .result = &result };
	bool is_good;

	switch (watch_tracker_misses(&server->tracker, poll)) {
	case WATCH_NONE_MISSING:
		return watch_tracker_update(&server->tracker, poll, NULL, watch_print_event, watch);
	case WATCH_NO_MEMORY:
		return false;
	case WATCH_SOME_MISSING:
		break;
	}
	is_good = query_servers(watch->options, watch->credentials, &result, 1);
	again.at_s = watch_now_s();
	if (is_good && result.error.status == 0)
		is_good = watch_tracker_update(&server->tracker, poll, &again, watch_print_event,
		                               watch);
	server_result_fini(&result);
	return is_good;
}

/* Reports once that a server stops answering, and once that it answers again. */
static bool watch_handle_result(struct watch *watch, struct watched_server *server,
                                const struct watch_poll *poll)
{
	const struct server_result *result = poll->result;
	uint32_t before = server->status;

	server->status = result->error.status;
	if (result->error.status != 0) {
		if (before != result->error.status)
			query_print_messages(watch->options, result);
		return true;
	}
	if (before != 0)
		fprintf(stderr, "netsession: %s: the server answers again\n",
		        server_result_name(result));
	return watch_compare_answer(watch, server, poll);
}

/* Returns the exit code of the poll; -1: memory ran out, or the output could not be written. */
static int watch_poll_servers(struct watch *watch)
{
	struct server_result *results = calloc(watch->count, sizeof *results);
	time_t now = time(NULL);
	int64_t at_s;
	struct tm utc;
	int code = -1;

	if (results == NULL) {
		fprintf(stderr, "netsession: out of memory\n");
		return -1;
	}
	for (int i = 0; i < watch->options->operands.count; i++)
		results[i].server = watch->options->operands.list[i];
	if (!query_servers(watch->options, watch->credentials, results, watch->count))
		goto out;
	strftime(watch->at, sizeof watch->at, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
	at_s = watch_now_s();
	code = query_exit_code(results, watch->count);
	for (size_t i = 0; i < watch->count; i++)
		if (!watch_handle_result(watch, &watch->servers[i],
		                         &(struct watch_poll){ &results[i], at_s })) {
			fprintf(stderr, "netsession: out of memory\n");
			code = -1;
		}
	if (fflush(stdout) != 0 || ferror(stdout)) {
		query_print_write_error();
		code = -1;
	}
out:
	for (size_t i = 0; i < watch->count; i++)
		server_result_fini(&results[i]);
	free(results);
	return code;
}

static int watch_poll_until_end(struct watch *watch)
{
	const struct options *options = watch->options;
	struct timespec pause = { .tv_sec = (time_t)(options->interval_ms / 1000),
		                  .tv_nsec = (long)(options->interval_ms % 1000) * 1000000 };
	int code = EXIT_NONE;

	for (uint32_t polls = 0; !is_interrupted; polls++) {
		if (options->polls != 0 && polls == options->polls)
			break;
		if (polls > 0)
			nanosleep(&pause, NULL); /* a signal ends the pause */
		if (is_interrupted)
			break;
		code = watch_poll_servers(watch);
		if (code < 0)
			return EXIT_NONE;
	}
	return code;
}

int command_watch(const struct options *options)
{
	struct watch watch = { .options = options };
	int code = EXIT_NONE;

	if (!credentials_from_options(options, &watch.credentials))
		return EXIT_USAGE;
	watch.count = options->operands.count > 0 ? (size_t)options->operands.count : 1;
	watch.servers = calloc(watch.count, sizeof *watch.servers);
	if (watch.servers != NULL) {
		watch_catch_signals();
		code = watch_poll_until_end(&watch);
		for (size_t i = 0; i < watch.count; i++)
			watch_tracker_fini(&watch.servers[i].tracker);
	} else {
		fprintf(stderr, "netsession: out of memory\n");
	}
	free(watch.servers);
	netsession_credentials_free(watch.credentials);
	return code;
}
