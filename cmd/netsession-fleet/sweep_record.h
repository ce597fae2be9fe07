/* SPDX-License-Identifier: MIT */
/* A sweep in the store: its run, and the hosts that are done. */
#ifndef NETSESSION_SWEEP_RECORD_H
#define NETSESSION_SWEEP_RECORD_H

#include "fleet/target_list.h"
#include "options.h"
#include "store/sweep_queue.h"
#include "store/sweep_store.h"
#include "swept_host.h"

#define SITE_UNLESS_SAID "default"

/* All zero: nothing is stored. */
struct sweep_record {
	struct sweep_store *store;
	struct store_run run;
	/* Of a collector: hosts are stored only while it holds them. NULL: they are not in a queue.
	 */
	const struct queue_claim *claim;
	int64_t collector;
};

/* Opens the store. Begins a run of the targets; or, with --resume, finds the run to go on with,
 * adds its targets, and puts its filters and its level into options, which borrow them from the
 * record. Returns false after a message. */
bool sweep_record_open(struct sweep_record *record, struct options *options,
                       struct target_list *targets);
void sweep_record_close(struct sweep_record *record);

/* Stores hosts in one transaction: all, or none. Where the database refuses what a host said, each
 * host has a transaction, and that host gets the outcome local_error, with a message. Returns 0, or
 * what stands in err. */
uint32_t sweep_record_hosts(struct sweep_record *record, const struct swept_host hosts[],
                            size_t count, struct err *err);

/* The run has ended; "finished": by itself. Returns 0, or what stands in err. */
uint32_t sweep_record_end(struct sweep_record *record, const char *end, struct err *err);

#endif
