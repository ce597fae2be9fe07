/* SPDX-License-Identifier: MIT */
/* Hosts that are stored on a thread, beside the sweep: a store may be slow, and must not hold up
 * the exchanges with other hosts. */
#ifndef NETSESSION_STORE_JOB_H
#define NETSESSION_STORE_JOB_H

#include "sweep_record.h"

struct store_job;

/* Starts to store hosts in one transaction. Borrows record and hosts until the end. NULL: out of
 * memory or threads. */
struct store_job *store_job_start(struct sweep_record *record, const struct swept_host hosts[],
                                  size_t count);
/* Whether store_job_end would not wait. */
bool store_job_is_done(struct store_job *job);
/* Waits for the end. Takes job. Returns 0, or what stands in err. */
uint32_t store_job_end(struct store_job *job, struct err *err);

#endif
