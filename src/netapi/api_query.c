/* SPDX-License-Identifier: MIT */
#include "netapi/api_query.h"

#include <stdlib.h>
#include <lmerr.h>
#include "netapi/argument.h"
#include "netapi/use_table.h"

bool api_query_init(struct api_query *q, const WCHAR *server, const WCHAR *client,
                    const WCHAR *user, NET_API_STATUS *status)
{
	*q = (struct api_query){ 0 };
	if (!argument_take(server, &q->server, NERR_InvalidComputer, status) ||
	    !argument_take(client, &q->client, ERROR_INVALID_PARAMETER, status) ||
	    !argument_take(user, &q->user, ERROR_INVALID_PARAMETER, status))
		return false;
	q->query.server = q->server;
	q->query.client = q->client;
	q->query.user = q->user;
	if (q->server != NULL)
		q->use = use_table_take(q->server);
	if (q->use != NULL)
		q->query.credentials = use_credentials(q->use);
	return true;
}

void api_query_fini(struct api_query *q)
{
	free(q->server);
	free(q->client);
	free(q->user);
	use_release(q->use);
}
