/* SPDX-License-Identifier: MIT */
/* Who was there at the last look at a server, and who came, went or changed since. */
#ifndef NETSESSION_PRESENCE_H
#define NETSESSION_PRESENCE_H

#include "results.h"

struct watched_session {
	struct netsession_row row; /* its texts are ours */
	int64_t began_s;           /* on the clock of the looks */
};

struct watch_tracker {
	struct watched_session *sessions; /* sorted */
	size_t count;
	const struct session_level *level; /* NULL: it was never looked at */
};

enum watch_event { WATCH_OPENED, WATCH_CLOSED, WATCH_CHANGED };

/* One look at a server. */
struct watch_poll {
	const struct server_result *result; /* borrowed */
	int64_t at_s;
};

enum watch_missing { WATCH_NONE_MISSING, WATCH_SOME_MISSING, WATCH_NO_MEMORY };

/* Whether a look lacks sessions that were there before: a server may have left them out. */
enum watch_missing watch_tracker_misses(const struct watch_tracker *presence,
                                        const struct watch_poll *look);

/* Compares a look with what was there before, tells each difference, and keeps what there is now.
 * again: another look, made since; NULL: there was none. A session that is in one of both is there.
 * False: out of memory. */
bool watch_tracker_update(struct watch_tracker *presence, const struct watch_poll *look,
                          const struct watch_poll *again,
                          void (*tell)(void *context, enum watch_event event,
                                       const struct server_result *result,
                                       const struct netsession_row *row),
                          void *context);
void watch_tracker_fini(struct watch_tracker *presence);

#endif
