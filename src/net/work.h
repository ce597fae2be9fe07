/* SPDX-License-Identifier: MIT */
/* Jobs that block, beside the loop: each on a thread of its own, which can be abandoned at any
 * time, or on the few threads of a pool that all jobs of a server share. */
#ifndef NET_WORK_H
#define NET_WORK_H

#include <stdbool.h>
#include "net/loop.h"
#include "net/work_line.h"

/* Starts a thread that nobody joins, with all signals blocked: signals are the program's, and go to
 * its own threads. False: there is no room for a thread. */
bool net_thread_start(void *(*main)(void *argument), void *argument);

/* A job on a thread of its own: a call of GSSAPI, a look-up of the system's resolver. */
struct net_work_job {
	void (*run)(void *job);      /* on the thread */
	void (*done)(void *context); /* on the loop, when run has returned; job still lives */
	void (*drop)(void *job);     /* on either, the last thing that happens */
	/* For how long the program's exit waits for an abandoned job: the libraries that the job is
	 * calling are torn down then. */
	int delays_exit_ms;
	enum net_work_queue queue;
};

struct net_work;

/* Takes job: calls kind->drop on it in the end, also after a failure. Gives the work, which is
 * freed when done has returned. NULL: out of memory or threads. */
struct net_work *net_work_start(struct net_loop *loop, const struct net_work_job *kind, void *job,
                                void *context);
/* done is not called. The job itself runs on unobserved. NULL is allowed. */
void net_work_abandon(struct net_work *work);

/* A job on the pool. */
struct net_pool_job {
	void (*run)(void *job);      /* on a thread of the pool */
	void (*done)(void *context); /* on the loop, when run has returned; job still lives */
	void (*drop)(void *job);     /* on the loop, the last thing that happens */
};

struct net_pooled;

/* Takes job: calls kind->drop on it in the end, also after a failure. Gives the pooled job, which
 * waits for net_pool_begin, and is freed when done has returned. NULL: out of memory. */
struct net_pooled *net_pool_new(struct net_loop *loop, const struct net_pool_job *kind, void *job,
                                void *context);
void net_pool_begin(struct net_pooled *pooled);
/* Both at once. */
struct net_pooled *net_pool_start(struct net_loop *loop, const struct net_pool_job *kind, void *job,
                                  void *context);
/* done is not called; drop is. NULL is allowed. */
void net_pool_abandon(struct net_pooled *pooled);

#endif
