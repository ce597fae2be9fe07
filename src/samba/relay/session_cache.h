/* SPDX-License-Identifier: MIT */
/* Samba's sessions in a session table, as its last answer at level 1 had them. Samba counts its
 * sessions by where they lie, which changes; here each one has an id for as long as it lives. */
#ifndef SAMBA_RELAY_SESSION_CACHE_H
#define SAMBA_RELAY_SESSION_CACHE_H

#include <stdbool.h>
#include <stdint.h>
#include <lmerr.h>
#include <lmshare.h>
#include "sessions/session_table.h"

struct session_cache;

/* The first session's id will be above first_id. NULL: out of memory. */
struct session_cache *session_cache_new(uint32_t max_sessions, uint32_t first_id);
void session_cache_free(struct session_cache *l);
/* Lives as long as l. Its clock is now_ms of session_cache_update: Unix time, as Samba's. */
struct session_table *session_cache_table(const struct session_cache *l);

/* What smbstatus tells of Samba's sessions. */
struct relay_smbstatus {
	/* The name of the transport of a client's and user's sessions, static text; NULL: it is not
	 * known. */
	const char *(*find_transport)(void *context, const char *client, const char *user);
	/* How many sessions of this client and user there are that may have begun within two
	 * seconds of began_s (Unix time; 0: whenever). NULL: nobody knows. */
	uint32_t (*count_sessions)(void *context, const char *client, const char *user,
	                           int64_t began_s);
	void *context;
	bool is_current;       /* it is of after the question that infos answer */
	bool wants_transports; /* of all sessions */
	bool wants_current;    /* whatever infos say */
};

/* Of session_cache_update alone: no status of Samba's. */
#define SESSION_CACHE_SHORT UINT32_MAX

/* Makes the table what infos say, borrowed, which were true at some time from asked_ms to now_ms:
 * at the same one for all of them. Samba's level 1 knows no id of a session: one of the same client
 * and user that began within two seconds of it is the same.
 *
 * Samba 4.22 to 4.25 now and then leave sessions out (docs/SAMBA.md). So where smbstatus is
 * current, sessions that infos lack and that it has stay in the table.
 *
 * Returns 0; SESSION_CACHE_SHORT: nothing has changed, since smbstatus is not current although
 * that is wanted, or infos have fewer sessions of a client and user than before, or lack a
 * transport that is wanted;
 * ERROR_NOT_ENOUGH_MEMORY: the table lacks some of them. */
NET_API_STATUS session_cache_update(struct session_cache *l, const SESSION_INFO_1 *infos,
                                    uint32_t entries, int64_t asked_ms, int64_t now_ms,
                                    const struct relay_smbstatus *outside);

/* The one session of this client and user that began within two seconds of started_s (Unix time; 0:
 * whenever). Gives what is known of it but its texts, and when it began. False: there is none, or
 * several could be meant. */
bool session_cache_find(const struct session_cache *l, const char *client, const char *user,
                        int64_t started_s, struct netsession_row *row, int64_t *began_s);

#endif
