/* SPDX-License-Identifier: MIT */
/* The folder of pipes that smbd uses once the relay is enabled, as the commands see it from
 * outside. */
#ifndef SAMBA_SOCKET_DIR_INSPECTION_H
#define SAMBA_SOCKET_DIR_INSPECTION_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"
#include "samba/socket_dir/pipe_names.h"

enum pipe_state {
	PIPE_ABSENT,
	PIPE_LISTENS, /* a socket at which a process listens */
	PIPE_DEAD,    /* a socket at which no process listens */
	PIPE_LINK,    /* to Samba's own socket */
	PIPE_OTHER,
};

struct socket_dir_inspection {
	enum pipe_state srvsvc;
	enum pipe_state samba; /* Samba's own srvsvc: ABSENT, LISTENS or DEAD */
	unsigned links;        /* to Samba's sockets, beside srvsvc */
	unsigned dangling;     /* of these links: to sockets that do not exist yet */
	unsigned missing;      /* sockets of Samba without a link */
	unsigned old;          /* links to where Samba's sockets were earlier */
	unsigned odd;          /* other entries */
	/* One of each; "": there is none. */
	char a_missing[MAX_PIPE_NAME_BYTES], an_old[MAX_PIPE_NAME_BYTES],
		an_odd[MAX_PIPE_NAME_BYTES];
	char old_target[PATH_MAX]; /* the folder that an_old leads to */
	struct err unsafe; /* why others than root could put a pipe there; status 0: they cannot */
};

/* Looks at the folder now. */
void socket_dir_inspect(struct socket_dir_inspection *to, const char *directory,
                        const char *ncalrpc_dir);

/* Gives the folder that the links lead to: Samba's ncalrpc dir, above its np/. False: there is no
 * link. */
bool socket_dir_find_target(const char *directory, char ncalrpc_dir[PATH_MAX]);

/* Whether only root and the user of this process can put something else at an absolute path: by its
 * own folders and by those behind its links, as far as they exist. False: gives a folder that
 * others can change. */
bool socket_dir_path_is_safe(const char *path, char changeable[PATH_MAX]);

#endif
