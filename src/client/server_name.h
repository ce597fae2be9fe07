/* SPDX-License-Identifier: MIT */
/* The forms in which a server is named. */
#ifndef CLIENT_SERVER_NAME_H
#define CLIENT_SERVER_NAME_H

#include <stdbool.h>
#include <stdint.h>

#define SERVER_NAME_MAX_BYTES 255
#define SMB_PORT              445

struct server_name {
	char host[SERVER_NAME_MAX_BYTES + 1]; /* a name or an address literal, bare */
	uint16_t port;                        /* 0: not said */
};

/* NULL or "": the service of this computer. */
bool server_name_is_local(const char *text);

/* Takes: name, address, \\name, host:port, [v6], [v6]:port, fe80--1.ipv6-literal.net. False when
 * text can be no computer's name: NERR_InvalidComputer. */
bool server_name_parse(const char *text, struct server_name *to);

#endif
