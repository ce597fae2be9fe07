/* SPDX-License-Identifier: MIT */
#include "daemon/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <lmerr.h>
#include "base/client_name.h"
#include "base/escape.h"
#include "base/locale.h"
#include "base/watched_memory.h"
#include "daemon/audit_repeats.h"
#include "daemon/counters.h"
#include "daemon/json_line.h"
#include "system/journal.h"
#include "system/log.h"

#define STEP "audit log"

/* Of a text, which callers may make as long as they like. */
#define TEXT_BYTES 256

struct audit {
	char *path; /* NULL: standard output */
	int fd;
	struct stat opened; /* what fd is, as it was opened; of a path only */
	struct audit_repeats repeats;
	uint64_t lost;   /* lines since the last one that was written */
	bool is_torn;    /* the last line has no end */
	bool is_journal; /* standard output is the journal, which gets fields, too */
	bool is_stuck;   /* the path names no file that can be opened; fd is the one before */
};

/* A file has always room or an error; others may be a pipe, for example standard output. */
static bool audit_is_regular(const struct audit *a)
{
	return a->path != NULL && S_ISREG(a->opened.st_mode);
}

#define FLAGS (O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)

/* Gives what the file is in *opened. -1: errno says why. */
static int audit_open_file(const char *path, struct stat *opened)
{
	int fd = open(path, FLAGS | O_CREAT, 0640);

	if (fd >= 0)
		(void)fstat(fd, opened);
	return fd;
}

static void audit_explain_errno(struct err *err)
{
	const char *known = errno == ENOENT  ? "its folder does not exist"
	                    : errno == ENXIO ? "it is a pipe without a reader"
	                    : errno == EBADF ? "standard output is closed"
	                                     : NULL;

	if (known != NULL)
		err_set(err, ERROR_ACCESS_DENIED, STEP, known);
	else
		err_format(err, ERROR_ACCESS_DENIED, STEP, "it cannot be opened for writing: %s",
		           locale_error_text(errno));
}

static void audit_close(struct audit *a)
{
	if (a->fd >= 0)
		close(a->fd);
	free(a->path);
	free(a);
}

/* Where the program was started without a standard output, /dev/null stands in its place, for
 * reading (net/standard_files.h). -1: errno says why. */
static int audit_open_standard_output(void)
{
	int flags = fcntl(STDOUT_FILENO, F_GETFL);

	if (flags >= 0 && (flags & O_ACCMODE) == O_RDONLY) {
		errno = EBADF;
		return -1;
	}
	return fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
}

struct audit *audit_new(const char *path, struct err *err)
{
	struct audit *a = calloc(1, sizeof *a);

	json_set_alloc_funcs(watched_memory_allocate, free);
	if (a == NULL) {
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
		return NULL;
	}
	if (strcmp(path, "-") == 0) {
		a->fd = audit_open_standard_output();
		a->is_journal = journal_is_at(STDOUT_FILENO);
	} else {
		a->path = strdup(path);
		a->fd = audit_open_file(path, &a->opened);
	}
	if (a->fd < 0)
		audit_explain_errno(err);
	else if (a->path == NULL && strcmp(path, "-") != 0)
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
	else
		return a;
	audit_close(a);
	return NULL;
}

bool audit_check(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	char *folder = strndup(path, slash != NULL ? (size_t)(slash - path) + 1 : 0);
	bool is_good;
	int fd;

	if (folder == NULL) {
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
		return false;
	}
	fd = strcmp(path, "-") == 0 ? audit_open_standard_output() : open(path, FLAGS);
	is_good = fd >= 0 ||
	          (errno == ENOENT && access(*folder != '\0' ? folder : ".", W_OK | X_OK) == 0);
	if (!is_good)
		audit_explain_errno(err);
	if (fd >= 0)
		close(fd);
	free(folder);
	return is_good;
}

/* The statuses of this server's answers, by the names that Windows has for them. */
static const char *audit_status_name(NET_API_STATUS status)
{
#define S(NAME) { NAME, #NAME }
	static const struct {
		NET_API_STATUS status;
		const char *name;
	} names[] = {
		S(NERR_Success),        S(ERROR_ACCESS_DENIED),     S(ERROR_NOT_ENOUGH_MEMORY),
		S(ERROR_NOT_SUPPORTED), S(ERROR_INVALID_PARAMETER), S(ERROR_INVALID_LEVEL),
		S(ERROR_MORE_DATA),     S(ERROR_LOGON_FAILURE),     S(ERROR_TIME_SKEW),
		S(NERR_UserNotFound),   S(NERR_ClientNameNotFound), S(NERR_InvalidComputer),
	};
#undef S

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].status == status)
			return names[i].name;
	return NULL;
}

/* With the version of docs/json-schema.json, and the time. */
static json_t *audit_begin_line(void)
{
	json_t *line = json_pack("{s:i}", "schema", 1);
	char text[40];
	struct timespec now;
	struct tm utc;
	size_t used;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	used = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(text + used, sizeof text - used, ".%03ldZ", now.tv_nsec / 1000000);
	json_object_set_new(line, "time", json_string(text));
	return line;
}

/* Adds text as it is, or escaped where it is too long or no UTF-8; nothing for NULL. */
static void audit_put_text(json_t *line, const char *name, const char *text)
{
	char escaped[TEXT_BYTES];

	if (text == NULL)
		return;
	if (strlen(text) < TEXT_BYTES && json_object_set_new(line, name, json_string(text)) == 0)
		return;
	(void)escape_text(escaped, sizeof escaped, text);
	json_object_set_new(line, name, json_string(escaped));
}

#define CALLER_BYTES (2 * TEXT_BYTES)

/* Writes "DOMAIN\\user"; "" for nobody. */
static void audit_name_caller(const struct identity *who, char caller[CALLER_BYTES])
{
	*caller = '\0';
	if (who != NULL)
		(void)snprintf(caller, CALLER_BYTES, "%s%s%s", identity_domain(who),
		               identity_domain(who)[0] != '\0' ? "\\" : "", identity_user(who));
}

static void audit_put_caller(json_t *line, const char *caller)
{
	if (*caller != '\0')
		audit_put_text(line, "caller", caller);
	else
		json_object_set_new(line, "caller", json_null());
}

static void audit_put_also_closed(json_t *line, const struct srvsvc_event *event)
{
	json_t *names;

	if (event->also_total == 0)
		return;
	names = json_array();
	for (uint32_t i = 0; i < event->also_count; i++) {
		json_t *holder = json_object();

		audit_put_text(holder, "name", event->also[i]);
		json_array_append(names, json_object_get(holder, "name"));
		json_decref(holder);
	}
	json_object_set_new(line, "also_closed", names);
	json_object_set_new(line, "also_closed_total", json_integer(event->also_total));
}

static json_t *audit_make_line(const struct srvsvc_event *event, const char *caller)
{
	json_t *line = audit_begin_line();
	char client[CLIENT_NAME_ROOM];

	audit_put_text(line, "operation", event->operation);
	audit_put_text(line, "endpoint", event->endpoint);
	audit_put_text(line, "address", event->address);
	audit_put_caller(line, caller);
	if (event->level >= 0)
		json_object_set_new(line, "level", json_integer(event->level));
	audit_put_text(line, "client", client_name_spell(event->client, client));
	audit_put_text(line, "user", event->user);
	json_object_set_new(line, "entries", json_integer(event->entries));
	json_object_set_new(line, "total", json_integer(event->total));
	json_object_set_new(line, "status", json_integer(event->status));
	audit_put_text(line, "result", audit_status_name(event->status));
	audit_put_text(line, "detail", event->detail);
	if (event->is_incomplete)
		json_object_set_new(line, "complete", json_false());
	audit_put_also_closed(line, event);
	return line;
}

/* How often a refusal was repeated, beyond those that have lines, and since when. */
static json_t *audit_make_repeat_line(const struct audit_repeat *r, int64_t now_ms)
{
	json_t *line = audit_begin_line();

	audit_put_text(line, "operation", r->operation);
	audit_put_text(line, "endpoint", r->endpoint);
	audit_put_text(line, "address", r->address);
	audit_put_caller(line, r->caller);
	json_object_set_new(line, "status", json_integer(r->status));
	audit_put_text(line, "result", audit_status_name(r->status));
	json_object_set_new(line, "repeated", json_integer(r->count - AUDIT_REPEATS_WRITTEN));
	json_object_set_new(line, "within_s", json_integer((now_ms - r->began_ms + 999) / 1000));
	return line;
}

/* logrotate(8) and people rename or delete the file, and do not always say so: then the next line
 * begins another one. Where the new file cannot be opened, lines continue to go to the old one, and
 * the log says so once. */
static void audit_follow_path(struct audit *a)
{
	struct stat named, opened = { 0 };
	int fd;

	if (a->path == NULL)
		return;
	if (stat(a->path, &named) == 0 && named.st_dev == a->opened.st_dev &&
	    named.st_ino == a->opened.st_ino) {
		a->is_stuck = false;
		return;
	}
	fd = audit_open_file(a->path, &opened);
	if (fd < 0) {
		if (!a->is_stuck)
			log_write(LOG_LEVEL_ERROR,
			          "the audit log was renamed or deleted, and a new one cannot be "
			          "opened: %s; audit lines are still written to the old one",
			          locale_error_text(errno));
		a->is_stuck = true;
		return;
	}
	close(a->fd);
	a->fd = fd;
	a->opened = opened;
	a->is_stuck = false;
	a->is_torn = false;
}

/* Takes back the beginning of a line that found no room. Where that cannot be, as in a pipe, the
 * next line is kept apart from it. */
static void audit_untear(struct audit *a, size_t bytes)
{
	off_t end = lseek(a->fd, 0, SEEK_CUR);
	struct stat status;

	a->is_torn = end < (off_t)bytes || fstat(a->fd, &status) != 0 || status.st_size != end ||
	             ftruncate(a->fd, end - (off_t)bytes) != 0;
}

/* Whether all bytes were written; else errno says why not. */
static bool audit_write_bytes(struct audit *a, const char *text, size_t bytes)
{
	size_t done = 0;

	while (done < bytes) {
		ssize_t written = write(a->fd, text + done, bytes - done);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0) {
			int why = written < 0 ? errno : ENOSPC;

			if (done > 0)
				audit_untear(a, done);
			errno = why;
			return false;
		}
		done += (size_t)written;
	}
	return true;
}

/* Whether the whole line was written. */
static bool audit_write_line(struct audit *a, const char *text, size_t bytes)
{
	struct pollfd room = { .fd = a->fd, .events = POLLOUT };

	if (!audit_is_regular(a) && poll(&room, 1, 0) != 1) {
		errno = EAGAIN;
		return false;
	}
	if (a->is_torn && !audit_write_bytes(a, "\n", 1))
		return false;
	a->is_torn = false;
	return audit_write_bytes(a, text, bytes);
}

static bool audit_send_line(struct audit *a, const struct log_fields *fields, char *text,
                            size_t bytes)
{
	bool is_sent;

	if (!a->is_journal)
		return false;
	text[bytes - 1] = '\0';
	is_sent = log_send_fields(LOG_LEVEL_INFO, fields, text);
	text[bytes - 1] = '\n';
	return is_sent;
}

/* Takes line. */
static void audit_write_object(struct audit *a, json_t *line, const struct log_fields *fields)
{
	size_t bytes;
	char *text = json_line_format(line, &bytes);

	json_decref(line);
	audit_follow_path(a);
	errno = ENOMEM;
	if (text != NULL &&
	    (audit_send_line(a, fields, text, bytes) || audit_write_line(a, text, bytes))) {
		counters_add(COUNTER_AUDIT_LINES, 1);
		if (a->lost > 0)
			log_write(LOG_LEVEL_NOTICE,
			          "writing to the audit log again; %llu lines were lost",
			          (unsigned long long)a->lost);
		a->lost = 0;
	} else {
		counters_add(COUNTER_AUDIT_LOST, 1);
		if (a->lost++ == 0)
			log_write(LOG_LEVEL_ERROR,
			          "cannot write to the audit log: %s; audit lines are lost until "
			          "writing succeeds again",
			          locale_error_text(errno));
	}
	free(text);
}

/* ---- the journal's fields ---- */

static bool audit_is_log_on(const char *operation)
{
	return strcmp(operation, "log-on") == 0 || strcmp(operation, "reauthentication") == 0;
}

static enum log_message audit_message(const char *operation, NET_API_STATUS status)
{
	bool is_good = status == NERR_Success || status == ERROR_MORE_DATA;

	if (audit_is_log_on(operation))
		return is_good ? LOG_MESSAGE_LOG_ON : LOG_MESSAGE_LOG_ON_REFUSED;
	if (strncmp(operation, "session-", strlen("session-")) == 0)
		return LOG_MESSAGE_SESSION_ENDED;
	return is_good                         ? LOG_MESSAGE_REQUEST_SERVED
	       : status == ERROR_ACCESS_DENIED ? LOG_MESSAGE_REQUEST_DENIED
	                                       : LOG_MESSAGE_REQUEST_FAILED;
}

/* Who has asked, also where the log-on of that user was refused. */
static struct log_fields audit_fields(const struct srvsvc_event *event, const char *caller)
{
	return (struct log_fields){
		.message = audit_message(event->operation, event->status),
		.user = *caller != '\0'                     ? caller
		        : audit_is_log_on(event->operation) ? event->user
		                                            : NULL,
		.client = event->address,
	};
}

static struct log_fields audit_repeat_fields(const struct audit_repeat *r)
{
	return (struct log_fields){ .message = audit_message(r->operation, r->status),
		                    .user = r->caller[0] != '\0' ? r->caller : NULL,
		                    .client = r->address };
}

static int64_t audit_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void audit_write_repeats(struct audit *a, bool everything, int64_t now_ms)
{
	struct audit_repeat ended;

	while (audit_repeats_end(&a->repeats, everything, now_ms, &ended)) {
		const struct log_fields fields = audit_repeat_fields(&ended);

		audit_write_object(a, audit_make_repeat_line(&ended, now_ms), &fields);
	}
}

void audit_write(struct audit *a, const struct srvsvc_event *event)
{
	int64_t now_ms = audit_now_ms();
	struct log_fields fields;
	char caller[CALLER_BYTES];

	audit_name_caller(event->identity, caller);
	fields = audit_fields(event, caller);
	audit_write_repeats(a, false, now_ms);
	if (audit_repeats_admit(&a->repeats, event, caller, now_ms))
		audit_write_object(a, audit_make_line(event, caller), &fields);
	else
		counters_add(COUNTER_AUDIT_REPEATED, 1);
}

void audit_free(struct audit *a)
{
	if (a == NULL)
		return;
	audit_write_repeats(a, true, audit_now_ms());
	audit_close(a);
}
