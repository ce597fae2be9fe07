/* SPDX-License-Identifier: MIT */
/* A connection by way of a SOCKS proxy, version 5 (RFC 1928), without authentication. The proxy
 * looks up the name of the host. */
#ifndef NET_SOCKS_H
#define NET_SOCKS_H

#include "base/err.h"
#include "net/address.h"

/* The step of failures of the proxy itself; those of the host behind it have the step "connect". */
#define NET_SOCKS_STEP "proxy"

struct net_socks;

/* Connects to a host by way of a proxy.
 * proxy      borrowed
 * host       a name of at most 255 bytes, or an address as ip_address_text writes it; borrowed
 * connected  called once: takes a socket; or -1, and err says why
 * Returns    what is under way, which is freed when connected has returned; NULL: out of memory */
struct net_socks *net_socks_start(struct net_loop *loop, const struct net_addresses *proxy,
                                  const char *host, uint16_t port,
                                  void (*connected)(void *context, int socket, const struct err *),
                                  void *context);
/* connected is not called any more. NULL is allowed. */
void net_socks_cancel(struct net_socks *socks);

#endif
