/* SPDX-License-Identifier: MIT */
/* A Unix socket, for root alone, that reports the daemon's status: each client that connects
 * receives lines "name: value", and the end. */
#ifndef SAMBA_STATUS_SOCKET_H
#define SAMBA_STATUS_SOCKET_H

#include <stddef.h>
#include "base/err.h"
#include "net/loop.h"

#define STATUS_SOCKET_NAME "status" /* in the daemon's directory */
#define STATUS_TEXT_BYTES  4096

struct status_socket;

/* write_status writes the lines, at most room bytes with a NUL. Keeps loop and context. NULL: see
 * err. */
struct status_socket *status_socket_new(struct net_loop *loop, const char *directory,
                                        void (*write_status)(void *context, char *to, size_t room),
                                        void *context, struct err *err);
/* NULL is allowed. */
void status_socket_free(struct status_socket *s);

#endif
