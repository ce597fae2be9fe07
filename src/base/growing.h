/* SPDX-License-Identifier: MIT */
/* Arrays that grow. */
#ifndef BASE_GROWING_H
#define BASE_GROWING_H

#include <stddef.h>

/* Makes room for another element behind count of them. *room is how many the array has room for;
 * an array that is NULL has room for 0. Returns the array, which may have moved; NULL: out of
 * memory, and the array is as it was. */
void *growing_make_room(void *array, size_t count, size_t *room, size_t element_bytes);

#endif
