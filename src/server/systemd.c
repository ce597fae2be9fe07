/* SPDX-License-Identifier: MIT */
#include "server/systemd.h"

#ifdef NETSESSION_SYSTEMD

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <time.h>

void systemd_tell(const char *state)
{
	(void)sd_notify(0, state);
}

void systemd_tell_reloading(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
	                 (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

static bool take(struct systemd_sockets *to, const char *name, int fd, const char **why)
{
	if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0 ||
	    fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
		*why = "it is no stream socket that listens";
		return false;
	}
	*why = "it is more than there is use for";
	if (strcmp(name, "smb") == 0 && to->smb_count < SYSTEMD_MAX_SOCKETS)
		to->smb[to->smb_count++] = fd;
	else if (strcmp(name, "local") == 0 && to->local < 0)
		to->local = fd;
	else if (strcmp(name, "feed") == 0 && to->feed < 0)
		to->feed = fd;
	else
		return false;
	return true;
}

bool systemd_take_sockets(struct systemd_sockets *to, const char **why)
{
	char **names = NULL;
	int count = sd_listen_fds_with_names(1, &names);
	bool is_good = true;

	*to = (struct systemd_sockets){ .local = -1, .feed = -1 };
	for (int i = 0; i < count; i++) {
		if (is_good)
			is_good = take(to, names[i], SD_LISTEN_FDS_START + i, why);
		free(names[i]);
	}
	free(names);
	return is_good;
}

#else

void systemd_tell(const char *state)
{
	(void)state;
}

void systemd_tell_reloading(void)
{
}

bool systemd_take_sockets(struct systemd_sockets *to, const char **why)
{
	(void)why;
	*to = (struct systemd_sockets){ .local = -1, .feed = -1 };
	return true;
}

#endif
