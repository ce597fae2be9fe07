/* SPDX-License-Identifier: MIT */
/* What became of a host in a sweep: one of a closed list. Nothing is guessed: a host that refuses
 * is never one without sessions. */
#ifndef FLEET_OUTCOME_H
#define FLEET_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>
#include <netsession.h>

/* The numbers are not stored: the names are. */
enum host_outcome {
	OUTCOME_ANSWERED,
	OUTCOME_EMPTY,
	OUTCOME_DENIED,
	OUTCOME_NO_SUCH_NAME,
	OUTCOME_UNREACHABLE,
	OUTCOME_REFUSED,
	OUTCOME_BUSY,
	OUTCOME_NOT_SMB,
	OUTCOME_SMB1_ONLY,
	OUTCOME_NO_COMMON_AUTHENTICATION,
	OUTCOME_LOG_ON_FAILED,
	OUTCOME_KERBEROS_FAILED,
	OUTCOME_NOT_SUPPORTED,
	OUTCOME_TIMED_OUT,
	OUTCOME_CONNECTION_LOST,
	OUTCOME_PROTOCOL_ERROR,
	OUTCOME_TOO_MANY_SESSIONS,
	OUTCOME_SERVER_ERROR,
	OUTCOME_LOCAL_ERROR,
	OUTCOME_COUNT,
};

struct host_outcome_words {
	const char *name;  /* as outputs and the store have it: "timed_out" */
	const char *text;  /* for people, with the noun host before it */
	const char *fix;   /* what to do about it; NULL: nothing */
	bool is_transient; /* another attempt may succeed */
};

extern const struct host_outcome_words host_outcomes[OUTCOME_COUNT];

/* Returns the outcome of a call that ended with error; sessions: how many it gave. */
enum host_outcome host_outcome_of(const struct netsession_error *error, uint64_t sessions);

/* Whether the host listed its sessions, or said that there are none. */
bool host_outcome_is_answer(enum host_outcome outcome);

/* Whether the call shows that the server accepted the log-on. */
bool host_outcome_shows_log_on(enum host_outcome outcome, const struct netsession_error *error);

/* Whether the server refused the password, which may count towards a lock-out of the account;
 * *is_locked: it is locked already. */
bool host_outcome_counts_for_lock_out(const struct netsession_error *error, bool *is_locked);

/* Returns OUTCOME_COUNT if no outcome has this name. */
enum host_outcome host_outcome_find(const char *name);

#endif
