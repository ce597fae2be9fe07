/* SPDX-License-Identifier: MIT */
#include "system/descriptors.h"

#include <sys/resource.h>
#include "system/log.h"

#define OTHERS 64 /* sockets, logs, libraries */

void descriptors_raise(uint64_t wanted, const char *what)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return;
	files.rlim_cur = files.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &files);
	if (files.rlim_max < wanted + OTHERS)
		log_write(LOG_LEVEL_WARNING, "the system lets it have %llu descriptors; %s %llu",
		          (unsigned long long)files.rlim_max, what,
		          (unsigned long long)wanted + OTHERS);
}
