/* SPDX-License-Identifier: MIT */
/* UDP over IPv4: datagrams to a host or to all hosts of a network, and from any host. */
#ifndef NET_DATAGRAM_H
#define NET_DATAGRAM_H

#include <stddef.h>
#include <stdint.h>
#include <netinet/in.h>
#include "base/err.h"
#include "net/loop.h"

#define NET_DATAGRAM_MAX_BYTES 2048
#define NET_MAX_BROADCASTS     16

struct net_datagram;

/* Opens a socket on a port that the system chooses, and which may broadcast. received is called for
 * each datagram of at most NET_DATAGRAM_MAX_BYTES, which is borrowed. Gives *out; NULL after a
 * failure: see err. */
NET_API_STATUS net_datagram_open(struct net_loop *loop,
                                 void (*received)(void *context, const struct sockaddr_in *from,
                                                  const uint8_t *data, size_t bytes),
                                 void *context, struct net_datagram **out, struct err *err);

/* Hands a datagram to the network. It may be lost there, and is lost where the system's queue is
 * full: neither is a failure. */
NET_API_STATUS net_datagram_send(struct net_datagram *datagram, const struct sockaddr_in *to,
                                 const void *data, size_t bytes, struct err *err);

/* received is not called any more. NULL is allowed. */
void net_datagram_close(struct net_datagram *datagram);

/* Gives the broadcast addresses of this computer's networks but loopback, each once. Returns how
 * many. */
unsigned net_broadcasts(struct sockaddr_in list[NET_MAX_BROADCASTS], uint16_t port);

#endif
