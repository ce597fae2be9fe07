/* SPDX-License-Identifier: MIT */
/* What watch sees, written into a store. Only netsession-fleet has stores: see program.h. */
#ifndef NETSESSION_WATCH_RECORD_H
#define NETSESSION_WATCH_RECORD_H

#include <signal.h>
#include "options.h"
#include "results.h"
#include "sessions/tracker.h"

struct watch_record;

/* An answer is begin; its events; end. None of them waits for the store. A server is its number in
 * the watch. */
struct watch_recording {
	/* Opens the store of the options. Returns NULL after a message. */
	struct watch_record *(*open)(const struct options *options, size_t servers);
	void (*begin)(struct watch_record *record, size_t server,
	              const struct server_result *answer);
	void (*put_event)(struct watch_record *record, const struct tracker_event *event);
	/* sessions: those that the server has now. */
	void (*end)(struct watch_record *record, size_t server, const struct snapshot *sessions);
	/* The server did not answer. */
	void (*miss)(struct watch_record *record, size_t server);
	/* The watch ends. Takes record; NULL is allowed. Waits until all is stored; if
	 * *is_interrupted is set, for two seconds at most: then it ends the program. */
	void (*close)(struct watch_record *record, const volatile sig_atomic_t *is_interrupted);
};

/* NULL: this program has no stores, and does not run watch --db. */
extern const struct watch_recording *const watch_recording;

#endif
