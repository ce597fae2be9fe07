/* SPDX-License-Identifier: MIT */
/* The credentials that the servers are asked with. */
#ifndef NETSESSION_CREDENTIALS_H
#define NETSESSION_CREDENTIALS_H

#include "options.h"
#include <netsession.h>

/* Gives *credentials; NULL means the library's own choice: NETSESSION_CREDENTIALS, or Kerberos
 * tickets. Returns false after a message on stderr. */
bool credentials_from_options(const struct options *options,
                              struct netsession_credentials **credentials);

#endif
