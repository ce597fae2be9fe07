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

/* Compares result, got at now_s, with what was there before, tells each difference, and keeps
 * result's in its place. False: out of memory. */
bool presence_update(struct presence *presence, const struct server_result *result, int64_t now_s,
                     void (*tell)(void *context, enum presence_event event,
                                  const struct server_result *result,
                                  const struct netsession_row *row),
                     void *context);
void presence_fini(struct presence *presence);

#endif
