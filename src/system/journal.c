/* SPDX-License-Identifier: MIT */
#include "system/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>

static int journal_socket = -1;

bool journal_is_at(int descriptor)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat status;

	return stream != NULL && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(descriptor, &status) == 0 && status.st_dev == device && status.st_ino == inode;
}

void journal_open(void)
{
	if (journal_socket < 0)
		journal_socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* Each entry names the address anew: a journald that was restarted may have another socket there.
 */
bool journal_send(const char *const fields[], size_t count)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX,
		                       .sun_path = "/run/systemd/journal/socket" };
	struct iovec parts[2 * JOURNAL_MAX_FIELDS];
	struct msghdr message = { .msg_name = &address,
		                  .msg_namelen = sizeof address,
		                  .msg_iov = parts,
		                  .msg_iovlen = 2 * count };

	for (size_t i = 0; i < count; i++) {
		parts[2 * i] = (struct iovec){ (char *)fields[i], strlen(fields[i]) };
		parts[2 * i + 1] = (struct iovec){ (char *)"\n", 1 };
	}
	return journal_socket >= 0 && sendmsg(journal_socket, &message, MSG_NOSIGNAL) >= 0;
}
