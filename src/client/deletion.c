/* SPDX-License-Identifier: MIT */
#include "client/deletion.h"

#include <stdlib.h>
#include "client/qualifiers.h"

NET_API_STATUS deletion_init(struct deletion *d, const struct netsession_query *query,
                             struct err *err)
{
	*d = (struct deletion){ 0 };
	if (qualifiers_copy(query, &d->client, &d->user, err) != NERR_Success)
		return err->status;
	/* Neither would mean everybody: Samba does that, [MS-SRVS] 3.1.4.6 forbids it. */
	if (d->client == NULL && d->user == NULL)
		return err_set(err, ERROR_INVALID_PARAMETER, "query",
		               "name the client, the user or both whose sessions are to be closed");
	d->request.client = d->client;
	d->request.user = d->user;
	return NERR_Success;
}

void deletion_fini(struct deletion *d)
{
	free(d->client);
	free(d->user);
}
