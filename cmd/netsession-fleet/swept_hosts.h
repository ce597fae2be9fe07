/* SPDX-License-Identifier: MIT */
/* Lists of hosts that a sweep has asked. */
#ifndef NETSESSION_SWEPT_HOSTS_H
#define NETSESSION_SWEPT_HOSTS_H

#include "swept_host.h"

/* All zero is an empty list. */
struct swept_hosts {
	struct swept_host *hosts;
	size_t count, room;
};

/* Adds a host. Takes the pages of its result, and keeps its name. Returns false if memory ran out.
 */
bool swept_hosts_add(struct swept_hosts *list, struct sweep_result *result);
/* Keeps the room. */
void swept_hosts_clear(struct swept_hosts *list);
void swept_hosts_fini(struct swept_hosts *list);
void swept_hosts_swap(struct swept_hosts *a, struct swept_hosts *b);

#endif
