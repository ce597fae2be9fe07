/* SPDX-License-Identifier: MIT */
/* Memory that grows page by page and never moves, so that 32-bit numbers can say where things are.
 * It is given back with the table, not before. */
#ifndef SESSIONS_PAGES_H
#define SESSIONS_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pages {
	void **pages;
	uint32_t count, room;
};

/* One more page of zeros. False: out of memory. */
bool pages_add(struct pages *p, size_t page_bytes);
void pages_fini(struct pages *p);

#endif
