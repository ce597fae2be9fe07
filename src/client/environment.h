/* SPDX-License-Identifier: MIT */
/* What the environment says where a query says nothing. */
#ifndef CLIENT_ENVIRONMENT_H
#define CLIENT_ENVIRONMENT_H

#include "auth/credentials.h"

/* Who asks: gives a hold on the credentials of the file that NETSESSION_CREDENTIALS names; NULL
 * where no file is named, or with err where it was refused. The same file is read once, and so is
 * what GSSAPI makes of it, until it changes. */
struct netsession_credentials *environment_credentials(struct err *err);

/* NETSESSION_WINS: the WINS server's address, NULL where it is not set or empty. Use it before
 * somebody changes the environment. */
const char *environment_wins(void);

/* NETSESSION_SOCKET: the path of the local service's socket, or where it is by default. The same.
 */
const char *environment_socket(void);
/* NETSESSION_PUBLISH_SOCKET: the same of the socket for feeds. */
const char *environment_publish_socket(void);

#endif
