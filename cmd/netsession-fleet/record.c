/* SPDX-License-Identifier: MIT */
/* The recorder of netsessiond, which starts it and sends it lines of JSON of what to write into the
 * store: see src/daemon/history.h. netsessiond itself has no database, may run no program once it
 * serves, and never waits. The recorder is two processes: one writes, and the other one starts it
 * again if it dies. */
#include "record.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "options.h"
#include "store/history_store.h"
#include "system/sandbox.h"
#include "terminal/terminal.h"

enum {
	/* Events wait for each other so long, and for so many bytes. */
	BATCH_MS = 100,
	BATCH_BYTES = 1 << 20,
	BATCH_NAME_BYTES = 64,
	FIRST_PAUSE_MS = 100,
	LONGEST_PAUSE_MS = 30000,
	/* A writer that lived so long died of something else than the one before. */
	GOOD_LIFE_S = 60,
	/* When netsessiond has ended, nothing is tried for longer. */
	END_MS = 5000,
	LEVEL = 502, /* what netsessiond knows of a session is what this level tells */
};

/* What is known of netsessiond, as the lines that are stored have it. */
struct recorder_state {
	struct history_host host;
	bool has_begun;   /* netsessiond has answered this writer, and not one before it */
	bool is_complete; /* all sessions are listed */
	int64_t seen_ms;  /* of the last line */
};

enum recorder_result {
	RECORDER_STORED,
	RECORDER_FAILED,  /* a later attempt may succeed */
	RECORDER_REFUSED, /* something in the lines is wrong */
};

struct recorder {
	const char *db_name;
	struct database *db;
	struct recorder_state state;
	char *text; /* lines that are not stored yet, BATCH_BYTES */
	size_t bytes;
	char nonce[32];
	char server[512]; /* of the last "begin" */
	uint64_t batch;   /* the number of the lines that are stored at once */
	/* The batch may be stored, because the answer to its commit is missing; then this is what
	 * is known. */
	bool is_uncertain;
	struct recorder_state uncertain;
	bool is_at_end; /* all that netsessiond has sent is read */
	bool is_failing;
	int64_t end_ms; /* when it was seen that netsessiond has ended; 0: it has not */
};

static int64_t recorder_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits before something is tried again. False: netsessiond has ended, and there is no more time.
 */
static bool recorder_pause(struct recorder *r, int64_t *ms)
{
	struct pollfd netsessiond = { .fd = STDIN_FILENO, .events = POLLRDHUP };

	if (r->end_ms != 0 && recorder_now_ms() - r->end_ms > END_MS)
		return false;
	if (poll(&netsessiond, 1, (int)*ms) > 0) {
		if (r->end_ms == 0)
			r->end_ms = recorder_now_ms();
		(void)poll(NULL, 0, BATCH_MS);
	}
	*ms = *ms < LONGEST_PAUSE_MS / 2 ? 2 * *ms : LONGEST_PAUSE_MS;
	return true;
}

/* ---- events ---- */

static int64_t recorder_number(const json_t *line, const char *name)
{
	return json_integer_value(json_object_get(line, name));
}

static const char *recorder_text(const json_t *line, const char *name)
{
	return json_string_value(json_object_get(line, name));
}

static uint32_t recorder_count(const json_t *line, const char *name)
{
	const json_t *count = json_object_get(line, name);

	return count != NULL ? (uint32_t)json_integer_value(count) : NETSESSION_UNKNOWN;
}

static void recorder_on_begin(struct recorder *r, const json_t *line, struct err *err)
{
	const struct history_watch watch = {
		.server = recorder_text(line, "server"),
		.at_ms = recorder_number(line, "at"),
		.reason = recorder_text(line, "reason"),
		.lost = (uint64_t)recorder_number(line, "lost"),
		.numbering = recorder_text(line, "numbering"),
	};

	(void)snprintf(r->server, sizeof r->server, "%s", watch.server);
	(void)history_begin(r->db, &r->state.host, &watch, err);
	r->state.is_complete = false;
}

static void recorder_on_session(struct recorder *r, const json_t *line, struct err *err)
{
	const json_t *started = json_object_get(line, "started");
	const struct netsession_row row = {
		.client = recorder_text(line, "client"),
		.user = recorder_text(line, "user") != NULL ? recorder_text(line, "user") : "",
		.client_type = recorder_text(line, "client_type"),
		.transport = recorder_text(line, "transport"),
		.num_opens = recorder_count(line, "num_opens"),
		.user_flags = recorder_count(line, "user_flags"),
	};
	const struct history_session session = {
		.key = (uint64_t)recorder_number(line, "session"),
		.row = &row,
		.level = LEVEL,
		.started_s = started != NULL ? json_integer_value(started) : HISTORY_START_UNKNOWN,
	};

	(void)history_put(r->db, &r->state.host, &session, recorder_number(line, "at"), err);
}

static void recorder_on_listed(struct recorder *r, const json_t *line, struct err *err)
{
	(void)history_end_listing(r->db, &r->state.host, recorder_number(line, "at"), err);
}

static void recorder_on_seen(struct recorder *r, const json_t *line, struct err *err)
{
	(void)line;
	(void)err;
	r->state.is_complete = true;
}

static void recorder_on_ended(struct recorder *r, const json_t *line, struct err *err)
{
	(void)history_end(r->db, &r->state.host, (uint64_t)recorder_number(line, "session"),
	                  recorder_number(line, "at"), err);
}

static void recorder_on_lost(struct recorder *r, const json_t *line, struct err *err)
{
	(void)history_lose(r->db, &r->state.host, (uint64_t)recorder_number(line, "session"),
	                   recorder_number(line, "at"), err);
}

static void recorder_on_stop(struct recorder *r, const json_t *line, struct err *err)
{
	(void)history_stop(r->db, &r->state.host, recorder_number(line, "at"), err);
}

static const struct recorder_event {
	const char *name;
	void (*apply)(struct recorder *r, const json_t *line, struct err *err);
} events[] = {
	{ "begin", recorder_on_begin }, { "session", recorder_on_session },
	{ "ended", recorder_on_ended }, { "listed", recorder_on_listed },
	{ "lost", recorder_on_lost },   { "seen", recorder_on_seen },
	{ "stop", recorder_on_stop },
};

/* What came before netsessiond's answer was meant for an earlier writer. */
static bool recorder_is_begun_by(struct recorder *r, const json_t *line, const char *name)
{
	const char *nonce = recorder_text(line, "nonce");

	if (strcmp(name, "begin") == 0 && nonce != NULL)
		r->state.has_begun = strcmp(nonce, r->nonce) == 0;
	return r->state.has_begun;
}

static void recorder_apply(struct recorder *r, const char *text, size_t bytes, struct err *err)
{
	json_t *line = json_loadb(text, bytes, 0, NULL);
	const char *name = recorder_text(line, "event");

	if (name != NULL && recorder_is_begun_by(r, line, name))
		for (size_t i = 0; i < sizeof events / sizeof *events; i++)
			if (strcmp(events[i].name, name) == 0) {
				events[i].apply(r, line, err);
				r->state.seen_ms = recorder_number(line, "at");
			}
	json_decref(line);
}

/* ---- the store ---- */

static void recorder_fail(struct recorder *r, const struct err *err)
{
	if (!r->is_failing)
		terminal_print_line(stderr, "netsessiond: the history is not recorded for now: %s",
		                    err_text(err));
	r->is_failing = true;
}

static void recorder_succeed(struct recorder *r)
{
	if (r->is_failing)
		terminal_print_line(stderr, "netsessiond: the history is recorded again");
	r->is_failing = false;
}

static bool recorder_say_hello(struct recorder *r)
{
	char hello[64];
	int bytes;

	(void)snprintf(r->nonce, sizeof r->nonce, "%ld-%lld", (long)getpid(),
	               (long long)recorder_now_ms());
	bytes = snprintf(hello, sizeof hello, "%s\n", r->nonce);
	return send(STDIN_FILENO, hello, (size_t)bytes, MSG_NOSIGNAL) == bytes;
}

static void recorder_name_batch(const struct recorder *r, char name[BATCH_NAME_BYTES])
{
	(void)snprintf(name, BATCH_NAME_BYTES, "%s-%llu", r->nonce, (unsigned long long)r->batch);
}

/* Whether the batch is stored, although the answer to its commit is missing. */
static bool recorder_has_stored(struct recorder *r, struct err *err)
{
	char name[BATCH_NAME_BYTES];
	bool has_it = false;

	if (!r->is_uncertain)
		return false;
	recorder_name_batch(r, name);
	if (history_has_batch(r->db, &r->uncertain.host, name, &has_it, err) != 0)
		return false;
	if (has_it)
		r->state = r->uncertain;
	return has_it;
}

/* Another program may have watched the server while the database was closed. Then netsessiond has
 * to list all sessions again, and what it sent before is not for this watch. */
static void recorder_hold(struct recorder *r, struct err *err)
{
	bool is_open = true;

	if (err->status != 0 || !r->state.has_begun ||
	    history_hold(r->db, &r->state.host, r->server, &is_open, err) != 0 || is_open)
		return;
	r->state.has_begun = false;
	(void)recorder_say_hello(r);
}

/* Gives whether the batch is stored already. */
static void recorder_open(struct recorder *r, bool *is_stored, struct err *err)
{
	*is_stored = false;
	if (r->db != NULL || database_open(r->db_name, DATABASE_CREATE, &r->db, err) != 0)
		return;
	if (database_begin(r->db, err) == 0)
		*is_stored = recorder_has_stored(r, err);
	recorder_hold(r, err);
	if (err->status == 0 && database_commit(r->db, err) == 0)
		r->is_uncertain = false;
}

static void recorder_commit(struct recorder *r, const struct recorder_state *before,
                            struct err *err)
{
	char name[BATCH_NAME_BYTES];

	/* Lines come in the order of what happens. */
	if (err->status == 0 && r->state.is_complete && r->state.seen_ms > before->seen_ms)
		(void)history_see(r->db, &r->state.host, r->state.seen_ms, err);
	recorder_name_batch(r, name);
	if (err->status == 0 && r->state.has_begun)
		(void)history_put_batch(r->db, &r->state.host, name, err);
	if (err->status != 0 || database_commit(r->db, err) == 0)
		return;
	r->is_uncertain = r->state.has_begun;
	r->uncertain = r->state;
}

/* Stores whole lines, all or none. */
static enum recorder_result recorder_store_lines(struct recorder *r, const char *lines,
                                                 size_t bytes, struct err *err)
{
	struct recorder_state before;
	const char *at = lines, *end;
	bool is_stored;

	recorder_open(r, &is_stored, err);
	if (is_stored && err->status == 0)
		return RECORDER_STORED;
	before = r->state;
	if (err->status == 0)
		(void)database_begin(r->db, err);
	for (; at < lines + bytes && err->status == 0; at = end + 1) {
		end = memchr(at, '\n', (size_t)(lines + bytes - at));
		recorder_apply(r, at, (size_t)(end - at), err);
	}
	recorder_commit(r, &before, err);
	if (err->status == 0)
		return RECORDER_STORED;
	r->state = before;
	if (r->db != NULL)
		database_roll_back(r->db);
	if (bytes > 0 && database_failure_is_of_values(err))
		return RECORDER_REFUSED;
	database_close(r->db);
	r->db = NULL;
	return RECORDER_FAILED;
}

/* Stores the first lines. Tries until it is done; netsessiond keeps what comes meanwhile, as far as
 * it has room, and says what it has lost. Lines that the database refuses one by one are left out.
 * False: netsessiond has ended, and there is no more time. */
static bool recorder_store(struct recorder *r, size_t bytes)
{
	int64_t pause_ms = FIRST_PAUSE_MS;
	bool is_one_by_one = false;
	size_t done = 0;

	for (;;) {
		const char *lines = r->text + done;
		size_t part = is_one_by_one ? (size_t)((char *)memchr(lines, '\n', bytes - done) +
		                                       1 - lines)
		                            : bytes - done;
		struct err err = { 0 };
		enum recorder_result result = recorder_store_lines(r, lines, part, &err);

		if (result == RECORDER_FAILED) {
			recorder_fail(r, &err);
			if (!recorder_pause(r, &pause_ms) || (bytes == 0 && r->end_ms != 0))
				return false;
			continue;
		}
		if (result == RECORDER_REFUSED && !is_one_by_one) {
			is_one_by_one = true;
			continue;
		}
		if (result == RECORDER_REFUSED)
			terminal_print_line(stderr,
			                    "netsessiond: the history lacks an event, which the "
			                    "store refuses: %s: %.*s",
			                    err_text(&err), (int)part - 1, lines);
		recorder_succeed(r);
		r->batch++;
		done += part;
		if (done == bytes)
			break;
	}
	memmove(r->text, r->text + bytes, r->bytes - bytes);
	r->bytes -= bytes;
	return true;
}

static void recorder_read(struct recorder *r, int flags)
{
	ssize_t got = recv(STDIN_FILENO, r->text + r->bytes, BATCH_BYTES - r->bytes, flags);

	if (got > 0)
		r->bytes += (size_t)got;
	else if (got == 0 || (errno != EINTR && errno != EAGAIN))
		r->is_at_end = true;
}

/* Waits for lines, and lets others join them. */
static void recorder_read_batch(struct recorder *r)
{
	recorder_read(r, 0);
	if (r->is_at_end || r->bytes == BATCH_BYTES)
		return;
	(void)poll(NULL, 0, BATCH_MS);
	recorder_read(r, MSG_DONTWAIT);
}

/* The names of clients and users come from strangers. SQLite makes its temporary files beside the
 * database, whose folder is all that is left to the writer. What libpq reads and writes is not
 * known: certificates, passwords, and Kerberos' files, which its URL and its environment name. */
static void recorder_restrict(const char *db_name)
{
	char *path = realpath(db_name, NULL);
	struct sandbox sandbox;

	sandbox_begin(&sandbox);
	sandbox_allow(&sandbox, "/dev/urandom", SANDBOX_READ);
	if (database_name_is_url(db_name)) {
		sandbox_allow(&sandbox, "/", SANDBOX_WRITE);
	} else {
		sandbox_allow_folder_of(&sandbox, db_name, SANDBOX_WRITE);
		sandbox_allow_folder_of(&sandbox, path, SANDBOX_WRITE);
	}
	(void)sandbox_enter(&sandbox);
	free(path);
}

/* Before SQLite opens its first database. */
static void recorder_set_temporary_folder(const char *db_name)
{
	const char *slash = strrchr(db_name, '/');
	char *folder = slash != NULL ? strndup(db_name, (size_t)(slash - db_name) + 1) : NULL;

	(void)setenv("SQLITE_TMPDIR", folder != NULL ? folder : ".", 1);
	free(folder);
}

/* Returns the exit status of the writer: 0 after netsessiond has ended. */
static int recorder_write(const char *db_name)
{
	struct recorder r = { .db_name = db_name, .text = malloc(BATCH_BYTES) };
	bool is_good;

	recorder_set_temporary_folder(db_name);
	is_good = r.text != NULL && recorder_store(&r, 0);
	recorder_restrict(db_name); /* the folder exists only now */
	is_good = is_good && recorder_say_hello(&r);
	while (is_good && !r.is_at_end) {
		const char *end;

		recorder_read_batch(&r);
		end = memrchr(r.text, '\n', r.bytes);
		/* netsessiond writes no line that fills the room. */
		is_good = end != NULL ? recorder_store(&r, (size_t)(end - r.text) + 1)
		                      : r.bytes < BATCH_BYTES;
	}
	if (!is_good && r.end_ms != 0 && r.bytes > 0)
		terminal_print_line(stderr,
		                    "netsessiond: the last sessions before its end could not be "
		                    "recorded");
	database_close(r.db);
	free(r.text);
	return is_good ? EXIT_ALL : EXIT_NONE;
}

/* ---- the other process ---- */

/* The writer may wait for its database for longer than netsessiond's unit may take to stop. Returns
 * when the writer has ended, or shortly after netsessiond has. */
static void recorder_limit_end(pid_t writer, int life)
{
	struct pollfd ends[] = { { .fd = life }, { .fd = STDIN_FILENO, .events = POLLRDHUP } };

	while (poll(ends, 2, -1) < 0 && errno == EINTR)
		;
	if (ends[0].revents != 0 || poll(ends, 1, END_MS) != 0)
		return;
	terminal_print_line(stderr, "netsessiond: the last sessions before its end could not be "
	                            "recorded: the store did not answer");
	(void)kill(writer, SIGKILL);
}

/* life: a pipe that the writer holds. Returns the exit status of the writer; -1: it was killed. */
static int recorder_await(pid_t writer, int life)
{
	int status;

	recorder_limit_end(writer, life);
	while (waitpid(writer, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* netsessiond has ended, and nobody is left to be recorded. */
static bool recorder_is_alone(void)
{
	struct pollfd netsessiond = { .fd = STDIN_FILENO, .events = POLLRDHUP };

	return poll(&netsessiond, 1, 0) > 0 && (netsessiond.revents & POLLRDHUP) != 0;
}

int recorder_run(const char *db_name)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
	struct recorder supervisor = { .text = NULL };
	int64_t pause_ms = FIRST_PAUSE_MS, began_ms;

	/* The recorder ends when netsessiond has ended and all is stored. */
	for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
		(void)signal(ignored[i], SIG_IGN);
	for (;;) {
		int life[2] = { -1, -1 }, status = -1;
		pid_t writer = pipe(life) == 0 ? fork() : -1;

		began_ms = recorder_now_ms();
		if (writer == 0)
			_exit(recorder_write(db_name));
		(void)close(life[1]);
		if (writer > 0)
			status = recorder_await(writer, life[0]);
		(void)close(life[0]);
		if (status == EXIT_ALL)
			return EXIT_ALL;
		if (recorder_is_alone())
			return EXIT_NONE;
		terminal_print_line(stderr,
		                    "netsessiond: the recorder of the history has ended; it is "
		                    "started again");
		if (recorder_now_ms() - began_ms > GOOD_LIFE_S * 1000)
			pause_ms = FIRST_PAUSE_MS;
		if (!recorder_pause(&supervisor, &pause_ms))
			return EXIT_NONE;
	}
}
