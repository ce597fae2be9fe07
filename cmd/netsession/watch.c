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

static int64_t now_s(void)
{
	struct timespec clock;

	clock_gettime(CLOCK_MONOTONIC, &clock);
	return clock.tv_sec;
}

/* An answer that lacks sessions may be too short, as Samba's is now and then: the server is asked
 * once more, and what both lack has ended. If it does not answer, the next look tells more. */
static bool take_answer(struct watch *watch, struct watched *server,
                        const struct presence_look *look)
{
	struct server_result result = { .server = look->result->server };
	struct presence_look again = { .result = &result };
	bool is_good;

	switch (presence_misses(&server->presence, look)) {
	case PRESENCE_ALL:
		return presence_update(&server->presence, look, NULL, tell, watch);
	case PRESENCE_NO_MEMORY:
		return false;
	case PRESENCE_SOME_MISSING:
		break;
	}
	is_good = ask_servers(watch->options, watch->credentials, &result, 1);
	again.at_s = now_s();
	if (is_good && result.error.status == 0)
		is_good = presence_update(&server->presence, look, &again, tell, watch);
	server_result_fini(&result);
	return is_good;
}

/* A server that stops or begins to answer is told of once. */
static bool take_look(struct watch *watch, struct watched *server, const struct presence_look *look)
{
	const struct server_result *result = look->result;
	uint32_t before = server->status;

	server->status = result->error.status;
	if (result->error.status != 0) {
		if (before != result->error.status)
			ask_report(watch->options, result);
		return true;
	}
	if (before != 0)
		fprintf(stderr, "netsession: %s: answers again\n", server_result_name(result));
	return take_answer(watch, server, look);
}

/* Gives the look's exit code; -1: out of memory or no way to write. */
static int look(struct watch *watch)
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
	if (!ask_servers(watch->options, watch->credentials, results, watch->count))
		goto out;
	strftime(watch->at, sizeof watch->at, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
	at_s = now_s();
	code = ask_exit_code(results, watch->count);
	for (size_t i = 0; i < watch->count; i++)
		if (!take_look(watch, &watch->servers[i],
		               &(struct presence_look){ &results[i], at_s })) {
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
