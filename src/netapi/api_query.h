/* SPDX-License-Identifier: MIT */
/* What the functions about sessions share: a server and two qualifiers, asked as whoever NetUseAdd
 * named for that server. */
#ifndef NETAPI_API_QUERY_H
#define NETAPI_API_QUERY_H

#include <stdbool.h>
#include <netsession.h>
#include <windows.h>
#include <lmcons.h>

struct api_query {
	struct netsession_query query;
	char *server, *client, *user; /* what query borrows */
	struct use *use;              /* whose credentials it borrows */
};

/* False: an argument is of no use; *status says why, and the story is told. */
bool api_query_init(struct api_query *q, const WCHAR *server, const WCHAR *client,
                    const WCHAR *user, NET_API_STATUS *status);
void api_query_fini(struct api_query *q);

#endif
