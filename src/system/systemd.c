/* SPDX-License-Identifier: MIT */
#include "system/systemd.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include "system/log.h"

#ifdef NETSESSION_SYSTEMD
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#endif

void systemd_notify(const char *state)
{
#ifdef NETSESSION_SYSTEMD
	(void)sd_notify(0, state);
#else
	(void)state;
#endif
}

void systemd_notify_reloading(void)
{
#ifdef NETSESSION_SYSTEMD
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
	                 (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
#endif
}

#ifdef NETSESSION_SYSTEMD
static bool systemd_take_socket(bool (*take)(void *context, const char *name, int socket),
                                void *context, const char *name, int socket, struct err *err)
{
	if (sd_is_socket(socket, AF_UNSPEC, SOCK_STREAM, 1) <= 0 ||
	    fcntl(socket, F_SETFL, O_NONBLOCK) != 0)
		err_format(err, ERROR_INVALID_PARAMETER, "socket activation",
		           "\"%s\" is not a stream socket that listens", name);
	else if (!take(context, name, socket))
		err_format(err, ERROR_INVALID_PARAMETER, "socket activation",
		           "there is no use for \"%s\", or for another one of this name", name);
	return err->status == NERR_Success;
}
#endif

bool systemd_take_sockets(bool (*take)(void *context, const char *name, int socket), void *context,
                          struct err *err)
{
	bool is_good = true;
#ifdef NETSESSION_SYSTEMD
	char **names = NULL;
	int count = sd_listen_fds_with_names(1, &names);

	for (int i = 0; i < count; i++) {
		is_good = is_good && systemd_take_socket(take, context, names[i],
		                                         SD_LISTEN_FDS_START + i, err);
		free(names[i]);
	}
	free(names);
#else
	(void)take;
	(void)context;
	(void)err;
#endif
	return is_good;
}

/* ---- descriptors ---- */

#define OTHERS 64 /* sockets, logs, libraries */

uint64_t descriptors_raise(uint64_t wanted, const char *what)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return wanted;
	files.rlim_cur = files.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &files);
	if (files.rlim_max >= wanted + OTHERS)
		return wanted;
	log_write(
		LOG_LEVEL_WARNING,
		"the system allows %llu file descriptors, but %s %llu: raise LimitNOFILE= or ulimit -n",
		(unsigned long long)files.rlim_max, what, (unsigned long long)wanted + OTHERS);
	return files.rlim_max > OTHERS ? files.rlim_max - OTHERS : 0;
}

/* ---- secrets ---- */

void process_hide_secrets(void)
{
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
