/* SPDX-License-Identifier: MIT */
#include "system/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/escape.h"
#include "system/journal.h"

#define LINE_BYTES 3072

static const struct {
	const char *name;
	int priority;
} levels[LOG_LEVEL_COUNT] = {
#define L(LEVEL, NAME, PRIORITY) [LEVEL] = { NAME, PRIORITY },
	LOG_LEVELS(L)
#undef L
};

static enum log_level most_said = LOG_LEVEL_INFO;
static bool to_journal;
static const char *begun_by = "netsession";

void log_begin(const char *program)
{
	begun_by = program;
	to_journal = journal_is_at(STDERR_FILENO);
	journal_open();
}

void log_set_level(enum log_level most)
{
	most_said = most;
}

bool log_level_find(const char *name, enum log_level *level)
{
	for (unsigned i = 0; i < LOG_LEVEL_COUNT; i++)
		if (strcmp(levels[i].name, name) == 0) {
			*level = (enum log_level)i;
			return true;
		}
	return false;
}

const char *log_level_name(size_t index)
{
	return index < LOG_LEVEL_COUNT ? levels[index].name : NULL;
}

static size_t log_begin_line(char *to, size_t room, enum log_level level)
{
	struct timespec now;
	struct tm utc;
	size_t used;

	if (to_journal)
		return (size_t)snprintf(to, room, "<%d>", levels[level].priority);
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	used = strftime(to, room, "%Y-%m-%dT%H:%M:%S", &utc);
	return used + (size_t)snprintf(to + used, room - used,
	                               ".%03ldZ %s: %s: ", now.tv_nsec / 1000000, begun_by,
	                               levels[level].name);
}

/* ---- fields ---- */

enum { FIELD_BYTES = 512 };

static const char *const message_ids[LOG_MESSAGE_COUNT] = {
#define M(MESSAGE, ID, WHAT) [MESSAGE] = ID,
	LOG_MESSAGES(M)
#undef M
};

bool log_send_fields(enum log_level level, const struct log_fields *fields, const char *text)
{
	char priority[12], user[FIELD_BYTES], client[FIELD_BYTES];
	struct journal_field list[JOURNAL_MAX_FIELDS] = { { "MESSAGE", text },
		                                          { "PRIORITY", priority },
		                                          { "SYSLOG_IDENTIFIER", begun_by } };
	size_t count = 3;

	(void)snprintf(priority, sizeof priority, "%d", levels[level].priority);
	if (fields->message != LOG_MESSAGE_NONE)
		list[count++] = (struct journal_field){ "MESSAGE_ID",
			                                message_ids[fields->message] };
	if (fields->user != NULL) {
		(void)escape_text(user, sizeof user, fields->user);
		list[count++] = (struct journal_field){ "NETSESSION_USER", user };
	}
	if (fields->client != NULL) {
		(void)escape_text(client, sizeof client, fields->client);
		list[count++] = (struct journal_field){ "NETSESSION_CLIENT", client };
	}
	return journal_send(list, count);
}

/* ---- lines ---- */

/* A line with fields goes to the journal's own socket, and to stderr where that does not take it.
 */
__attribute__((format(printf, 3, 0))) static void log_write_line(enum log_level level,
                                                                 const struct log_fields *fields,
                                                                 const char *format,
                                                                 va_list arguments)
{
	char text[LINE_BYTES + 64], line[LINE_BYTES + 64];
	size_t used;

	vsnprintf(text, sizeof text, format, arguments);
	if (fields != NULL && to_journal) {
		(void)escape_text(line, sizeof line, text);
		if (log_send_fields(level, fields, line))
			return;
	}
	used = log_begin_line(line, sizeof line, level);
	used += escape_text(line + used, sizeof line - used - 1, text);
	line[used++] = '\n';
	/* One write, so that the lines of several processes do not mix. There is nowhere to report
	 * that it failed. */
	while (write(STDERR_FILENO, line, used) < 0 && errno == EINTR)
		;
}

void log_write(enum log_level level, const char *format, ...)
{
	va_list arguments;

	if (level > most_said)
		return;
	va_start(arguments, format);
	log_write_line(level, NULL, format, arguments);
	va_end(arguments);
}

void log_write_fields(enum log_level level, const struct log_fields *fields, const char *format,
                      ...)
{
	va_list arguments;

	if (level > most_said)
		return;
	va_start(arguments, format);
	log_write_line(level, fields, format, arguments);
	va_end(arguments);
}

/* ---- lines that clients can cause at will ---- */

void log_limit_flush(struct log_limit *limit)
{
	if (limit->suppressed > 0)
		log_write(LOG_LEVEL_WARNING, "%s: %u similar messages suppressed", limit->name,
		          limit->suppressed);
	limit->written = limit->suppressed = 0;
}

/* Whether the limit lets a line of this level be written now. */
static bool log_limit_admit(struct log_limit *limit, int64_t now_ms, enum log_level level)
{
	if (level > most_said)
		return false;
	if (now_ms - limit->began_ms >= LOG_LIMIT_WINDOW_MS) {
		log_limit_flush(limit);
		limit->began_ms = now_ms;
	}
	if (limit->written == LOG_LIMIT_LINES) {
		limit->suppressed++;
		return false;
	}
	limit->written++;
	return true;
}

void log_write_limited(struct log_limit *limit, int64_t now_ms, enum log_level level,
                       const char *format, ...)
{
	va_list arguments;

	if (!log_limit_admit(limit, now_ms, level))
		return;
	va_start(arguments, format);
	log_write_line(level, NULL, format, arguments);
	va_end(arguments);
}

void log_write_fields_limited(struct log_limit *limit, int64_t now_ms, enum log_level level,
                              const struct log_fields *fields, const char *format, ...)
{
	va_list arguments;

	if (!log_limit_admit(limit, now_ms, level))
		return;
	va_start(arguments, format);
	log_write_line(level, fields, format, arguments);
	va_end(arguments);
}
