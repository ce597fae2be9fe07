/* SPDX-License-Identifier: MIT */
/* The requests that went on to Samba and are not answered yet, by their call ids. Whoever has one
 * of ours by the same id must not get its answer taken for the one to our question. */
#ifndef RELAY_AWAITED_H
#define RELAY_AWAITED_H

#include <stdbool.h>
#include <stdint.h>

#define RELAY_MAX_AWAITED 64

/* All zero: there are none. */
struct relay_awaited {
	uint32_t call_ids[RELAY_MAX_AWAITED];
	unsigned count;
	bool is_lost; /* there were more: any may be under way from then on */
};

void relay_awaited_add(struct relay_awaited *a, uint32_t call_id);
bool relay_awaited_may_have(const struct relay_awaited *a, uint32_t call_id);
/* False: it is not known to be among them. */
bool relay_awaited_remove(struct relay_awaited *a, uint32_t call_id);

#endif
