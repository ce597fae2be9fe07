/* SPDX-License-Identifier: MIT */
/* Memory of many MiB in pages of 2 MiB where the system has some: a walk through it then misses
 * fewer addresses in the processor's table of pages, and to fill it takes fewer page faults. */
#ifndef BASE_LARGE_PAGES_H
#define BASE_LARGE_PAGES_H

#include <stddef.h>

#define LARGE_PAGE_BYTES ((size_t)2 << 20)

/* Asks for large pages wherever one fits inside a block. Where the system has none, the block stays
 * as it is. */
void large_pages_prefer(void *block, size_t bytes);

#endif
