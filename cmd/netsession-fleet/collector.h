/* SPDX-License-Identifier: MIT */
/* What stands between a sweep and the queue of a shared database: a thread, which claims targets
 * ahead of the sweep and stores hosts behind it, so that the sweep's loop never waits for the
 * database. If the connection is lost, the thread connects again, and nothing is stored twice. */
#ifndef NETSESSION_COLLECTOR_H
#define NETSESSION_COLLECTOR_H

#include "fleet/sweep.h"
#include "store/sweep_queue.h"

struct collector;

struct collector_settings {
	const char *db, *site, *name;
	uint32_t most;    /* targets that are claimed at once */
	int64_t lease_ms; /* after which others may claim them */
	bool waits;       /* for a database that is away when the collector starts */
};

/* Connects, and joins the collectors of the site. Keeps the texts. NULL after a failure, which
 * stands in err. */
struct collector *collector_open(const struct collector_settings *settings, struct err *err);
/* Leaves. NULL is allowed. */
void collector_close(struct collector *collector);

/* Finds a run whose targets can be claimed. Returns NULL if there is none, or after a failure,
 * which stands in err. The run lives until the next call. */
const struct store_run *collector_find_run(struct collector *collector, struct err *err);

/* Waits until there may be something to claim: for a notification, for the end of a lease, or for a
 * signal. Gives whether the site has targets that others hold. */
NET_API_STATUS collector_wait(struct collector *collector, bool waits_for_work, bool *has_targets,
                              struct err *err);

/* Starts the thread for the run that was found. Returns false if there is none. */
bool collector_begin(struct collector *collector);
/* For the handler of a sweep. Takes the pages of a result. Returns false if memory ran out. */
bool collector_put(struct collector *collector, struct sweep_result *result);
bool collector_give_names(struct collector *collector, char *const **names, size_t *count);
/* Whether the thread has given up. */
bool collector_has_failed(struct collector *collector);
/* Stores what is left, gives back what was not asked, and ends the thread. is_locked_out: the
 * lock-out guard has stopped the sweep, and so ends the run for all collectors. Returns 0, or what
 * stands in err. */
NET_API_STATUS collector_end(struct collector *collector, bool is_locked_out, struct err *err);

#endif
