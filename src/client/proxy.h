/* SPDX-License-Identifier: MIT */
/* The URL of a proxy. */
#ifndef CLIENT_PROXY_H
#define CLIENT_PROXY_H

#include "client/server_name.h"

/* Parses socks5://host:port, or socks5h://host:port, which means the same; without a port it is
 * 1080. False: text is another URL, and err says so. */
bool proxy_parse(const char *text, struct server_name *to, struct err *err);

#endif
