/* SPDX-License-Identifier: MIT */
/* The port of this computer at which a TCP connection from elsewhere came in, as the kernel knows
 * it (sock_diag(7)). Samba before 4.20 names only the peer's address and port. */
#ifndef SAMBA_SMBSTATUS_PEER_PORTS_H
#define SAMBA_SMBSTATUS_PEER_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct peer_ports;

/* NULL: out of memory. */
struct peer_ports *peer_ports_new(void);
/* NULL is allowed. */
void peer_ports_free(struct peer_ports *p);

/* Adds the connections that the kernel has now. Reads sockets. What the kernel does not list stays
 * unknown. */
void peer_ports_read_kernel(struct peer_ports *p);

enum peer_ports_part { PEER_PORTS_MORE, PEER_PORTS_LAST, PEER_PORTS_FAILED };

/* Adds what one datagram of the kernel's answer lists, which is borrowed. Returns whether another
 * datagram follows. FAILED: it is an error or no such answer, or memory is out.
 * Source: struct inet_diag_msg of linux/inet_diag.h. */
enum peer_ports_part peer_ports_add(struct peer_ports *p, const void *datagram, size_t bytes);

/* The local port of the connection from this peer, as Samba writes it: "ipv4:192.0.2.1:56346",
 * "ipv6:2001:db8::1:56346". 0: the text has another form, or there is no such connection, or there
 * are several at different ports. */
uint16_t peer_ports_find(struct peer_ports *p, const char *peer);

#endif
