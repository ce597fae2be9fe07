/* SPDX-License-Identifier: MIT */
/* What is put into the session table, and what is asked of it. */
#ifndef SESSIONS_SESSION_H
#define SESSIONS_SESSION_H

#include <stdint.h>

/* A time that is not known. */
#define SESSION_TIME_UNKNOWN INT64_MIN

/* What is known of a session. Texts are UTF-8, borrowed, NULL for none. client stands with or
 * without its \\, and is shown the same way, an address in the one spelling of base/client_name.h.
 */
struct session_facts {
	const char *client, *user, *client_type, *transport;
	uint32_t num_opens, user_flags; /* NETSESSION_UNKNOWN: not known */
	int64_t created_ms, used_ms;    /* kept in whole seconds; SESSION_TIME_UNKNOWN: not known */
};

/* What put sessions into the table, and closes them: an endpoint, a publisher, the demo. */
struct session_owner {
	/* Closes a session. May remove this session and others from the table, here or later; must
	 * not add any here. */
	void (*close)(void *context, uint64_t key);
	/* The session has a new id: after 4,294,967,295 sessions the ids have run out, and the
	 * sessions that are left get the ids 1, 2, 3... in their order. Must not change the table.
	 * NULL: the owner remembers no ids. */
	void (*renumbered)(void *context, uint64_t key, uint32_t id);
	void *context;
	const char *name; /* static text, for logs: "smb", "publish", "demo" */
	/* Which sessions end together: those whose group is the same number. 0: the session ends
	 * alone. NULL: every session of this owner does. */
	uint32_t (*group)(void *context, uint64_t key);
};

/* The longest text, its terminator excluded. */
#define SESSION_TABLE_TEXT_BYTES 4000

/* Selects sessions; NULL or "": any client, any user. client is compared as client_name_equal
 * does, user without regard to case; a user without a domain selects that account of all
 * domains. */
struct session_filter {
	const char *client, *user;
};

#endif
