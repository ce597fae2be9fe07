/* SPDX-License-Identifier: MIT */
/* What a database of sweeps can tell: who was where, what changed, and what became of hosts. */
#ifndef STORE_REPORT_STORE_H
#define STORE_REPORT_STORE_H

#include <stdbool.h>
#include "store/database.h"

/* A time or a number that is not known. */
#define REPORT_UNKNOWN INT64_MIN

/* A session. Times are in seconds since 1970. Texts are borrowed; NULL: not known. */
struct report_session {
	const char *server, *client, *user, *transport;
	int64_t num_opens, level;
	int64_t started; /* computed from the level's duration */
	int64_t first_seen, last_seen;
	int64_t gone; /* when an answer lacked it; REPORT_UNKNOWN: the last answer had it */
	/* Who saw it last: "sweep", "poll", "netsessiond". */
	const char *source;
	/* The session was open at the time that was asked for; false: it may have been. */
	bool is_certain;
};

/* Which sessions. At most one of the two is known; without either, those that the last answer of
 * their server had. */
struct report_period {
	int64_t at;    /* those that may have been open at that time */
	int64_t since; /* those that may have been open at that time or later */
};

typedef void report_session_function(void *context, const struct report_session *session);

/* Reports the sessions of a user, as a filter means one (base/user_name.h). */
NET_API_STATUS report_who(struct database *db, const char *user, const struct report_period *period,
                          report_session_function *each, void *context, struct err *err);
/* Reports the sessions on a server. Returns ERROR_BAD_NETPATH if no sweep has asked it. */
NET_API_STATUS report_on(struct database *db, const char *server,
                         const struct report_period *period, report_session_function *each,
                         void *context, struct err *err);

/* Reports the sessions of all users on all servers, in the order in which they came to the store.
 */
NET_API_STATUS report_sessions(struct database *db, const struct report_period *period,
                               report_session_function *each, void *context, struct err *err);

/* A time of which not all is known of a server that is watched, by netsessiond's history or by
 * `netsession watch`; or how often it is polled. Texts are borrowed. */
struct report_gap {
	const char *server;
	/* In milliseconds since 1970. REPORT_UNKNOWN: from ever; until now. */
	int64_t from_ms, until_ms;
	/* Why, as one word; NULL: it is no gap, but the server is polled each interval_ms. */
	const char *reason;
	int64_t lost; /* so many beginnings and ends; REPORT_UNKNOWN: nobody knows */
	int64_t interval_ms;
};

/* Reports the gaps of a time, of one server or, if it is NULL, of all. Times are in milliseconds
 * since 1970. */
NET_API_STATUS report_gaps(struct database *db, const char *server, int64_t from_ms,
                           int64_t until_ms, int64_t now_ms,
                           void (*each)(void *context, const struct report_gap *gap), void *context,
                           struct err *err);

/* Reports sessions that appeared or went since a time, the earliest change first; since
 * REPORT_UNKNOWN: since the last sweep began. is_gone: it went. */
NET_API_STATUS report_changes(struct database *db, int64_t since,
                              void (*each)(void *context, const struct report_session *session,
                                           bool is_gone),
                              void *context, struct err *err);

/* What became of a host when it was asked last. Texts are borrowed; NULL: there is none. */
struct report_host {
	const char *server, *outcome, *step, *error, *address;
	int64_t asked, answered; /* last; seconds since 1970; answered REPORT_UNKNOWN: never */
	int64_t sessions;
};

/* Reports all hosts, by their outcome and name. */
NET_API_STATUS report_hosts(struct database *db,
                            void (*each)(void *context, const struct report_host *host),
                            void *context, struct err *err);

#endif
