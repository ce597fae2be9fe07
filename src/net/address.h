/* SPDX-License-Identifier: MIT */
/* Addresses of a host: literals at once, names by the system's resolver on a worker thread. */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "base/err.h"
#include "base/ip_address.h"
#include "net/loop.h"

#define NET_MAX_ADDRESSES 16

/* The error text of a look-up that may succeed when it is repeated. */
#define NET_LOOKUP_SILENT "the name service does not answer"

/* An address of IPv4 or IPv6: thousands of hosts have a list of them, so it has no room for others.
 */
union net_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

struct net_addresses {
	union net_address list[NET_MAX_ADDRESSES];
	unsigned count;
};

/* The address of a socket, and back. A scope may be the name or the number of an interface; one
 * that this computer does not have is 0. An address that is neither IPv4 nor IPv6 becomes 0.0.0.0.
 */
void net_address_from_ip(const struct ip_address *ip, uint16_t port, union net_address *to);
void net_address_to_ip(const union net_address *address, struct ip_address *to);

/* Gives the one address of a host that is an address, as ip_address_parse reads it. False: it is
 * none. */
bool net_address_parse(const char *host, uint16_t port, struct net_addresses *to);

/* Takes the address out that the socket is connected to, if it is there. */
void net_addresses_remove_peer(struct net_addresses *addresses, int socket);

/* Gives the address of the Unix socket at path. False: path is empty, or too long for an address.
 */
bool net_address_local(const char *path, struct sockaddr_un *to);

/* Writes an address and its port: "10.0.0.7:445", "[fe80::1%eth0]:445". */
#define NET_ADDRESS_TEXT_BYTES 80
void net_address_text(const union net_address *address, char to[NET_ADDRESS_TEXT_BYTES]);

struct net_lookup;

/* Looks up the addresses of a host.
 * found    called once, with the addresses in the resolver's order, the two families in turn
 *          (RFC 8305 section 4); or with none, and err. Both are borrowed.
 * Returns  the look-up, which is freed when found has returned; NULL: out of memory or threads. */
struct net_lookup *net_lookup_start(struct net_loop *loop, const char *host, uint16_t port,
                                    void (*found)(void *context, const struct net_addresses *,
                                                  const struct err *),
                                    void *context);
/* found is not called any more. NULL is allowed. */
void net_lookup_cancel(struct net_lookup *lookup);

#endif
