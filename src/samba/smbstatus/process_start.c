/* SPDX-License-Identifier: MIT */
#include "samba/smbstatus/process_start.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* proc_pid_stat(5): the start is field 22, in ticks since the computer was booted. The name of the
 * program is field 2, in parentheses, and may have any characters. */
int64_t process_start_s(uint64_t pid)
{
	struct timespec booted, now;
	char path[64], line[1024], *behind_name;
	unsigned long long ticks;
	long hz = sysconf(_SC_CLK_TCK);
	FILE *stat;

	snprintf(path, sizeof path, "/proc/%" PRIu64 "/stat", pid);
	stat = fopen(path, "re");
	if (stat == NULL)
		return 0;
	behind_name = fgets(line, sizeof line, stat) != NULL ? strrchr(line, ')') : NULL;
	fclose(stat);
	if (behind_name == NULL || hz <= 0 ||
	    sscanf(behind_name + 1,
	           " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
	           &ticks) != 1)
		return 0;
	(void)clock_gettime(CLOCK_BOOTTIME, &booted);
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec - (booted.tv_sec - (int64_t)(ticks / (unsigned long long)hz));
}
