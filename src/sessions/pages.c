/* SPDX-License-Identifier: MIT */
#include "sessions/pages.h"

#include <stdlib.h>

bool pages_add(struct pages *p, size_t page_bytes)
{
	if (p->count == p->room) {
		uint32_t room = p->room == 0 ? 16 : 2 * p->room;
		void **grown = realloc(p->pages, sizeof *grown * room);

		if (grown == NULL)
			return false;
		p->pages = grown;
		p->room = room;
	}
	p->pages[p->count] = calloc(1, page_bytes);
	if (p->pages[p->count] == NULL)
		return false;
	p->count++;
	return true;
}

void pages_fini(struct pages *p)
{
	for (uint32_t i = 0; i < p->count; i++)
		free(p->pages[i]);
	free(p->pages);
	*p = (struct pages){ 0 };
}
