/* SPDX-License-Identifier: MIT */
/* What sweeps write into a database: runs, their targets, one outcome for each, and sessions, which
 * are recognised from sweep to sweep. */
#ifndef STORE_SWEEP_STORE_H
#define STORE_SWEEP_STORE_H

#include <netsession.h>
#include "store/database.h"

struct sweep_store;

/* What a sweep asks for. */
struct store_run {
	int64_t id;
	const char *user, *client; /* NULL: any */
	uint32_t level;
	const char *site; /* whose collectors ask the targets; NULL: this program asks them */
};

/* A host that is done. Texts are borrowed. */
struct store_host {
	int64_t id;
	int64_t answered_ms;                          /* since 1970 */
	const char *outcome, *step, *error, *address; /* NULL: there is none */
	uint32_t status, nt_status;
	uint64_t sessions;
	unsigned attempts;
	/* Of the answer; else nothing is known of the host's sessions. */
	bool is_answer;
	bool is_complete;                      /* a session that is not in it has ended */
	int64_t level;                         /* -1: it has none, because nothing was selected */
	bool has_users, has_starts, has_opens; /* the level has these members */
};

/* Takes db. Returns NULL if memory ran out. */
struct sweep_store *sweep_store_new(struct database *db);
/* What it has taken. */
struct database *sweep_store_database(struct sweep_store *store);
/* NULL is allowed. */
void sweep_store_free(struct sweep_store *store);

/* Writes a new run with its targets, in one transaction, and gives run->id. now_ms: since 1970. */
NET_API_STATUS sweep_store_begin_run(struct sweep_store *store, struct store_run *run,
                                     char *const names[], size_t count, int64_t now_ms,
                                     struct err *err);

/* Finds the last run that has targets without an outcome, has not ended by itself, and that
 * neither collectors nor another program works on, and locks it. Gives *run, whose texts live as
 * long as the store. Calls add for each of these targets; false ends it. Returns 0, or
 * ERROR_FILE_NOT_FOUND if there is no such run, or ERROR_BUSY if another program works on it, or
 * what else stands in err. */
NET_API_STATUS sweep_store_resume_run(struct sweep_store *store, struct store_run *run,
                                      bool (*add)(void *context, const char *name), void *context,
                                      struct err *err);

/* A batch of hosts is one transaction: begin; for each host put_host, its rows, end_host; commit. A
 * failure leaves the store as it was before the batch.
 * begin keeps other programs from the hosts until commit.
 * names  of targets of the run, in the order of sweep_store_compare_names, because programs that
 *        store the same hosts wait for each other
 * ids  gets the id of each; 0: the store has no such host
 * count  of both */
NET_API_STATUS sweep_store_begin(struct sweep_store *store, const char *const names[],
                                 int64_t ids[], size_t count, struct err *err);
/* False: the run has an outcome of the host already, or there is a failure: no rows follow. */
bool sweep_store_put_host(struct sweep_store *store, const struct store_run *run,
                          const struct store_host *host, struct err *err);
void sweep_store_put_row(struct sweep_store *store, const struct netsession_row *row);
NET_API_STATUS sweep_store_end_host(struct sweep_store *store, struct err *err);
NET_API_STATUS sweep_store_commit(struct sweep_store *store, struct err *err);

/* The order in which hosts are put: names that are equal without regard to case are the same host.
 * As strcmp. */
int sweep_store_compare_names(const char *a, const char *b);

/* The run has ended, as the word end says; "finished": by itself. */
NET_API_STATUS sweep_store_end_run(struct sweep_store *store, const struct store_run *run,
                                   const char *end, int64_t now_ms, struct err *err);

#endif
