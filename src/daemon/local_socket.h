/* SPDX-License-Identifier: MIT */
/* A Unix socket at which a door listens: its own, or one that was given to it. */
#ifndef DAEMON_LOCAL_SOCKET_H
#define DAEMON_LOCAL_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>
#include "base/err.h"
#include "net/listener.h"

struct local_socket {
	struct net_listener *listener; /* NULL: nobody comes in */
	char *path;                    /* NULL: the socket is somebody else's */
};

/* Listens at path, with these permissions; at socket instead, taken also after a failure, where
 * that is not -1. accepted and context as of net_listener_new. False: see err. */
bool local_socket_open(struct local_socket *s, struct net_loop *loop, const char *path, mode_t mode,
                       int socket, void (*accepted)(void *context, int socket), void *context,
                       struct err *err);
/* Nobody comes in any more, and a socket of its own is gone. Once more does no harm. */
void local_socket_close(struct local_socket *s);

#endif
