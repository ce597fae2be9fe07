/* SPDX-License-Identifier: MIT */
#include "net/local_text.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int local_text_connect(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof address.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
		int before = errno;

		close(fd);
		fd = -1;
		errno = before;
	}
	return fd;
}

ssize_t net_local_text_read(const char *path, int timeout_ms, char *to, size_t room)
{
	int fd = local_text_connect(path);
	ssize_t got = 1;
	size_t used = 0;

	if (fd < 0)
		return -1;
	while (got > 0 && used < room - 1) {
		if (poll(&(struct pollfd){ fd, POLLIN, 0 }, 1, timeout_ms) <= 0) {
			errno = ETIMEDOUT;
			break;
		}
		got = read(fd, to + used, room - 1 - used);
		used += got > 0 ? (size_t)got : 0;
	}
	close(fd);
	to[used] = '\0';
	return used > 0 ? (ssize_t)used : -1;
}
