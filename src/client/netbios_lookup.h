/* SPDX-License-Identifier: MIT */
/* Addresses of a host by its NetBIOS name: asked of a WINS server, or of everybody near. Whoever
 * answers a broadcast first is believed: that is how the protocol is. */
#ifndef CLIENT_NETBIOS_LOOKUP_H
#define CLIENT_NETBIOS_LOOKUP_H

#include <netinet/in.h>
#include "net/address.h"

enum netbios_outcome {
	NETBIOS_FOUND,
	NETBIOS_UNKNOWN,
	NETBIOS_GROUP,       /* the name is a group's, not a host's */
	NETBIOS_SILENT,      /* the WINS server does not answer */
	NETBIOS_REFUSED,     /* the WINS server answers, but neither yes nor no */
	NETBIOS_UNREACHABLE, /* there is no way to the WINS server */
	NETBIOS_NOT_ASKED,   /* there is no network to broadcast on, or no memory to ask with */
};

struct netbios_lookup;

/* host fits (nbns_name_fits). wins: borrowed; NULL: broadcast. found: addresses are borrowed, and
 * none but after NETBIOS_FOUND; never called from here. Gives the look-up, which is gone when
 * found returns; NULL: out of memory. */
struct netbios_lookup *netbios_lookup_start(struct net_loop *loop, const char *host, uint16_t port,
                                            const struct in_addr *wins,
                                            void (*found)(void *context, enum netbios_outcome,
                                                          const struct net_addresses *),
                                            void *context);
/* found will not be called. NULL is allowed. */
void netbios_lookup_cancel(struct netbios_lookup *lookup);

#endif
