/* SPDX-License-Identifier: MIT */
/* What a daemon says of itself, line by line on stderr: to people with the time, to the journal
 * with a priority. */
#ifndef SYSTEM_LOG_H
#define SYSTEM_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Listed once: the level, its name in the configuration, and the journal's priority for it. */
#define LOG_LEVELS(L)                      \
	L(LOG_LEVEL_ERROR, "error", 3)     \
	L(LOG_LEVEL_WARNING, "warning", 4) \
	L(LOG_LEVEL_NOTICE, "notice", 5)   \
	L(LOG_LEVEL_INFO, "info", 6)       \
	L(LOG_LEVEL_DEBUG, "debug", 7)

enum log_level {
#define L(LEVEL, NAME, PRIORITY) LEVEL,
	LOG_LEVELS(L)
#undef L
		LOG_LEVEL_COUNT
};

/* The program's name, which begins each line for people and is kept; and whether the environment
 * says that stderr is the journal: systemd.exec(5), JOURNAL_STREAM. Before it is called, stderr is
 * for people. */
void log_begin(const char *program);

/* What is above it is not said; LOG_LEVEL_INFO at first. */
void log_set_level(enum log_level most);
/* False: there is no level of this name. */
bool log_level_find(const char *name, enum log_level *level);
/* The name of a level by index; NULL behind the last one. */
const char *log_level_name(size_t index);

/* Writes text as it goes into a line, with its terminator. Returns the bytes without that; room is
 * 8 at least. */
size_t log_escape(char *to, size_t room, const char *text);

/* One line. Control characters and what is no UTF-8 are escaped as \xNN; what is too long ends in
 * "...". Never of secrets. */
__attribute__((format(printf, 2, 3))) void log_write(enum log_level level, const char *format, ...);

/* At most so many lines in so long a time, of those that clients can cause at will. */
#define LOG_LIMIT_LINES     10
#define LOG_LIMIT_WINDOW_MS 5000

/* The lines of one endpoint, which share the limit: all zero at first but for the name. */
struct log_limit {
	const char
		*name; /* "SMB endpoint": begins the line that counts the suppressed ones; kept */
	int64_t began_ms;             /* when the current window began */
	unsigned written, suppressed; /* lines in it */
};

/* Writes a line as log_write does, or counts it as suppressed where there are too many. now_ms is a
 * time in milliseconds of any one clock. How many lines were suppressed is written before the first
 * line of a later window. */
__attribute__((format(printf, 4, 5))) void log_write_limited(struct log_limit *limit,
                                                             int64_t now_ms, enum log_level level,
                                                             const char *format, ...);
/* Writes how many lines were suppressed, if any were, and begins a new window: when no more lines
 * are to come. */
void log_limit_flush(struct log_limit *limit);

#endif
