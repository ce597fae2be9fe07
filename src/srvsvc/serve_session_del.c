/* SPDX-License-Identifier: MIT */
/* NetrSessionDel: [MS-SRVS] 3.1.4.6. Who asks is looked at first, as Windows and Samba do it. */
#include <lmerr.h>
#include <stdio.h>
#include <string.h>
#include "rpc/call.h"
#include "srvsvc/operations.h"
#include "srvsvc/session_del.h"

static NET_API_STATUS srvsvc_check_session_del(const struct srvsvc_call *c,
                                               const struct session_del_request *request)
{
	bool has_client = session_qualifier_is_given(request->client);

	/* "The server SHOULD enforce security measures", <54>, <55>. */
	if (!srvsvc_allows(c, ACCESS_DELETE))
		return ERROR_ACCESS_DENIED;
	/* "If a ClientName is specified, it MUST start with "\\"; otherwise [...]" */
	if (has_client && strncmp(request->client, "\\\\", 2) != 0)
		return NERR_ClientNameNotFound;
	if (session_qualifier_is_too_long(request->client) ||
	    session_qualifier_is_too_long(request->user))
		return ERROR_INVALID_PARAMETER;
	/* "If both ClientName and UserName are unspecified [...] NERR_ClientNameNotFound or an
	 * ERROR_INVALID_PARAMETER": it is not the client that was looked for in vain. */
	if (!has_client && !session_qualifier_is_given(request->user))
		return ERROR_INVALID_PARAMETER;
	return NERR_Success;
}

/* Who ends beside those that are meant. */
enum { MAX_ALSO = 32, ALSO_BYTES = 192 };

struct also_closed {
	char texts[MAX_ALSO][ALSO_BYTES]; /* longer ones are cut */
	const char *also[MAX_ALSO];
	uint32_t count;
};

static void srvsvc_add_also_closed(void *context, const struct netsession_row *row)
{
	struct also_closed *b = context;

	if (b->count == MAX_ALSO)
		return;
	(void)snprintf(b->texts[b->count], ALSO_BYTES, "%s from %s",
	               row->user != NULL ? row->user : "", row->client);
	b->also[b->count] = b->texts[b->count];
	b->count++;
}

uint32_t srvsvc_serve_session_del(struct srvsvc_call *c)
{
	struct also_closed beside = { .count = 0 };
	struct session_qualifier_texts texts;
	struct session_del_request request;

	session_del_request_decode(c->stub, &request, &texts);
	if (c->stub->error != NULL)
		return RPC_FAULT_BAD_STUB_DATA;
	c->event.client = request.client;
	c->event.user = request.user;
	c->event.status = srvsvc_check_session_del(c, &request);
	if (c->event.status == NERR_Success) {
		const struct session_filter filter = { request.client, request.user };

		c->event.also_total = session_table_beside(c->caller->service->table, &filter,
		                                           srvsvc_add_also_closed, &beside);
		c->event.also_count = beside.count;
		c->event.also = beside.also;
		/* "The server MUST [...] close all the matching sessions." */
		c->event.total = session_table_close(c->caller->service->table, &filter);
		c->event.entries = c->event.total;
		/* "If no matching session is found with the ClientName and UserName [...]" */
		if (c->event.total == 0)
			c->event.status = NERR_ClientNameNotFound;
	}
	session_del_answer_encode(&c->answer, c->event.status);
	srvsvc_report(c);
	return 0;
}
