/* SPDX-License-Identifier: MIT */
/* The beginning and the end of sessions, recorded by a program that watches their host: netsessiond
 * itself, which misses none, or `netsession watch`, which polls. Between these, all that is known
 * of a host is known without a gap: see struct history_watch. */
#ifndef STORE_HISTORY_STORE_H
#define STORE_HISTORY_STORE_H

#include <netsession.h>
#include "store/database.h"

/* How the sessions of a host are watched. */
struct history_watch {
	const char *server;
	uint32_t interval_ms; /* between two polls; 0: every change is recorded as it happens */
	int64_t at_ms;        /* since 1970 */
	/* Why nothing is known of the time before it, as one word for programs; NULL: it follows
	 * the watch before without a gap. */
	const char *reason;
	uint64_t lost; /* changes in that time; 0: not known */
	/* A session has the same number in all watches of the same numbering; NULL: not known. */
	const char *numbering;
};

/* A session of the host; key is its number for the watch. Texts are borrowed; NULL: not known. */
struct history_session {
	uint64_t key;
	const struct netsession_row *row;
	uint32_t level;
	int64_t started_s; /* since 1970; HISTORY_START_UNKNOWN */
};

#define HISTORY_START_UNKNOWN INT64_MIN

/* A host that is watched: all zero before history_begin. */
struct history_host {
	int64_t id, watch;
	int64_t before; /* the watch that has the open sessions of its numbering; 0: there is none
	                 */
	uint32_t interval_ms;
	int64_t seen_ms; /* until then, all changes are known */
};

/* All of these run in a transaction of the caller's (store/database.h), and return what stands in
 * err. After a failure the host is to be as it was before the transaction. */

/* Begins to watch a host. What an earlier watch held is open until that watch saw it last; then the
 * sessions that are there follow, each by history_put, and history_end_listing. */
NET_API_STATUS history_begin(struct database *db, struct history_host *host,
                             const struct history_watch *watch, struct err *err);
/* The host was not heard for a time, and its sessions are still those that the watch has put. */
NET_API_STATUS history_go_on(struct database *db, struct history_host *host,
                             const struct history_watch *watch, struct err *err);
/* Behind database_open, which has lost what kept other programs from the host. False: another
 * program has watched it meanwhile, and history_begin is needed. */
NET_API_STATUS history_hold(struct database *db, const struct history_host *host,
                            const char *server, bool *is_open, struct err *err);
/* What the transaction writes is batch. If the answer to its commit is lost, it is stored if a
 * later transaction finds the batch. */
NET_API_STATUS history_put_batch(struct database *db, const struct history_host *host,
                                 const char *batch, struct err *err);
NET_API_STATUS history_has_batch(struct database *db, const struct history_host *host,
                                 const char *batch, bool *has_it, struct err *err);
/* A session is there: a new one, one of which more is known now, or one that the store has of an
 * earlier watch. The latter has the same number if the watches have one numbering; else the same
 * client and user, and the same start if both are known. What netsessiond records meanwhile is not
 * recorded by polls. */
NET_API_STATUS history_put(struct database *db, const struct history_host *host,
                           const struct history_session *session, int64_t at_ms, struct err *err);
/* All sessions of the host were put: those of earlier watches that were not among them, and those
 * that netsessiond lost, have ended at a time that is not known. */
NET_API_STATUS history_end_listing(struct database *db, const struct history_host *host,
                                   int64_t at_ms, struct err *err);
/* A session has ended: at that time, or where the host is polled, after it was seen last. */
NET_API_STATUS history_end(struct database *db, const struct history_host *host, uint64_t key,
                           int64_t at_ms, struct err *err);
/* The publisher of this session is away, and it may be open. */
NET_API_STATUS history_lose(struct database *db, const struct history_host *host, uint64_t key,
                            int64_t at_ms, struct err *err);
/* All that has changed until now was recorded. */
NET_API_STATUS history_see(struct database *db, struct history_host *host, int64_t at_ms,
                           struct err *err);
/* The host is watched no more. */
NET_API_STATUS history_stop(struct database *db, struct history_host *host, int64_t at_ms,
                            struct err *err);

#endif
