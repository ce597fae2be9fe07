/* SPDX-License-Identifier: MIT */
/* How sweeps stand: of a store in one file, or of one that many machines share. */
#ifndef STORE_STATUS_STORE_H
#define STORE_STATUS_STORE_H

#include "store/database.h"

/* Each list, and the columns of its rows. Times are in seconds since 1970. */
enum status_list {
	/* The last sweeps, the newest first: id, began, ended, state, targets, done, sessions, and
	 * how many were done in the last minute. The state is how the sweep ended, or "queued", or
	 * "unfinished". */
	STATUS_SWEEPS,
	/* Of these sweeps: id, outcome, hosts, sessions. */
	STATUS_OUTCOMES,
	/* The queue: site, id of the sweep, waiting, claimed. */
	STATUS_SITES,
	/* Of the last day: name, site, began, seen, ended, hosts. */
	STATUS_COLLECTORS,
	STATUS_LIST_COUNT,
};

/* Calls each for every row. */
NET_API_STATUS status_read(struct database *db, enum status_list list,
                           void (*each)(void *context, struct database_statement *row),
                           void *context, struct err *err);

#endif
