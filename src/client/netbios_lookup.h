/* SPDX-License-Identifier: MIT */
/* Look-up of a host's addresses by its NetBIOS name: by a query to a WINS server, or by a
 * broadcast. The first host that answers a broadcast is believed: the protocol offers nothing
 * better. */
#ifndef CLIENT_NETBIOS_LOOKUP_H
#define CLIENT_NETBIOS_LOOKUP_H

#include <netinet/in.h>
#include "net/address.h"

enum netbios_outcome {
	NETBIOS_FOUND,
	NETBIOS_UNKNOWN,
	NETBIOS_GROUP,       /* the name belongs to a group, not to a host */
	NETBIOS_SILENT,      /* the WINS server does not answer */
	NETBIOS_REFUSED,     /* the WINS server answers neither yes nor no */
	NETBIOS_UNREACHABLE, /* there is no route to the WINS server */
	NETBIOS_NOT_ASKED,   /* there is no network to broadcast on, or memory ran out */
};

struct netbios_lookup;

/* Starts a look-up of host, which fits (nbns_name_fits). wins: borrowed; NULL: broadcast. found:
 * its addresses are borrowed, and empty except for NETBIOS_FOUND; never called from here. Gives the
 * look-up, which is freed when found returns; NULL: out of memory. */
struct netbios_lookup *netbios_lookup_start(struct net_loop *loop, const char *host, uint16_t port,
                                            const struct in_addr *wins,
                                            void (*found)(void *context, enum netbios_outcome,
                                                          const struct net_addresses *),
                                            void *context);
/* Frees the look-up: found is not called. NULL is allowed. */
void netbios_lookup_cancel(struct netbios_lookup *lookup);

#endif
