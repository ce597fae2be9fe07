/* SPDX-License-Identifier: MIT */
/* The client and the user of a query, as the wire wants them. */
#ifndef CLIENT_QUALIFIERS_H
#define CLIENT_QUALIFIERS_H

#include <netsession.h>
#include "base/err.h"

/* Gives copies, NULL for one that is not given; *client has its \\. Returns 0,
 * ERROR_INVALID_PARAMETER or ERROR_NOT_ENOUGH_MEMORY. */
NET_API_STATUS qualifiers_copy(const struct netsession_query *query, char **client, char **user,
                               struct err *err);

#endif
