/* SPDX-License-Identifier: MIT */
/* Who takes turns on the loop (net/turn.h). */
#ifndef NET_TURN_GROUP_H
#define NET_TURN_GROUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct net_loop;

TAILQ_HEAD(net_turn_list, net_turn);

/* All zero at first. Must not be freed while it has members. */
struct net_turn_group {
	/* All belongs to turn.c. */
	bool is_queued, is_initialized;
	struct net_turn_list waiting;
	TAILQ_ENTRY(net_turn_group) entry;
	uint64_t round, spent_ns;
};

/* A member of a group: a connection, say. */
struct net_turn {
	/* Called when the turn that is waited for begins. It may free the member. */
	void (*take)(void *context);
	void *context;
	/* The rest belongs to turn.c. */
	struct net_loop *loop;
	struct net_turn_group *group;
	TAILQ_ENTRY(net_turn) entry;
	bool is_waiting;
	uint64_t counted_ns;
};

#endif
