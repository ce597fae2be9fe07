/* SPDX-License-Identifier: MIT */
/* UDP over IPv4: questions to one host or to all of a network, answers from anywhere. */
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

/* A socket on a port of the system's choice, which may broadcast. received: for each datagram up
 * to NET_DATAGRAM_MAX_BYTES; what it is given is borrowed. Gives *out, NULL after a failure. */
NET_API_STATUS net_datagram_open(struct net_loop *loop,
                                 void (*received)(void *context, const struct sockaddr_in *from,
                                                  const uint8_t *data, size_t bytes),
                                 void *context, struct net_datagram **out, struct err *err);

/* Hands bytes to the network, or to nobody: a datagram may be lost anyway. Not from here are told
 * a full queue and what becomes of it on its way. */
NET_API_STATUS net_datagram_send(struct net_datagram *datagram, const struct sockaddr_in *to,
                                 const void *data, size_t bytes, struct err *err);

/* received will not be called. NULL is allowed. */
void net_datagram_close(struct net_datagram *datagram);

/* The broadcast addresses of the networks that this machine is in, each once, loopback left out.
 * Gives how many. */
unsigned net_broadcasts(struct sockaddr_in list[NET_MAX_BROADCASTS], uint16_t port);

#endif
