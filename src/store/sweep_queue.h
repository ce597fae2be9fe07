/* SPDX-License-Identifier: MIT */
/* Targets that wait in a shared database for collectors, which are programs on any number of
 * machines. A collector claims targets for a time, the lease, by a token of its own; asks them
 * outside of any transaction; and stores each outcome in the transaction that takes the target out
 * of the queue, if its token still stands there. So each target gets exactly one outcome. */
#ifndef STORE_SWEEP_QUEUE_H
#define STORE_SWEEP_QUEUE_H

#include <stddef.h>
#include "base/text_list.h"
#include "store/sweep_store.h"

/* What a collector claims targets of: a run, by a token. The texts are its own. All zero is an
 * empty one. */
struct queue_claim {
	struct store_run run; /* id 0: there is nothing to claim */
	char *user, *client;  /* of run */
	char *token;
};

void queue_claim_fini(struct queue_claim *claim);

/* Adds a collector to those that the status shows, and listens for new work. name: of the machine
 * and the process. Gives *id. */
NET_API_STATUS sweep_queue_join(struct database *db, const char *name, const char *site,
                                int64_t *id, struct err *err);
NET_API_STATUS sweep_queue_leave(struct database *db, int64_t id, struct err *err);

/* Listens for new work on a connection that is new. */
NET_API_STATUS sweep_queue_listen(struct database *db, struct err *err);

/* Ends runs whose last collector died before it could end them, and finds the site's oldest run
 * that goes on and has targets which can be claimed. Gives *claim, with a token; its run.id is 0 if
 * there is nothing to claim now. */
NET_API_STATUS sweep_queue_find(struct database *db, const char *site, struct queue_claim *claim,
                                struct err *err);

/* Claims up to most further targets of the claim's run, for lease_ms, and adds them to names. */
NET_API_STATUS sweep_queue_claim(struct database *db, int64_t collector, const char *site,
                                 uint32_t most, int64_t lease_ms, const struct queue_claim *claim,
                                 struct text_list *names, struct err *err);

/* Takes targets that were claimed out of the queue, as part of a transaction.
 * hosts  their ids
 * is_ours  gets for each host whether it was there; else another collector has it now, or has done
 *          it
 * count  of both
 * Returns 0, or what stands in err. */
NET_API_STATUS sweep_queue_take(struct database *db, const struct queue_claim *claim,
                                const int64_t hosts[], bool is_ours[], size_t count,
                                struct err *err);

/* Counts hosts that a collector has done, as part of their transaction. */
NET_API_STATUS sweep_queue_count(struct database *db, int64_t collector, int64_t hosts,
                                 struct err *err);

/* Ends the run if it has no target left in the queue, and tells the other collectors. */
NET_API_STATUS sweep_queue_end_run(struct database *db, int64_t run, struct err *err);

/* Ends the run before its targets are asked, as the word end says: nothing more of it is claimed.
 */
NET_API_STATUS sweep_queue_stop_run(struct database *db, int64_t run, const char *end,
                                    struct err *err);

/* Gives back what is left of a claim, so that others can claim it at once. */
NET_API_STATUS sweep_queue_give_back(struct database *db, const struct queue_claim *claim,
                                     struct err *err);

/* Gives how many targets of runs that go on the queue has for the site, and in which time the first
 * lease ends, at most most_ms. */
NET_API_STATUS sweep_queue_look(struct database *db, const char *site, int64_t most_ms,
                                int64_t *left, int64_t *lease_ms, struct err *err);

#endif
