/* SPDX-License-Identifier: MIT */
/* The pipes as smbd finds them once enabled, looked at from outside, by the commands. */
#ifndef SAMBA_SOCKET_DIR_INSPECTION_H
#define SAMBA_SOCKET_DIR_INSPECTION_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"
#include "samba/socket_dir/pipe_names.h"

enum pipe_state {
	PIPE_ABSENT,
	PIPE_LISTENS, /* a socket, and a process behind it */
	PIPE_DEAD,    /* a socket that nobody listens at */
	PIPE_LINK,    /* to Samba's own */
	PIPE_OTHER,
};

struct socket_dir_inspection {
	enum pipe_state srvsvc;
	enum pipe_state samba; /* Samba's own srvsvc: ABSENT, LISTENS or DEAD */
	unsigned links;        /* beside srvsvc, to Samba's sockets */
	unsigned dangling;     /* of these: to sockets that are not there */
	unsigned missing;      /* sockets of Samba that no link leads to */
	unsigned odd;          /* what is no such link */
	/* One of them; "": there is none. */
	char a_missing[MAX_PIPE_NAME_BYTES], an_odd[MAX_PIPE_NAME_BYTES];
	struct err unsafe; /* why others than root could put a pipe there; status 0: they cannot */
};

void socket_dir_inspect(struct socket_dir_inspection *to, const char *directory,
                        const char *ncalrpc_dir);

/* What the links there lead to: Samba's own folder, above its np/. False: there is no link. */
bool socket_dir_find_target(const char *directory, char ncalrpc_dir[PATH_MAX]);

/* Connects to a Unix socket, without waiting. -1: errno says why. */
int socket_dir_connect(const char *path);

#endif
