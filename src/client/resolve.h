/* SPDX-License-Identifier: MIT */
/* A server's addresses: literals, then the system's resolver, then NetBIOS' name service. */
#ifndef CLIENT_RESOLVE_H
#define CLIENT_RESOLVE_H

#include "base/err.h"
#include "net/address.h"
#include "net/loop.h"

struct resolve;

/* wins: address of the name server to ask where the system's resolver knows no such host; "": a
 * broadcast asks everybody. found: as of net_lookup_start. Copies the texts. Gives the question,
 * which is gone when found returns; NULL: out of memory or threads. */
struct resolve *
resolve_start(struct net_loop *loop, const char *host, uint16_t port, const char *wins,
              void (*found)(void *context, const struct net_addresses *, const struct err *),
              void *context);
/* found will not be called. NULL is allowed. */
void resolve_cancel(struct resolve *resolve);

#endif
