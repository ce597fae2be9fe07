/* SPDX-License-Identifier: MIT */
/* Look-up of a server's addresses: of a literal, a name in DNS, or a NetBIOS name. */
#ifndef CLIENT_RESOLVE_H
#define CLIENT_RESOLVE_H

#include "net/address.h"

struct resolve;

/* In the place of a WINS server's address: NetBIOS is not asked at all. */
#define RESOLVE_NO_NETBIOS "none"

/* Starts a look-up. wins: borrowed; the IPv4 address of the WINS server to query for names that DNS
 * does not know, or RESOLVE_NO_NETBIOS; NULL or "": what NETSESSION_WINS says, else a broadcast.
 * found: as for net_lookup_start. Gives the look-up, which is freed when found returns; NULL: out
 * of memory or threads. */
struct resolve *
resolve_start(struct net_loop *loop, const char *host, uint16_t port, const char *wins,
              void (*found)(void *context, const struct net_addresses *, const struct err *),
              void *context);
/* Whether a look-up failed because no name service answered, so that the name may exist. */
bool resolve_is_silence(const struct err *err);
/* Frees the look-up: found is not called. NULL is allowed. */
void resolve_cancel(struct resolve *resolve);

#endif
