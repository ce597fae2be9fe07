/* SPDX-License-Identifier: MIT */
/* Samba's sessions as Samba's last answer at level 1 listed them, in a session table. Samba's own
 * resume handles are places in its list, which change; here a session has an id as long as it is
 * open. */
#ifndef SAMBA_RELAY_SESSION_CACHE_H
#define SAMBA_RELAY_SESSION_CACHE_H

#include <stdbool.h>
#include <stdint.h>
#include <lmerr.h>
#include <lmshare.h>
#include "sessions/session_table.h"

struct session_cache;

/* Ids will be above first_id. NULL: out of memory. */
struct session_cache *session_cache_new(uint32_t max_sessions, uint32_t first_id);
/* NULL is allowed. */
void session_cache_free(struct session_cache *c);
/* The table lives as long as c. Its times are those of session_cache_update: Unix time. */
struct session_table *session_cache_table(const struct session_cache *c);

/* What smbstatus knows of Samba's sessions, and what is to be asked of it. */
struct relay_smbstatus {
	/* The transport of the sessions of this client and user, static text. NULL: it is not
	 * known. */
	const char *(*find_transport)(void *context, const char *client, const char *user);
	/* How many sessions of this client and user there are that may have started within two
	 * seconds of began_s (Unix time; 0: whenever). NULL: smbstatus cannot be asked. */
	uint32_t (*count_sessions)(void *context, const char *client, const char *user,
	                           int64_t began_s);
	void *context;
	bool is_current;       /* smbstatus ran after infos were asked for */
	bool wants_transports; /* the transports of all sessions are needed */
	bool wants_current;    /* is_current is needed, whatever infos say */
};

/* A result of session_cache_update, which is no status of Samba's: run smbstatus first. */
#define SESSION_CACHE_SHORT UINT32_MAX

/* Makes the table what infos say, which are borrowed. They were true at one time from asked_ms to
 * now_ms. Level 1 has no id of a session: a session is the same as before if client and user are
 * equal and it started within two seconds of the same time (sessions/tracker.h).
 *
 * Samba 4.22 to 4.25 now and then leaves sessions out (docs/SAMBA.md). So if smbstatus is current,
 * sessions that infos lack stay in the table if smbstatus has them.
 *
 * Returns 0. SESSION_CACHE_SHORT: nothing has changed, because smbstatus is not current, and that
 * is wanted, or infos have fewer sessions of a client and user than before, or smbstatus lacks a
 * session whose transport is wanted. ERROR_NOT_ENOUGH_MEMORY: the table lacks sessions. */
NET_API_STATUS session_cache_update(struct session_cache *c, const SESSION_INFO_1 *infos,
                                    uint32_t entries, int64_t asked_ms, int64_t now_ms,
                                    const struct relay_smbstatus *smbstatus);

/* Gives a client, without \\, and a user of it, both as Samba spells them; each pair once. *at is 0
 * at first, and belongs to the cache then. The texts live until the next update. False: there is
 * none left. */
bool session_cache_next_names(const struct session_cache *c, uint32_t *at, const char **client,
                              const char **user);

/* Finds the one session of this client and user that started within two seconds of started_s (Unix
 * time; 0: whenever). Gives its start. False: there is no such session, or there are several. */
bool session_cache_find_start(const struct session_cache *c, const char *client, const char *user,
                              int64_t started_s, int64_t *began_s);

#endif
