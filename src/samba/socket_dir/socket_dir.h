/* SPDX-License-Identifier: MIT */
/* The folder of pipes, where smbd looks for its pipes (external_rpc_pipe:socket_dir). np/srvsvc is
 * the relay's socket; all other names are symbolic links to Samba's own sockets. While no relay
 * runs, srvsvc is such a link, too, so that Samba serves it itself. */
#ifndef SAMBA_SOCKET_DIR_SOCKET_DIR_H
#define SAMBA_SOCKET_DIR_SOCKET_DIR_H

#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"
#include "net/loop.h"

struct socket_dir;

struct socket_dir_settings {
	const char *directory;   /* ours; made if it does not exist, for root alone */
	const char *ncalrpc_dir; /* Samba's: its sockets are in np/ below it */
	/* The folder of Samba's rpcd_* programs, which list the pipes before there are sockets; "":
	 * unknown. */
	const char *libexec_dir;
	const char *smb_conf; /* for rpcd_*: their pipes depend on the server's role. NULL: Samba's
	                         own default */
	/* np/srvsvc was removed or replaced while we served it, so smbd cannot reach it any more.
	 * lost may close the folder. NULL: not called. */
	void (*lost)(void *context);
	void *context;
};

/* Makes np/ and all links, each in one step, and keeps them up to date until it is closed: Samba's
 * folder is watched. The folder is locked, so that only one process uses it. Blocks only while it
 * is opened. Keeps loop, copies settings. NULL: see err. */
struct socket_dir *socket_dir_open(struct net_loop *loop,
                                   const struct socket_dir_settings *settings, struct err *err);
/* Gives a socket that listens at np/srvsvc from now on. The socket replaces the link in one step,
 * so np/srvsvc exists at every moment. -1: see err. */
int socket_dir_listen(struct socket_dir *d, struct err *err);
/* Samba's folder is another one from now on: all links lead there, as soon as they can be made.
 * False: see err; nothing has changed. */
bool socket_dir_set_target(struct socket_dir *d, const char *ncalrpc_dir, struct err *err);
/* The path of Samba's own srvsvc. Lives until socket_dir_set_target, or as long as d. */
const char *socket_dir_upstream(const struct socket_dir *d);
/* How many links there are, beside srvsvc. */
size_t socket_dir_link_count(const struct socket_dir *d);
/* Makes srvsvc a link again, in one step, and unlocks the folder; its links stay. NULL is allowed.
 */
void socket_dir_close(struct socket_dir *d);

/* The same for a process that died: makes srvsvc a link, unless another process listens there.
 * False: see err. */
bool socket_dir_release(const char *directory, const char *ncalrpc_dir, struct err *err);

#endif
