/* SPDX-License-Identifier: MIT */
/* Takes what one store has over into another one. */
#ifndef STORE_MERGE_STORE_H
#define STORE_MERGE_STORE_H

#include "store/database.h"

struct merge_counts {
	int64_t runs, outcomes, sessions; /* that the other store did not have yet */
};

/* Adds the sweeps of from with their outcomes, and its sessions, to to, in one transaction. What
 * was taken over before is brought up to date, and is not there twice. What was pruned since does
 * not come back, except for a session that was seen again. */
NET_API_STATUS merge_store(struct database *from, struct database *to, struct merge_counts *counts,
                           struct err *err);

#endif
