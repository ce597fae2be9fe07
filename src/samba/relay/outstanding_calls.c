/* SPDX-License-Identifier: MIT */
#include "samba/relay/outstanding_calls.h"

static unsigned outstanding_calls_find(const struct outstanding_calls *a, uint32_t call_id)
{
	unsigned at = 0;

	while (at < a->count && a->call_ids[at] != call_id)
		at++;
	return at;
}

void outstanding_calls_add(struct outstanding_calls *a, uint32_t call_id)
{
	if (a->count < MAX_OUTSTANDING_CALLS)
		a->call_ids[a->count++] = call_id;
	else
		a->has_overflowed = true;
}

bool outstanding_calls_may_have(const struct outstanding_calls *a, uint32_t call_id)
{
	return a->has_overflowed || outstanding_calls_find(a, call_id) < a->count;
}

bool outstanding_calls_remove(struct outstanding_calls *a, uint32_t call_id)
{
	unsigned at = outstanding_calls_find(a, call_id);

	if (at == a->count)
		return false;
	a->call_ids[at] = a->call_ids[--a->count];
	return true;
}
