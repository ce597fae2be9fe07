/* SPDX-License-Identifier: MIT */
/* Who was there at the last look at a server, and who came, went or changed since. */
#ifndef NETSESSION_PRESENCE_H
#define NETSESSION_PRESENCE_H

#include "results.h"

struct presence_session {
	struct netsession_row row; /* its texts are ours */
	int64_t began_s;           /* on the clock of the looks */
};

struct presence {
	struct presence_session *sessions; /* sorted */
	size_t count;
	const struct session_level *level; /* NULL: it was never looked at */
};

enum presence_event { PRESENCE_CAME, PRESENCE_WENT, PRESENCE_CHANGED };

/* One look at a server. */
struct presence_look {
	const struct server_result *result; /* borrowed */
	int64_t at_s;
};

enum presence_missing { PRESENCE_ALL, PRESENCE_SOME_MISSING, PRESENCE_NO_MEMORY };

/* Whether a look lacks sessions that were there before: a server may have left them out. */
enum presence_missing presence_misses(const struct presence *presence,
                                      const struct presence_look *look);

/* Compares a look with what was there before, tells each difference, and keeps what there is now.
 * again: another look, made since; NULL: there was none. A session that is in one of both is there.
 * False: out of memory. */
bool presence_update(struct presence *presence, const struct presence_look *look,
                     const struct presence_look *again,
                     void (*tell)(void *context, enum presence_event event,
                                  const struct server_result *result,
                                  const struct netsession_row *row),
                     void *context);
void presence_fini(struct presence *presence);

#endif
