/* SPDX-License-Identifier: MIT */
/* A blocking job on a thread of its own, for what cannot be asked without waiting: GSSAPI, the
 * system's resolver. It can be abandoned at any time: nobody waits for a slow KDC. */
#ifndef NET_WORK_H
#define NET_WORK_H

#include <stdbool.h>
#include "net/loop.h"

struct net_work_job {
	void (*run)(void *job);      /* on the worker thread */
	void (*done)(void *context); /* on the loop, when run has returned; job still lives */
	void (*drop)(void *job);     /* on either, the last thing that happens */
	/* For how long the program's exit waits for it, once abandoned: libraries that it is in
	 * the middle of are torn down then. */
	int delays_exit_ms;
};

struct net_work;

/* Takes job: calls kind->drop on it in the end, also after a failure. Gives *work, which is gone
 * when done returns. NULL: out of memory or threads. */
struct net_work *net_work_start(struct net_loop *loop, const struct net_work_job *kind, void *job,
                                void *context);

/* done will not be called. The job itself runs on unobserved. */
void net_work_abandon(struct net_work *work);

#endif
