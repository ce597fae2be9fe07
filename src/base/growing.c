/* SPDX-License-Identifier: MIT */
#include "base/growing.h"

#include <stdlib.h>

enum { FIRST_ROOM = 64 };

void *growing_make_room(void *array, size_t count, size_t *room, size_t element_bytes)
{
	size_t more = *room > 0 ? 2 * *room : FIRST_ROOM;
	void *grown;

	if (count < *room)
		return array;
	grown = reallocarray(array, more, element_bytes);
	if (grown != NULL)
		*room = more;
	return grown;
}
