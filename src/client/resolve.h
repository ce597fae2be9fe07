/* SPDX-License-Identifier: MIT */
/* Addresses of a server, however it is named: a literal, a name of DNS, a NetBIOS name. */
#ifndef CLIENT_RESOLVE_H
#define CLIENT_RESOLVE_H

#include "net/address.h"

struct resolve;

/* wins: borrowed; the IPv4 address of the WINS server to ask for names that DNS does not know;
 * NULL or "": what NETSESSION_WINS says, else a broadcast. found: as for net_lookup_start. Gives
 * the look-up, which is gone when found returns; NULL: out of memory or threads. */
struct resolve *
resolve_start(struct net_loop *loop, const char *host, uint16_t port, const char *wins,
              void (*found)(void *context, const struct net_addresses *, const struct err *),
              void *context);
/* found will not be called. NULL is allowed. */
void resolve_cancel(struct resolve *resolve);

#endif
