/* SPDX-License-Identifier: MIT */
#include "relay/awaited.h"

static unsigned find(const struct relay_awaited *a, uint32_t call_id)
{
	unsigned at = 0;

	while (at < a->count && a->call_ids[at] != call_id)
		at++;
	return at;
}

void relay_awaited_add(struct relay_awaited *a, uint32_t call_id)
{
	if (a->count < RELAY_MAX_AWAITED)
		a->call_ids[a->count++] = call_id;
	else
		a->is_lost = true;
}

bool relay_awaited_may_have(const struct relay_awaited *a, uint32_t call_id)
{
	return a->is_lost || find(a, call_id) < a->count;
}

bool relay_awaited_remove(struct relay_awaited *a, uint32_t call_id)
{
	unsigned at = find(a, call_id);

	if (at == a->count)
		return false;
	a->call_ids[at] = a->call_ids[--a->count];
	return true;
}
