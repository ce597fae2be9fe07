/* SPDX-License-Identifier: MIT */
/* The folder that smbd looks for its pipes in (external_rpc_pipe:socket_dir): np/srvsvc is ours,
 * all other names are symbolic links to the sockets of Samba. While nobody relays, srvsvc is such a
 * link too, so that Samba serves it itself. */
#ifndef SAMBA_SOCKET_DIR_SOCKET_DIR_H
#define SAMBA_SOCKET_DIR_SOCKET_DIR_H

#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"
#include "net/loop.h"

struct socket_dir;

struct socket_dir_settings {
	const char *directory;   /* ours; made where it is not there, for root alone */
	const char *ncalrpc_dir; /* Samba's: its sockets are in np/ below it */
	const char *libexec_dir; /* its rpcd_* tell the pipes' names before there are sockets; "":
	                            not known */
	const char *smb_conf;    /* for them: their pipes depend on the server's role. NULL: Samba's
	                            own default */
	/* Somebody has taken np/srvsvc away while it was listened at, and smbd does not come there
	 * any more. It may close the folder. NULL: of no interest. */
	void (*lost)(void *context);
	void *context;
};

/* Makes np/ and all links, each whole at any moment, and keeps them true until it is freed: Samba's
 * folder is watched. One process alone may have a folder (it is locked). Blocks only while it is
 * opened. Keeps loop, copies settings. NULL: see err. */
struct socket_dir *socket_dir_open(struct net_loop *loop,
                                   const struct socket_dir_settings *settings, struct err *err);
/* Gives a socket that listens at np/srvsvc from now on, in one step: no moment is without one that
 * is whole. -1: see err. */
int socket_dir_listen(struct socket_dir *f, struct err *err);
/* The path of Samba's own srvsvc. Lives as long as f. */
const char *socket_dir_upstream(const struct socket_dir *f);
/* How many links there are, beside srvsvc. */
size_t socket_dir_link_count(const struct socket_dir *f);
/* Makes srvsvc a link again, in one step, and lets go of the folder; its links stay. NULL is
 * allowed. */
void socket_dir_close(struct socket_dir *f);

/* The same for a process that died: srvsvc becomes a link, unless a living process listens there.
 * False: see err. */
bool socket_dir_release(const char *directory, const char *ncalrpc_dir, struct err *err);

#endif
