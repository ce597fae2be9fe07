/* SPDX-License-Identifier: MIT */
/* What puts sessions into the table may know that the table lacks some, or that they are old.
 * Whoever lists the sessions asks the sources for their warnings, and hands them on. */
#ifndef SESSIONS_SESSION_SOURCE_H
#define SESSIONS_SESSION_SOURCE_H

#include <stdbool.h>
#include <sys/queue.h>

/* Texts are UTF-8, one line, borrowed. */
struct session_warning {
	const char *text;   /* "publisher "samba": smbstatus ended with exit status 1" */
	bool is_incomplete; /* the table lacks sessions, or may lack them */
	bool is_lost;       /* of those that it had: sessions that were removed may be open */
};

typedef void session_warning_found(void *found_context, const struct session_warning *warning);

/* A member of the source's own structure. */
struct session_source {
	/* Calls found for each warning that there is now. */
	void (*warn)(void *context, session_warning_found *found, void *found_context);
	void *context;
	LIST_ENTRY(session_source) entry;
};

/* All zero: there are none. */
LIST_HEAD(session_sources, session_source);

/* Calls found for the warnings of all sources. */
void session_sources_warn(const struct session_sources *sources, session_warning_found *found,
                          void *found_context);
/* Whether no source says that sessions are missing. */
bool session_sources_are_complete(const struct session_sources *sources);

#endif
