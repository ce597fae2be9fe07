/* SPDX-License-Identifier: MIT */
/* The forms of a server's name. */
#ifndef CLIENT_SERVER_NAME_H
#define CLIENT_SERVER_NAME_H

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "base/ip_address.h"

#define SERVER_NAME_MAX_BYTES 255
#define SMB_PORT              445

struct server_name {
	char host[SERVER_NAME_MAX_BYTES +
	          1]; /* a name, or an address as ip_address_text writes it */
	/* Where to connect to, as ip_address_text writes it; "": to what host is or means. */
	char address[IP_ADDRESS_TEXT_BYTES];
	uint16_t port; /* 0: not given */
};

/* Whether text means the service of this computer: it is NULL or "". */
bool server_name_is_local(const char *text);

/* Parses name, address, \\name, host:port, [v6], [v6]:port, fe80--1.ipv6-literal.net, and
 * name@address, name@address:port. False: text cannot be the name of a computer; err is
 * NERR_InvalidComputer, and its text says why. No text of err repeats what was parsed, which may
 * hold a password. */
bool server_name_parse(const char *text, struct server_name *to, struct err *err);

/* Whether text is an address, perhaps with a port behind it. */
bool server_name_is_address(const char *text);

/* The host that is looked up: the address where there is one. */
const char *server_name_target(const struct server_name *name);

#endif
