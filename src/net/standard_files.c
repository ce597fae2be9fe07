/* SPDX-License-Identifier: MIT */
#include "net/standard_files.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

void net_standard_files_open(void)
{
	/* The other direction than the descriptor's own, so that its use fails. */
	static const int modes[] = {
		[STDIN_FILENO] = O_WRONLY,
		[STDOUT_FILENO] = O_RDONLY,
		[STDERR_FILENO] = O_RDONLY,
	};

	/* open(2) gives the lowest descriptor that is closed, which is this one. */
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			(void)open("/dev/null", modes[fd]);
}
