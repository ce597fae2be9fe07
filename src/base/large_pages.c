/* SPDX-License-Identifier: MIT */
#include "base/large_pages.h"

#include <errno.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>

void large_pages_prefer(void *block, size_t bytes)
{
	const uintptr_t page_bytes = getauxval(AT_PAGESZ);
	uintptr_t begin = (uintptr_t)block & ~(page_bytes - 1);
	uintptr_t end = ((uintptr_t)block + bytes + page_bytes - 1) & ~(page_bytes - 1);
	int error = errno;

	if (bytes >= LARGE_PAGE_BYTES)
		(void)madvise((void *)begin, end - begin, MADV_HUGEPAGE);
	errno = error;
}
