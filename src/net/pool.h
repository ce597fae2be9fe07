/* SPDX-License-Identifier: MIT */
/* Blocking jobs of a server, on a few threads that all of them share. */
#ifndef NET_POOL_H
#define NET_POOL_H

#include "net/loop.h"

struct net_pool_job {
	void (*run)(void *job);      /* on a worker thread */
	void (*done)(void *context); /* on the loop, when run has returned; job still lives */
	void (*drop)(void *job);     /* on the loop, the last thing that happens */
};

struct net_pooled;

/* Takes job: calls kind->drop on it in the end, also after a failure. Gives what is gone when done
 * returns. NULL: out of memory. */
struct net_pooled *net_pool_start(struct net_loop *loop, const struct net_pool_job *kind, void *job,
                                  void *context);
/* done will not be called; drop is. NULL is allowed. */
void net_pool_abandon(struct net_pooled *pooled);

#endif
