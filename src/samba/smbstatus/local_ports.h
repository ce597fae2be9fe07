/* SPDX-License-Identifier: MIT */
/* At which of this computer's ports connections from elsewhere came in, by the kernel's own list of
 * them: Samba before 4.20 tells the other end's address and port alone. */
#ifndef SAMBA_SMBSTATUS_LOCAL_PORTS_H
#define SAMBA_SMBSTATUS_LOCAL_PORTS_H

#include <stdint.h>
#include <stdio.h>

struct local_ports;

/* NULL: out of memory. */
struct local_ports *local_ports_new(void);
/* NULL is allowed. */
void local_ports_free(struct local_ports *l);

/* One whose port is wanted, as Samba writes it: "ipv4:192.0.2.1:56346", "ipv6:2001:db8::1:56346".
 * What is not of that form, or finds no memory, is passed over. port: kept, and set by
 * local_ports_read: 0: not known. */
void local_ports_want(struct local_ports *l, const char *peer, uint16_t *port);
/* Looks for them in a list as /proc/net/tcp and tcp6 are; for one that is in several with different
 * ports, none is known. Source: net/tcp's format in Linux, Documentation/networking/proc_net_tcp.
 */
void local_ports_read(struct local_ports *l, FILE *list);
/* The same in the kernel's own lists. It reads files. */
void local_ports_read_all(struct local_ports *l);

#endif
