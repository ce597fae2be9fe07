/* SPDX-License-Identifier: MIT */
#include "system/systemd.h"

#ifdef NETSESSION_SYSTEMD

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <time.h>

void systemd_notify(const char *state)
{
	(void)sd_notify(0, state);
}

void systemd_notify_reloading(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
	                 (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

bool systemd_take_sockets(bool (*take)(void *context, const char *name, int socket), void *context,
                          const char **why)
{
	char **names = NULL;
	int count = sd_listen_fds_with_names(1, &names);
	const char *found = NULL;

	for (int i = 0; i < count; i++) {
		int fd = SD_LISTEN_FDS_START + i;

		if (found == NULL && (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0 ||
		                      fcntl(fd, F_SETFL, O_NONBLOCK) != 0))
			found = "it is no stream socket that listens";
		if (found == NULL && !take(context, names[i], fd))
			found = "it is more than there is use for";
		free(names[i]);
	}
	free(names);
	if (found != NULL)
		*why = found;
	return found == NULL;
}

#else

void systemd_tell(const char *state)
{
	(void)state;
}

void systemd_tell_reloading(void)
{
}

bool systemd_take_sockets(bool (*take)(void *context, const char *name, int socket), void *context,
                          const char **why)
{
	(void)take;
	(void)context;
	(void)why;
	return true;
}

#endif
