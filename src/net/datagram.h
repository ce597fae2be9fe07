/* SPDX-License-Identifier: MIT */
/* UDP over IPv4: questions to many, answers from anybody. */
#ifndef NET_DATAGRAM_H
#define NET_DATAGRAM_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "net/address.h"
#include "net/loop.h"

#define NET_DATAGRAM_MAX_BYTES 1024

struct net_datagram;

/* received: each datagram that comes, cut at NET_DATAGRAM_MAX_BYTES; data is borrowed. Keeps
 * context. NULL: out of memory or file descriptors. */
struct net_datagram *net_datagram_new(struct net_loop *loop,
                                      void (*received)(void *context,
                                                       const struct sockaddr_in *from,
                                                       const uint8_t *data, size_t bytes),
                                      void *context);

/* Sends at once, or not at all: it is asked again. */
void net_datagram_send(struct net_datagram *d, const struct sockaddr_in *to, const void *data,
                       size_t bytes);

/* Nothing more is called. NULL is allowed. */
void net_datagram_close(struct net_datagram *d);

/* Where this computer's networks hear everybody: IPv4 broadcast addresses. */
void net_broadcast_addresses(uint16_t port, struct net_addresses *to);

#endif
