/* SPDX-License-Identifier: MIT */
/* Deletes what is old from a store. */
#ifndef STORE_PRUNE_STORE_H
#define STORE_PRUNE_STORE_H

#include "store/database.h"

struct prune_counts {
	int64_t runs, sessions, hosts;
};

/* Deletes what is older than age_s by the clock of the database: sweeps that began before that,
 * sessions that were seen last before it, collectors, and hosts of which nothing is left. Other
 * programs may use the store meanwhile: it is many short transactions, and each has the store for
 * itself. After a failure, what was deleted before is counted. */
NET_API_STATUS prune_store(struct database *db, int64_t age_s, struct prune_counts *counts,
                           struct err *err);

#endif
