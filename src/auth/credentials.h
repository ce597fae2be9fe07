/* SPDX-License-Identifier: MIT */
/* A user's name, domain and password. */
#ifndef AUTH_CREDENTIALS_H
#define AUTH_CREDENTIALS_H

#include <netsession.h>
#include "base/err.h"

struct netsession_credentials {
	char *user;     /* UTF-8, as are all */
	char *domain;   /* "" for none */
	char *password;
};

/* Reads a file of lines "username = ", "password = ", "domain = ", as smbclient -A and
 * mount.cifs take it. Gives *out, NULL after a failure. */
NET_API_STATUS credentials_read(const char *path, struct netsession_credentials **out, struct err *err);

/* Gives a copy; NULL: out of memory. */
struct netsession_credentials *credentials_copy(const struct netsession_credentials *c);

/* Wipes and frees. NULL is allowed. */
void credentials_free(struct netsession_credentials *c);

#endif
