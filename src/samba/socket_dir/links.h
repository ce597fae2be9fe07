/* SPDX-License-Identifier: MIT */
/* The symbolic links in the folder that smbd looks for its pipes in: each to the socket of Samba
 * that has its name. No file, a dangling link and a dead socket are all the same to smbd: it starts
 * samba-dcerpcd and tries once more. That second trial has to find a link, so there is one for each
 * pipe that Samba may come to have. */
#ifndef SAMBA_SOCKET_DIR_LINKS_H
#define SAMBA_SOCKET_DIR_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"
#include "samba/socket_dir/pipe_names.h"

#define LINKS_PIPES   "np"     /* in smbd's folder, and in Samba's own */
#define LINKS_RELAYED "srvsvc" /* the pipe that is ours while we serve it */

struct links {
	int directory; /* smbd's folder, open; what is being made stands there first. Not owned */
	const char *target;         /* the path of Samba's folder of sockets; borrowed */
	bool is_served;             /* the relayed pipe is no link now */
	bool knows_all;             /* pipes that Samba may come to have; else no link is removed */
	struct pipe_names possible; /* of those pipes, as far as they are known */
	/* As of the last time they were made: */
	size_t count;                       /* links, beside the relayed pipe */
	struct pipe_names present, foreign; /* Samba's sockets; what is there and is not ours */
};

/* Makes np/ where it is not there, and all links as they have to be now. False: see err; what could
 * be done was done. */
bool links_make(struct links *l, struct err *err);
/* Makes the relayed pipe a link in one step. False: somebody else listens there, or see err. */
bool links_release(struct links *l, struct err *err);
/* The same, whoever listens there. */
bool links_restore(struct links *l, struct err *err);

#endif
