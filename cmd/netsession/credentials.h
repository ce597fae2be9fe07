/* SPDX-License-Identifier: MIT */
/* As whom the servers are asked. */
#ifndef NETSESSION_CREDENTIALS_H
#define NETSESSION_CREDENTIALS_H

#include "options.h"
#include <netsession.h>

/* Gives *credentials, NULL for whoever the environment says. False: there are none of use, which
 * was said on stderr. */
bool credentials_from_options(const struct options *options,
                              struct netsession_credentials **credentials);

#endif
