/* SPDX-License-Identifier: MIT */
/* What all pipes of a relay share: Samba's sessions as Samba listed them last, the operations over
 * them, and counters. No I/O, no clock. */
#ifndef SAMBA_RELAY_RELAY_H
#define SAMBA_RELAY_RELAY_H

#include <stddef.h>
#include <stdint.h>
#include "auth/identity.h"
#include "samba/relay/session_cache.h"
#include "srvsvc/server.h"

struct relay_settings {
	uint32_t max_sessions;            /* that Samba may have */
	size_t max_answer_bytes;          /* of one answer, Samba's or the relay's */
	size_t max_held_bytes;            /* of all that is held for clients */
	int64_t (*now_ms)(void *context); /* Unix time */
	/* The transport that smbstatus lists for a session, static text. NULL: it is not known. */
	const char *(*find_transport)(void *context, const char *client, const char *user);
	/* The relay has answered a call. */
	void (*on_event)(void *context, const struct srvsvc_event *event);
	void *context;
	/* How many sessions of this client and user smbstatus listed last that may have started
	 * within two seconds of began_s (Unix time; 0: whenever). NULL: smbstatus is never run. */
	uint32_t (*count_sessions)(void *context, const char *client, const char *user,
	                           int64_t began_s);
	/* Samba is about to be asked to close the sessions of this client and user; NULL or "": of
	 * any. smbstatus has listed them just before, if it works. NULL: of no interest. */
	void (*on_session_del)(void *context, const char *client, const char *user);
};

struct relay {
	struct relay_settings settings;
	struct session_cache *cache;
	struct srvsvc_server service;
	struct identity *administrator; /* every client that Samba answered is one */
	struct srvsvc_caller caller;
	/* Queries go to Samba over many pipes, and an answer may be late: the cache has the answer
	 * to the latest query. */
	uint64_t queries, cached_query; /* how many there were; the number of the cached one */
	int64_t cached_ms;              /* when its answer came: durations are as of then */
	/* The cache may lack sessions: smbstatus could not be asked whether Samba's list has all.
	 */
	bool is_doubtful;
	struct session_source source; /* which warns of that */
	uint64_t forwarded;           /* requests that Samba answers */
	uint64_t intercepted;         /* requests that the relay has answered */
};

/* Copies settings. NULL: out of memory. */
struct relay *relay_new(const struct relay_settings *settings);
void relay_free(struct relay *r);

#endif
