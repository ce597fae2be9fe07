/* SPDX-License-Identifier: MIT */
#include "system/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/escape.h"

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
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat status;

	begun_by = program;
	to_journal = stream != NULL && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	             fstat(STDERR_FILENO, &status) == 0 && status.st_dev == device &&
	             status.st_ino == inode;
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

__attribute__((format(printf, 2, 0))) static void
log_write_line(enum log_level level, const char *format, va_list arguments)
{
	char text[LINE_BYTES + 64], line[LINE_BYTES + 64];
	size_t used;

	vsnprintf(text, sizeof text, format, arguments);
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
	log_write_line(level, format, arguments);
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

void log_write_limited(struct log_limit *limit, int64_t now_ms, enum log_level level,
                       const char *format, ...)
{
	va_list arguments;

	if (level > most_said)
		return;
	if (now_ms - limit->began_ms >= LOG_LIMIT_WINDOW_MS) {
		log_limit_flush(limit);
		limit->began_ms = now_ms;
	}
	if (limit->written == LOG_LIMIT_LINES) {
		limit->suppressed++;
		return;
	}
	limit->written++;
	va_start(arguments, format);
	log_write_line(level, format, arguments);
	va_end(arguments);
}
