/* SPDX-License-Identifier: MIT */
#include "net/local_text.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int net_local_connect(const char *path)
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

/* Returns the bytes up to the end of the text; -1: errno says why that was not found. */
static ssize_t local_text_receive(int fd, int timeout_ms, char *to, size_t room)
{
	size_t used = 0;

	while (used < room) {
		int ready = poll(&(struct pollfd){ fd, POLLIN, 0 }, 1, timeout_ms);
		ssize_t got;

		if (ready == 0)
			errno = ETIMEDOUT;
		got = ready > 0 ? read(fd, to + used, room - used) : -1;
		if (got < 0)
			return -1;
		if (got == 0 && used == 0)
			errno = ENODATA;
		if (got == 0)
			return used > 0 ? (ssize_t)used : -1;
		used += (size_t)got;
	}
	errno = EMSGSIZE;
	return -1;
}

ssize_t net_local_text_read(const char *path, int timeout_ms, char *to, size_t room)
{
	int fd = net_local_connect(path), before;
	ssize_t bytes;

	if (fd < 0)
		return -1;
	bytes = local_text_receive(fd, timeout_ms, to, room);
	before = errno;
	close(fd);
	errno = before;
	if (bytes >= 0)
		to[bytes] = '\0';
	return bytes;
}
