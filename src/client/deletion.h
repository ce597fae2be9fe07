/* SPDX-License-Identifier: MIT */
/* One deletion as its caller sees it. Knows no network. */
#ifndef CLIENT_DELETION_H
#define CLIENT_DELETION_H

#include <netsession.h>
#include "base/err.h"
#include "srvsvc/session_del.h"

struct deletion {
	struct session_del_request request;
	char *client, *user; /* what request borrows */
};

/* Copies what it needs of query. Returns 0, ERROR_INVALID_PARAMETER or ERROR_NOT_ENOUGH_MEMORY:
 * nothing is to be sent then. */
NET_API_STATUS deletion_init(struct deletion *d, const struct netsession_query *query,
                             struct err *err);
void deletion_fini(struct deletion *d);

#endif
