/* SPDX-License-Identifier: MIT */
/* Memory for a library whose failures would get lost: jansson leaves a member out of an object when
 * there is no memory for it. json_set_alloc_funcs gets this malloc, and free. */
#ifndef BASE_WATCHED_MEMORY_H
#define BASE_WATCHED_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

void *watched_memory_allocate(size_t bytes);

/* Whether an allocation has failed in this thread since the last call. */
bool watched_memory_has_failed(void);

#endif
