/* SPDX-License-Identifier: MIT */
#include "base/watched_memory.h"

#include <stdlib.h>

static _Thread_local bool has_failed;

void *watched_memory_allocate(size_t bytes)
{
	void *memory = malloc(bytes);

	has_failed |= memory == NULL;
	return memory;
}

bool watched_memory_has_failed(void)
{
	bool was_failed = has_failed;

	has_failed = false;
	return was_failed;
}
