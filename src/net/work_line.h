/* SPDX-License-Identifier: MIT */
/* Jobs that wait for a thread (work.c). */
#ifndef NET_WORK_LINE_H
#define NET_WORK_LINE_H

#include <sys/queue.h>

struct net_loop;
struct net_timer;
struct net_work;

/* Where jobs of one kind wait for each other. Thousands of calls may be under way on a loop, and
 * they are not to start thousands of threads. */
enum net_work_queue {
	NET_WORK_UNLIMITED, /* jobs do not wait */
	NET_WORK_LOOKUPS,
	NET_WORK_LOG_ONS,
	NET_WORK_QUEUES,
};

/* The most jobs of a queue that run at once. An abandoned job does not count. */
enum { NET_WORK_AT_ONCE = 64 };

/* Jobs that run on threads, and those that wait for them (work.c). */
struct net_work_line {
	struct net_loop *loop;
	TAILQ_HEAD(, net_work) waiting;
	unsigned running;
	struct net_timer *retry; /* NULL, or the system had no thread for those that wait */
};

#endif
