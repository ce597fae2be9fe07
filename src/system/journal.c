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

static struct iovec journal_part(const char *text)
{
	return (struct iovec){ (char *)text, strlen(text) };
}

/* Each entry names the address anew: a journald that was restarted may have another socket there.
 */
bool journal_send(const struct journal_field fields[], size_t count)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX,
		                       .sun_path = "/run/systemd/journal/socket" };
	struct iovec parts[4 * JOURNAL_MAX_FIELDS];
	struct msghdr message = { .msg_name = &address,
		                  .msg_namelen = sizeof address,
		                  .msg_iov = parts };

	for (size_t i = 0; i < count; i++) {
		parts[message.msg_iovlen++] = journal_part(fields[i].name);
		parts[message.msg_iovlen++] = journal_part("=");
		parts[message.msg_iovlen++] = journal_part(fields[i].value);
		parts[message.msg_iovlen++] = journal_part("\n");
	}
	return journal_socket >= 0 && sendmsg(journal_socket, &message, MSG_NOSIGNAL) >= 0;
}
