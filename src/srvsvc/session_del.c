/* SPDX-License-Identifier: MIT */
/* [MS-SRVS] 3.1.4.6:
 *   [in, string, unique] SRVSVC_HANDLE ServerName, [in, string, unique] WCHAR *ClientName,
 *   [in, string, unique] WCHAR *UserName; NET_API_STATUS */
#include "srvsvc/session_del.h"

void session_del_request_encode(struct ndr_writer *w, const struct session_del_request *request)
{
	ndr_put_unique_wstring(w, request->server);
	ndr_put_unique_wstring(w, request->client);
	ndr_put_unique_wstring(w, request->user);
}

void session_del_request_decode(struct wire_reader *r, struct session_del_request *request,
                                struct session_qualifier_texts *texts)
{
	*request = (struct session_del_request){ 0 };
	(void)ndr_get_unique_wstring(r, texts->client,
	                             SESSION_QUALIFIER_MAX_UNITS); /* ServerName */
	request->client = ndr_get_unique_wstring(r, texts->client, SESSION_QUALIFIER_MAX_UNITS);
	request->user = ndr_get_unique_wstring(r, texts->user, SESSION_QUALIFIER_MAX_UNITS);
}

void session_del_answer_encode(struct ndr_writer *w, NET_API_STATUS status)
{
	ndr_put_u32(w, status);
}

NET_API_STATUS session_del_answer_decode(struct wire_reader *r)
{
	return ndr_get_u32(r);
}
