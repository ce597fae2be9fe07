/* SPDX-License-Identifier: MIT */
/* netsession watch: who comes, who goes and what changes. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "commands.h"
#include "credentials.h"
#include "output.h"
#include "query.h"
#include "watch_tracker.h"

struct watched_server {
	struct watch_tracker presence;
	uint32_t status; /* of the last look */
};

struct watch {
	const struct options *options;
	struct netsession_credentials *credentials;
	struct watched_server *servers;
	size_t count;
	char at[32]; /* the look's time, UTC */
};

static volatile sig_atomic_t is_interrupted;

static void watch_on_signal(int number)
{
	(void)number;
	is_interrupted = 1;
}

/* Once: the second one ends the program in the middle of a look. */
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
		[WATCH_OPENED] = "came",
		[WATCH_CLOSED] = "went",
		[WATCH_CHANGED] = "changed",
	};
	const struct watch *watch = context;

	if (strcmp(watch->options->output, "jsonl") == 0)
		output_write_event_jsonl(stdout, watch->at, names[event], result, row);
	else
		output_write_event_text(stdout, watch->at, names[event], result, row);
}

static int64_t watch_now_s(void)
{
	struct timespec clock;

	clock_gettime(CLOCK_MONOTONIC, &clock);
	return clock.tv_sec;
}

/* An answer that lacks sessions may be too short, as Samba's is now and then: the server is asked
 * once more, and what both lack has ended. If it does not answer, the next look tells more. */
static bool watch_compare_answer(struct watch *watch, struct watched_server *server,
                                 const struct watch_poll *look)
{
	struct server_result result = { .server = look->result->server };
	struct watch_poll again = { .result = &result };
	bool is_good;

	switch (watch_tracker_misses(&server->presence, look)) {
	case WATCH_NONE_MISSING:
		return watch_tracker_update(&server->presence, look, NULL, watch_print_event,
		                            watch);
	case WATCH_NO_MEMORY:
		return false;
	case WATCH_SOME_MISSING:
		break;
	}
	is_good = query_servers(watch->options, watch->credentials, &result, 1);
	again.at_s = watch_now_s();
	if (is_good && result.error.status == 0)
		is_good = watch_tracker_update(&server->presence, look, &again, watch_print_event,
		                               watch);
	server_result_fini(&result);
	return is_good;
}

/* A server that stops or begins to answer is told of once. */
static bool watch_handle_result(struct watch *watch, struct watched_server *server,
                                const struct watch_poll *look)
{
	const struct server_result *result = look->result;
	uint32_t before = server->status;

	server->status = result->error.status;
	if (result->error.status != 0) {
		if (before != result->error.status)
			query_print_messages(watch->options, result);
		return true;
	}
	if (before != 0)
		fprintf(stderr, "netsession: %s: answers again\n", server_result_name(result));
	return watch_compare_answer(watch, server, look);
}

/* Gives the look's exit code; -1: out of memory or no way to write. */
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
	for (int i = 0; i < watch->options->operand_count; i++)
		results[i].server = watch->options->operands[i];
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
		fprintf(stderr, "netsession: the output could not be written\n");
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

	for (uint32_t looks = 0; !is_interrupted; looks++) {
		if (options->polls != 0 && looks == options->polls)
			break;
		if (looks > 0)
			nanosleep(&pause, NULL); /* a signal ends it early */
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

	if (strcmp(options->output, "table") != 0 && strcmp(options->output, "jsonl") != 0) {
		fprintf(stderr, "netsession: watch writes table or jsonl, not %s\n",
		        options->output);
		return EXIT_USAGE;
	}
	if (!credentials_from_options(options, &watch.credentials))
		return EXIT_USAGE;
	watch.count = options->operand_count > 0 ? (size_t)options->operand_count : 1;
	watch.servers = calloc(watch.count, sizeof *watch.servers);
	if (watch.servers != NULL) {
		watch_catch_signals();
		code = watch_poll_until_end(&watch);
		for (size_t i = 0; i < watch.count; i++)
			watch_tracker_fini(&watch.servers[i].presence);
	} else {
		fprintf(stderr, "netsession: out of memory\n");
	}
	free(watch.servers);
	netsession_credentials_free(watch.credentials);
	return code;
}
