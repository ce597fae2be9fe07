/* SPDX-License-Identifier: MIT */
/* The one binary search of the tree. bsearch(3) gives an element that is there; this also says
 * where an element is to be inserted, and gives the first one of several that compare equal. */
#ifndef BASE_SEARCH_H
#define BASE_SEARCH_H

#include <stddef.h>

/* Returns the index of the first element that key does not follow: of the first element equal to
 * key, if there is one, else of the first element behind key, which is count if there is none.
 * array has count elements of element_bytes each, sorted by compare, and is borrowed like key.
 * compare(key, element) works as for bsearch: it returns less than, equal to or greater than 0 when
 * key stands before, at or behind the element. */
static inline size_t search_lower_bound(const void *key, const void *array, size_t count,
                                        size_t element_bytes,
                                        int (*compare)(const void *key, const void *element))
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(key, (const char *)array + element_bytes * middle) > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

#endif
