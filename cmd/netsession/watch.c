/* SPDX-License-Identifier: MIT */
/* netsession watch: reports sessions that start, end or change. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "commands.h"
#include "credentials.h"
#include "output.h"
#include "output_forms.h"
#include "query.h"
#include "terminal/terminal.h"
#include "sessions/tracker.h"
#include "watch_record.h"

/* How far two polls may disagree on a session's start: answers travel, and seconds are whole. */
#define SAME_START_S 3

#define LOGON_FAILURE    1326 /* ERROR_LOGON_FAILURE */
#define NOT_ENOUGH_QUOTA 1816 /* ERROR_NOT_ENOUGH_QUOTA */
#define INVALID_COMPUTER 2351 /* NERR_InvalidComputer */

/* The least time for a server that did not answer the last poll. */
#define SHORT_TIMEOUT_MS 2000

struct watched_server {
	struct tracker *tracker;
	const struct session_level *level; /* of what is tracked; NULL: nothing is */
	uint32_t status;                   /* of the last poll */
	/* Of the password, or of the server's name: the server is not asked again. */
	struct netsession_error refusal;
	char *warnings; /* of the last answer, one line each; NULL: none */
};

struct watch {
	const struct options *options;
	struct netsession_credentials *credentials;
	struct watched_server *servers;
	size_t count;
	char at[32];                 /* the time of the poll, UTC */
	struct watch_record *record; /* NULL: nothing is recorded */
};

static void watched_server_fini(struct watched_server *server)
{
	tracker_free(server->tracker);
	free(server->warnings);
}

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

static void watch_print_event(const struct watch *watch, const char *event,
                              const struct server_result *result, const struct netsession_row *row)
{
	output_event_format_find(watch->options->output)
		->write(stdout, watch->at, event, result, row);
}

static void watch_read_row(void *context, const struct server_result *result,
                           const struct netsession_row *row)
{
	/* The other servers may have answered later. */
	snapshot_add(context, row,
	             row->active_s != NETSESSION_UNKNOWN ? result->answered_s - row->active_s
	                                                 : SNAPSHOT_START_UNKNOWN,
	             NULL);
}

static void watch_count_row(void *context, const struct server_result *result,
                            const struct netsession_row *row)
{
	uint64_t *bytes = context;

	*bytes += sizeof(struct tracked_session) + 2 * sizeof(struct tracked_session *);
	for (size_t i = 0; i < result->level->field_count; i++) {
		const struct session_field *field = &result->level->fields[i];

		if (field->kind == SESSION_CELL_TEXT && session_row_text(row, field) != NULL)
			*bytes += strlen(session_row_text(row, field)) + 1;
	}
}

/* A session takes more memory here than in its page. The same limit applies: the result is an error
 * then. */
static void watch_limit_memory(const struct watch *watch, struct server_result *result)
{
	struct netsession_error *error = &result->error;
	uint64_t bytes = 0;

	if (error->status == 0)
		server_result_each(result, watch_count_row, &bytes);
	if (bytes <= watch->options->max_bytes)
		return;
	error->status = NOT_ENOUGH_QUOTA;
	snprintf(error->text, sizeof error->text,
	         "the limit of memory was reached (%u): %zu sessions need %" PRIu64
	         " bytes; select "
	         "fewer sessions, or raise the limit (--max-bytes)",
	         NOT_ENOUGH_QUOTA, server_result_count(result), bytes);
}

/* Returns NULL if memory ran out. */
static struct snapshot *watch_read_answer(const struct watched_server *server,
                                          const struct server_result *result)
{
	struct snapshot *snapshot = tracker_begin_snapshot(server->tracker);

	if (snapshot != NULL)
		server_result_each(result, watch_read_row, snapshot);
	return snapshot;
}

/* Whether the session has changed, as far as is known. */
static bool watch_number_differs(uint32_t now, uint32_t before)
{
	return now != before && now != NETSESSION_UNKNOWN && before != NETSESSION_UNKNOWN;
}

/* Takes next, which was compared, and prints what is different. */
static void watch_update(const struct watch *watch, struct watched_server *server,
                         const struct server_result *result, struct snapshot *next,
                         const struct session_level *level)
{
	/* Another level may lack what this one has. */
	bool is_comparable = server->level == level;
	struct tracker_event event;

	server->level = level;
	if (watch->record != NULL)
		watch_recording->begin(watch->record, (size_t)(server - watch->servers), result);
	tracker_update(server->tracker, next);
	while (tracker_next_event(server->tracker, &event)) {
		if (watch->record != NULL)
			watch_recording->put_event(watch->record, &event);
		switch (event.kind) {
		case TRACKER_CLOSED:
			watch_print_event(watch, "ended", result, &event.before->row);
			break;
		case TRACKER_OPENED:
			watch_print_event(watch, "started", result, &event.now->row);
			break;
		case TRACKER_SEEN:
			if (is_comparable && (watch_number_differs(event.now->row.num_opens,
			                                           event.before->row.num_opens) ||
			                      watch_number_differs(event.now->row.user_flags,
			                                           event.before->row.user_flags)))
				watch_print_event(watch, "changed", result, &event.now->row);
			break;
		}
	}
	if (watch->record != NULL)
		watch_recording->end(watch->record, (size_t)(server - watch->servers),
		                     tracker_sessions(server->tracker));
}

/* If a source of the server is lost, its sessions may be open for all that is known: keeps those
 * that next lacks, and compares next again. Returns false if memory ran out. */
static bool watch_keep_missing(struct watched_server *server, const struct server_result *result,
                               struct snapshot *next)
{
	const struct snapshot *now = tracker_sessions(server->tracker);
	uint32_t missing;

	if (!server_result_has_lost_source(result))
		return true;
	for (uint32_t i = 0; i < now->count; i++)
		if (now->sessions[i]->pair == NULL)
			tracker_keep(server->tracker, next, now->sessions[i]);
	return tracker_compare(server->tracker, next, &missing);
}

/* Asks the server once more, since its answer, first, lacks sessions: a session has ended if both
 * answers lack it. If the server does not answer, the next poll decides. Takes first. Returns false
 * if memory ran out. */
static bool watch_ask_again(struct watch *watch, struct watched_server *server,
                            const struct server_result *answer, struct snapshot *first)
{
	struct server_result result = { .server = answer->server };
	struct snapshot *next = NULL;
	bool is_good = query_servers(watch->options, watch->credentials, &result, 1, NULL, NULL);
	uint32_t missing;

	watch_limit_memory(watch, &result);
	if (!is_good || result.error.status != 0)
		goto out;
	next = watch_read_answer(server, &result);
	is_good = next != NULL && tracker_merge(server->tracker, next, first) &&
	          tracker_compare(server->tracker, next, &missing) &&
	          watch_keep_missing(server, &result, next);
	if (!is_good)
		goto out;
	watch_update(watch, server, answer, next, result.level);
	next = NULL;
out:
	snapshot_free(next);
	snapshot_free(first);
	server_result_fini(&result);
	return is_good;
}

/* An answer that lacks sessions may be incomplete, as Samba's sometimes is. Returns false if memory
 * ran out. */
static bool watch_compare_answer(struct watch *watch, struct watched_server *server,
                                 const struct server_result *result)
{
	struct snapshot *next = watch_read_answer(server, result);
	uint32_t missing;

	if (next == NULL || !tracker_compare(server->tracker, next, &missing)) {
		snapshot_free(next);
		return false;
	}
	if (missing > 0 && !server_result_has_lost_source(result))
		return watch_ask_again(watch, server, result, next);
	if (!watch_keep_missing(server, result, next)) {
		snapshot_free(next);
		return false;
	}
	watch_update(watch, server, result, next, result->level);
	return true;
}

static void watch_append_warning(void *context, const char *warning)
{
	FILE *to = context;

	fputs(warning, to);
	fputc('\n', to);
}

/* The part of a warning that stays the same while it holds: numbers in it grow from poll to poll.
 */
static bool watch_warnings_are_same(const char *a, const char *b)
{
	while (*a != '\0' && *b != '\0') {
		a += strspn(a, "0123456789");
		b += strspn(b, "0123456789");
		if (*a != *b)
			return false;
		if (*a != '\0') {
			a++;
			b++;
		}
	}
	return *a == *b;
}

/* Prints the warnings of an answer when they change, and says when there are none any more. */
static void watch_handle_warnings(const struct watch *watch, struct watched_server *server,
                                  const struct server_result *result)
{
	char *now = NULL;
	size_t bytes;
	FILE *to = open_memstream(&now, &bytes);

	if (to == NULL)
		return;
	server_result_each_warning(result, watch_append_warning, to);
	if (fclose(to) != 0 || now == NULL) {
		free(now);
		return;
	}
	if (!watch_warnings_are_same(now, server->warnings != NULL ? server->warnings : "")) {
		if (bytes > 0)
			query_print_messages(watch->options, result);
		else
			terminal_print_line(stderr, "netsession: %s: there is no warning any more",
			                    server_result_name(result));
	}
	free(server->warnings);
	server->warnings = now;
}

/* Whether the server, or its domain, refused the user's password. */
static bool watch_is_refused(const struct watch *watch, const struct server_result *result)
{
	const char *file = getenv("NETSESSION_CREDENTIALS");
	bool has_password = watch->credentials != NULL || (file != NULL && file[0] != '\0');

	return has_password && !watch->options->anonymous && result->error.status == LOGON_FAILURE;
}

/* Domains lock an account after a few log-ons with a wrong password. */
static void watch_give_up(struct watched_server *server, const struct server_result *result)
{
	if (server->refusal.status == 0)
		terminal_print_line(
			stderr,
			"netsession: %s: not asked again: more log-ons with this password could "
			"lock the account",
			server_result_name(result));
	server->refusal = result->error;
}

/* Reports once that a server stops answering, and once that it answers again. */
static bool watch_handle_result(struct watch *watch, struct watched_server *server,
                                const struct server_result *result)
{
	uint32_t before = server->status;

	server->status = result->error.status;
	if (result->error.status != 0) {
		if (watch->record != NULL)
			watch_recording->miss(watch->record, (size_t)(server - watch->servers));
		if (before != result->error.status)
			query_print_messages(watch->options, result);
		if (watch_is_refused(watch, result))
			watch_give_up(server, result);
		else if (result->error.status == INVALID_COMPUTER)
			server->refusal = result->error;
		return true;
	}
	if (before != 0)
		terminal_print_line(stderr, "netsession: %s: the server answers again",
		                    server_result_name(result));
	watch_handle_warnings(watch, server, result);
	return watch_compare_answer(watch, server, result);
}

/* For a server that did not answer the last poll: the others are polled again when it has answered
 * or its time is over. */
static uint32_t watch_short_timeout_ms(const struct options *options)
{
	uint32_t short_ms = options->interval_ms > SHORT_TIMEOUT_MS ? options->interval_ms
	                                                            : SHORT_TIMEOUT_MS;

	return options->timeout_ms < short_ms ? options->timeout_ms : short_ms;
}

/* Returns the exit code of the poll; -1: memory ran out, or the output could not be written. */
static int watch_poll_servers(struct watch *watch)
{
	struct server_result *results = calloc(watch->count, sizeof *results);
	time_t now = time(NULL);
	struct tm utc;
	int code = -1;

	if (results == NULL) {
		terminal_print_line(stderr, "netsession: out of memory");
		return -1;
	}
	for (int i = 0; i < watch->options->operands.count; i++)
		results[i].server = watch->options->operands.list[i];
	for (size_t i = 0; i < watch->count; i++) {
		results[i].error = watch->servers[i].refusal;
		if (watch->servers[i].status != 0)
			results[i].timeout_ms = watch_short_timeout_ms(watch->options);
	}
	if (!query_servers(watch->options, watch->credentials, results, watch->count, NULL, NULL))
		goto out;
	strftime(watch->at, sizeof watch->at, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
	for (size_t i = 0; i < watch->count; i++)
		watch_limit_memory(watch, &results[i]);
	code = query_exit_code(results, watch->count);
	for (size_t i = 0; i < watch->count; i++)
		if (!watch_handle_result(watch, &watch->servers[i], &results[i])) {
			terminal_print_line(stderr, "netsession: out of memory");
			code = -1;
		}
	if (fflush(stdout) != 0 || ferror(stdout) || output_json_has_failed()) {
		query_print_write_error();
		code = -1;
	}
out:
	for (size_t i = 0; i < watch->count; i++)
		server_result_fini(&results[i]);
	free(results);
	return code;
}

/* A signal ends the pause. So does the end of the program that reads the events: without an event
 * to write, a lost reader is not noticed otherwise. A pipe reports that as
 * POLLERR, a socket as POLLHUP. Returns false if SIGPIPE is ignored and the output is lost. */
static bool watch_pause(const struct options *options)
{
	struct pollfd reader = { .fd = STDOUT_FILENO };

	if (poll(&reader, 1, (int)options->interval_ms) <= 0 ||
	    (reader.revents & (POLLERR | POLLHUP | POLLNVAL)) == 0)
		return true;
	raise(SIGPIPE); /* as the next event would */
	errno = (reader.revents & POLLNVAL) != 0 ? EBADF : EPIPE;
	query_print_write_error();
	return false;
}

/* No server is left to be asked. */
static bool watch_has_given_up(const struct watch *watch)
{
	size_t refusals = 0;

	for (size_t i = 0; i < watch->count; i++)
		refusals += watch->servers[i].refusal.status != 0;
	return refusals == watch->count;
}

static int watch_poll_until_end(struct watch *watch)
{
	const struct options *options = watch->options;
	int code = EXIT_NONE;

	for (uint32_t polls = 0; !is_interrupted && !watch_has_given_up(watch); polls++) {
		if (options->polls != 0 && polls == options->polls)
			break;
		if (polls > 0 && !watch_pause(options))
			return EXIT_NONE;
		if (is_interrupted)
			break;
		code = watch_poll_servers(watch);
		if (code < 0)
			return EXIT_NONE;
	}
	return code;
}

/* Returns false if memory ran out. */
static bool watch_start_trackers(struct watch *watch)
{
	static const struct tracker_settings settings = { .same_start_s = SAME_START_S,
		                                          .is_ordered_by_names = true };

	watch->servers = calloc(watch->count, sizeof *watch->servers);
	if (watch->servers == NULL)
		return false;
	for (size_t i = 0; i < watch->count; i++) {
		watch->servers[i].tracker = tracker_new(&settings);
		if (watch->servers[i].tracker == NULL)
			return false;
	}
	return true;
}

int command_watch(const struct options *options)
{
	struct watch watch = { .options = options };
	int code = EXIT_NONE;

	if (options->db != NULL && (options->user != NULL || options->client != NULL)) {
		terminal_print_line(stderr,
		                    "netsession: watch --db records all sessions; leave out --user "
		                    "and --client");
		return EXIT_USAGE;
	}
	if (!credentials_from_options(options, &watch.credentials))
		return EXIT_USAGE;
	watch.count = options->operands.count > 0 ? (size_t)options->operands.count : 1;
	if (options->db != NULL) {
		watch.record = watch_recording->open(options, watch.count);
		if (watch.record == NULL)
			goto out;
	}
	if (watch_start_trackers(&watch)) {
		watch_catch_signals();
		code = watch_poll_until_end(&watch);
	} else {
		terminal_print_line(stderr, "netsession: out of memory");
	}
	for (size_t i = 0; watch.servers != NULL && i < watch.count; i++)
		watched_server_fini(&watch.servers[i]);
	free(watch.servers);
	if (watch.record != NULL)
		watch_recording->close(watch.record, &is_interrupted);
out:
	netsession_credentials_free(watch.credentials);
	return code;
}
