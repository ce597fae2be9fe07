/* SPDX-License-Identifier: MIT */
/* Sockets that clients connect to: TCP sockets, and Unix sockets at a path. */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/err.h"
#include "net/address.h"
#include "net/loop.h"

/* Gives a socket that listens; -1: see err. */
int net_listen_tcp(const union net_address *address, struct err *err);
/* The same at path, with these permissions. Changes the umask of the process for a moment: no other
 * thread may make files then. A socket that no process listens at is replaced;
 * anything else at path is left alone, and the call fails. */
int net_listen_local(const char *path, mode_t mode, struct err *err);
/* Whether there is a socket at path that no process listens at any more. */
bool net_local_is_stale(const char *path);

struct net_listener;

/* Takes socket, also after a failure. accepted is called for each connection, and takes its socket.
 * NULL: out of memory. */
struct net_listener *net_listener_new(struct net_loop *loop, int socket,
                                      void (*accepted)(void *context, int socket), void *context);
/* accepted is not called any more. NULL is allowed. */
void net_listener_free(struct net_listener *l);

/* Gives the peer's address without its port, "10.0.0.7", "[fe80::1%eth0]"; the process at the other
 * end of a Unix socket (SO_PEERCRED). False: the connection has ended. */
#define NET_PEER_TEXT_BYTES IP_ADDRESS_TEXT_BYTES
bool net_socket_peer_text(int socket, char to[NET_PEER_TEXT_BYTES]);
bool net_socket_peer_process(int socket, uid_t *uid, gid_t *gid, pid_t *pid);

#endif
