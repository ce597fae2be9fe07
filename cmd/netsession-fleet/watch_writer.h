/* SPDX-License-Identifier: MIT */
/* The thread that writes into a store what watch sees, so that watch itself never waits for one. */
#ifndef NETSESSION_WATCH_WRITER_H
#define NETSESSION_WATCH_WRITER_H

#include <signal.h>
#include <sys/queue.h>
#include "sessions/snapshot.h"
#include "store/database.h"

/* What has changed at a server since its answer before. */
struct watch_answer {
	STAILQ_ENTRY(watch_answer) entry;
	size_t server;
	uint32_t level;  /* 0: not known */
	int64_t at_ms;   /* since 1970 */
	int64_t clock_s; /* what the clock of the sessions' starts is behind */
	/* Why nothing is known of the time before it, as in struct history_watch. */
	const char *reason;
	bool is_list; /* begun has all sessions that are there, and ended none */
	struct snapshot *begun, *ended;
};

/* Returns an answer without sessions. NULL: out of memory. */
struct watch_answer *watch_answer_new(void);
/* NULL is allowed. */
void watch_answer_free(struct watch_answer *answer);

struct watch_writer;

/* Starts the thread. Takes db and names, which are those of count servers in the store.
 * path   opens the store again after a failure; kept
 * Returns NULL after a message. */
struct watch_writer *watch_writer_start(struct database *db, const char *path, char **names,
                                        size_t count, uint32_t interval_ms);
/* Takes answer. Does not wait for the store. */
void watch_writer_put(struct watch_writer *writer, struct watch_answer *answer);
/* Whether something of the server was not written since the last call: the next answer is to be a
 * list. */
bool watch_writer_has_lost(struct watch_writer *writer, size_t server);
/* Takes writer, and waits until all is written; but not for long from when *is_interrupted is set:
 * then it ends the program, after a message. NULL is allowed. */
void watch_writer_end(struct watch_writer *writer, const volatile sig_atomic_t *is_interrupted);

#endif
