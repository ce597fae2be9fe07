/* SPDX-License-Identifier: MIT */
/* The symbolic links in the folder of pipes, each to Samba's own socket of the same name. When smbd
 * finds no file, a dangling link or a dead socket, smbd starts samba-dcerpcd and tries once more.
 * That second try has to find a link, so each pipe that Samba may ever have gets one. */
#ifndef SAMBA_SOCKET_DIR_LINKS_H
#define SAMBA_SOCKET_DIR_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"
#include "samba/socket_dir/pipe_names.h"

#define LINKS_PIPES   "np"     /* in the folder of pipes, and in Samba's own */
#define LINKS_RELAYED "srvsvc" /* the pipe that the relay serves */

struct links {
	int directory;              /* the folder of pipes, open; borrowed */
	const char *target;         /* the path of Samba's folder of sockets; borrowed */
	bool is_served;             /* the relayed pipe is a socket of ours now */
	bool knows_all;             /* possible is complete; otherwise no link is removed */
	struct pipe_names possible; /* pipes that Samba may have, as far as known */
	/* As of the last links_make: */
	size_t count;                       /* of links, beside the relayed pipe */
	struct pipe_names present, foreign; /* Samba's sockets; what we did not make */
};

/* Makes np/ if it does not exist, and all links as they should be now. False: see err; whatever
 * could be made was made. */
bool links_make(struct links *l, struct err *err);
/* Makes the relayed pipe a link, in one step. False: see err; another process may listen there. */
bool links_release(struct links *l, struct err *err);
/* The same, even if a process listens there. */
bool links_restore(struct links *l, struct err *err);

#endif
