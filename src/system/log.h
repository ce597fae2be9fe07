/* SPDX-License-Identifier: MIT */
/* A daemon's log: lines on stderr, with the time for people, with a priority for the journal. Where
 * stderr is the journal, entries may have fields beside their line. */
#ifndef SYSTEM_LOG_H
#define SYSTEM_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "system/log_messages.h"

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

/* Sets the program's name, which begins each line for people and is kept, and finds out whether
 * stderr is the journal: systemd.exec(5), JOURNAL_STREAM. Before this call, lines are for people.
 */
void log_begin(const char *program);

/* Lines of higher levels are not written. LOG_LEVEL_INFO at first. */
void log_set_level(enum log_level most);
/* False: there is no level of this name. */
bool log_level_find(const char *name, enum log_level *level);
/* The name of a level by index; NULL behind the last one. */
const char *log_level_name(size_t index);

/* Writes one line, escaped as a message (base/escape.h); a line that is too long ends in "...".
 * Never pass secrets. */
__attribute__((format(printf, 2, 3))) void log_write(enum log_level level, const char *format, ...);

/* What an entry of the journal has beside its line. */
struct log_fields {
	enum log_message message; /* MESSAGE_ID */
	const char *user;         /* NETSESSION_USER; NULL: none */
	const char *client;       /* NETSESSION_CLIENT: an address; NULL: none */
};

/* The same with fields, which only the journal gets. */
__attribute__((format(printf, 3, 4))) void
log_write_fields(enum log_level level, const struct log_fields *fields, const char *format, ...);
/* Sends text, which has no newline, to the journal as it is, with fields. Never waits. False: the
 * journal has not taken it. */
bool log_send_fields(enum log_level level, const struct log_fields *fields, const char *text);

/* The limit for lines that clients can cause at will: so many in so long a time. */
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
/* The same with fields. */
__attribute__((format(printf, 5, 6))) void
log_write_fields_limited(struct log_limit *limit, int64_t now_ms, enum log_level level,
                         const struct log_fields *fields, const char *format, ...);
/* Writes how many lines were suppressed, if any were, and begins a new window: when no more lines
 * are to come. */
void log_limit_flush(struct log_limit *limit);

#endif
