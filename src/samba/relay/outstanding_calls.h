/* SPDX-License-Identifier: MIT */
/* The requests that went on to Samba and are not answered yet, by their call ids. Whoever has one
 * of ours by the same id must not get its answer taken for the one to our question. */
#ifndef SAMBA_RELAY_OUTSTANDING_CALLS_H
#define SAMBA_RELAY_OUTSTANDING_CALLS_H

#include <stdbool.h>
#include <stdint.h>

#define MAX_OUTSTANDING_CALLS 64

/* All zero: there are none. */
struct outstanding_calls {
	uint32_t call_ids[MAX_OUTSTANDING_CALLS];
	unsigned count;
	bool has_overflowed; /* there were more: any may be under way from then on */
};

void outstanding_calls_add(struct outstanding_calls *a, uint32_t call_id);
bool outstanding_calls_may_have(const struct outstanding_calls *a, uint32_t call_id);
/* False: it is not known to be among them. */
bool outstanding_calls_remove(struct outstanding_calls *a, uint32_t call_id);

#endif
