/* SPDX-License-Identifier: MIT */
#include "smb2_server/credits.h"

#include <string.h>

void credits_init(struct credit_window *w)
{
	memset(w, 0, sizeof *w);
	w->length = 1;
	w->available = 1;
}

static bool credits_is_used(const struct credit_window *w, uint64_t id)
{
	return (w->used[id % CREDITS_WINDOW / 64] >> (id % 64) & 1) != 0;
}

static void credits_set_used(struct credit_window *w, uint64_t id, bool used)
{
	uint64_t bit = (uint64_t)1 << (id % 64);

	if (used)
		w->used[id % CREDITS_WINDOW / 64] |= bit;
	else
		w->used[id % CREDITS_WINDOW / 64] &= ~bit;
}

bool credits_take(struct credit_window *w, uint64_t id, unsigned count)
{
	if (id < w->begin || id - w->begin >= w->length || count > w->length - (id - w->begin))
		return false;
	for (unsigned i = 0; i < count; i++)
		if (credits_is_used(w, id + i))
			return false;
	for (unsigned i = 0; i < count; i++)
		credits_set_used(w, id + i, true);
	w->available -= count;
	while (w->length > 0 && credits_is_used(w, w->begin)) {
		credits_set_used(w, w->begin, false);
		w->begin++;
		w->length--;
	}
	return true;
}

uint16_t credits_grant(struct credit_window *w, uint16_t wanted)
{
	uint32_t most = CREDITS_MAX - w->available, room = CREDITS_WINDOW - w->length;
	uint32_t grant = wanted;

	if (grant == 0 && w->available == 0)
		grant = 1; /* 3.3.1.2: never reduced to zero */
	if (grant > most)
		grant = most;
	if (grant > room)
		grant = room;
	w->length += grant;
	w->available += grant;
	return (uint16_t)grant;
}
