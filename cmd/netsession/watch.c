/* SPDX-License-Identifier: MIT */
/* netsession watch: who comes, who goes and what changes. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "ask.h"
#include "commands.h"
#include "output.h"
#include "presence.h"
#include "who.h"

struct watched {
	struct presence presence;
	uint32_t status; /* of the last look */
};

struct watch {
	const struct options *options;
	struct netsession_credentials *credentials;
	struct watched *servers;
	size_t count;
	char at[32]; /* the look's time, UTC */
};

static volatile sig_atomic_t is_interrupted;

static void on_signal(int number)
{
	(void)number;
	is_interrupted = 1;
}

/* Once: the second one ends the program in the middle of a look. */
static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static void tell(void *context, enum presence_event event, const struct server_result *result,
                 const struct netsession_row *row)
{
	static const char *const names[] = {
		[PRESENCE_CAME] = "came",
		[PRESENCE_WENT] = "went",
		[PRESENCE_CHANGED] = "changed",
	};
	const struct watch *watch = context;

	if (strcmp(watch->options->output, "jsonl") == 0)
		output_write_event_jsonl(stdout, watch->at, names[event], result, row);
	else
		output_write_event_text(stdout, watch->at, names[event], result, row);
}

/* A server that stops or begins to answer is told of once. */
static bool take_look(struct watch *watch, struct watched *server,
                      const struct server_result *result, int64_t now_s)
{
	uint32_t before = server->status;

	server->status = result->error.status;
	if (result->error.status != 0) {
		if (before != result->error.status)
			ask_report(watch->options, result);
		return true;
	}
	if (before != 0)
		fprintf(stderr, "netsession: %s: answers again\n", server_result_name(result));
	return presence_update(&server->presence, result, now_s, tell, watch);
}

/* Gives the look's exit code; -1: out of memory or no way to write. */
static int look(struct watch *watch)
{
	struct server_result *results = calloc(watch->count, sizeof *results);
	time_t now = time(NULL);
	struct timespec clock;
	struct tm utc;
	int code = -1;

	if (results == NULL) {
		fprintf(stderr, "netsession: out of memory\n");
		return -1;
	}
	for (int i = 0; i < watch->options->operand_count; i++)
		results[i].server = watch->options->operands[i];
	if (!ask_servers(watch->options, watch->credentials, results, watch->count))
		goto out;
	strftime(watch->at, sizeof watch->at, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
	clock_gettime(CLOCK_MONOTONIC, &clock);
	code = ask_exit_code(results, watch->count);
	for (size_t i = 0; i < watch->count; i++)
		if (!take_look(watch, &watch->servers[i], &results[i], clock.tv_sec)) {
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

static int look_on(struct watch *watch)
{
	const struct options *options = watch->options;
	struct timespec pause = { .tv_sec = (time_t)(options->every_ms / 1000),
		                  .tv_nsec = (long)(options->every_ms % 1000) * 1000000 };
	int code = EXIT_NONE;

	for (uint32_t looks = 0; !is_interrupted; looks++) {
		if (options->looks != 0 && looks == options->looks)
			break;
		if (looks > 0)
			nanosleep(&pause, NULL); /* a signal ends it early */
		if (is_interrupted)
			break;
		code = look(watch);
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
	if (!who_asks(options, &watch.credentials))
		return EXIT_USAGE;
	watch.count = options->operand_count > 0 ? (size_t)options->operand_count : 1;
	watch.servers = calloc(watch.count, sizeof *watch.servers);
	if (watch.servers != NULL) {
		catch_signals();
		code = look_on(&watch);
		for (size_t i = 0; i < watch.count; i++)
			presence_fini(&watch.servers[i].presence);
	} else {
		fprintf(stderr, "netsession: out of memory\n");
	}
	free(watch.servers);
	netsession_credentials_free(watch.credentials);
	return code;
}
