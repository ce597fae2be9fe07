/* SPDX-License-Identifier: MIT */
/* Who may have a connection at an endpoint: the connections that there are, counted by their
 * sources, and what the bounds say about a newcomer. Pure: no sockets, no clock.
 *
 * No source shuts out the others. A source is what a client cannot choose freely: an IPv4 address,
 * an IPv6 network of 64 bits, a user of this computer. When an endpoint is full, the largest source
 * makes room: its oldest connection that is not open yet is closed for a newcomer of a smaller one.
 */
#ifndef NET_ADMISSION_H
#define NET_ADMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a peer comes from: the first bytes that all its connections share. */
struct net_source {
	uint8_t family; /* AF_INET, AF_INET6 or AF_UNIX */
	uint8_t bytes[8];
};

/* A source that has connections. Those that are not open are pending. */
struct net_source_count {
	struct net_source source;
	unsigned pending, open;
	bool is_privileged;
};

/* Each bound is a number of connections; 0: any number. */
struct net_bounds {
	unsigned max_connections;
	unsigned max_of_source;
	/* Of those that are not open yet. From half of max_pending on, some newcomers of sources
	 * that have more of these than the average are refused: the fuller, the more. */
	unsigned max_pending, max_pending_of_source;
	unsigned reserved; /* of max_connections and of max_pending, for privileged peers alone */
};

/* All zero but the bounds at first. Members except the bounds are read only. */
struct net_admission {
	struct net_bounds bounds;
	unsigned pending, open;
	struct net_source_count **sources; /* sorted */
	size_t source_count, source_room;
};

void net_admission_fini(struct net_admission *a);

/* The bound that a newcomer has reached. */
enum net_bound {
	NET_BOUND_NONE,
	NET_BOUND_OF_SOURCE,
	NET_BOUND_PENDING_OF_SOURCE, /* or it is refused before that, by chance */
	NET_BOUND_PENDING,
	NET_BOUND_CONNECTIONS,
};

struct net_verdict {
	enum net_bound bound;
	/* Where a bound is reached: the newcomer may connect once the oldest pending connection of
	 * this source is closed. NULL: nothing is closed for it. Lives until a connection is added
	 * or removed. */
	const struct net_source_count *evicts;
};

/* Judges a newcomer. Privileged peers may have the reserved places, and more than others from one
 * source. random is a number that no client can guess. */
struct net_verdict net_admission_judge(const struct net_admission *a,
                                       const struct net_source *source, bool is_privileged,
                                       uint32_t random);

/* Counts a connection that is pending, and gives its source's count, which lives until its last
 * connection is removed. NULL: out of memory; the connection is counted without its source. */
struct net_source_count *net_admission_add(struct net_admission *a, const struct net_source *source,
                                           bool is_privileged);
/* A connection of s, which may be NULL, is open from now on, or pending again. */
void net_admission_set_open(struct net_admission *a, struct net_source_count *s, bool is_open);
/* Removes a connection of s, which may be NULL. */
void net_admission_remove(struct net_admission *a, struct net_source_count *s, bool is_open);

#endif
