/* SPDX-License-Identifier: MIT */
/* What the environment says where a query says nothing. Use texts before a caller changes the
 * environment. */
#ifndef CLIENT_ENVIRONMENT_H
#define CLIENT_ENVIRONMENT_H

#include "auth/credentials.h"

/* NETSESSION_CREDENTIALS: gives a hold on the credentials of the file that it names; NULL where it
 * names none, or with err where the file is refused. A file is read once, and GSSAPI works on it
 * once, until the file changes. */
struct netsession_credentials *environment_credentials(struct err *err);

/* NETSESSION_WINS: the address of the WINS server, or none; NULL where it is not set or empty. */
const char *environment_wins(void);
/* The SOCKS proxy that leads to all servers; NULL: none is named. */
const char *environment_proxy(void);

/* NETSESSION_SOCKET: the path of the local service's socket, or the default path. */
const char *environment_socket(void);
/* NETSESSION_PUBLISH_SOCKET: the same of the publish socket. */
const char *environment_publish_socket(void);

#endif
