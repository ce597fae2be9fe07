/* SPDX-License-Identifier: MIT */
/* [MS-SRVS] 3.1.4.5:
 *   [in, string, unique] SRVSVC_HANDLE ServerName, [in, string, unique] WCHAR *ClientName,
 *   [in, string, unique] WCHAR *UserName, [in, out] PSESSION_ENUM_STRUCT InfoStruct,
 *   [in] DWORD PreferedMaximumLength, [in, out, unique] DWORD *ResumeHandle */
#include "srvsvc/session_enum.h"

#include <string.h>
#include "srvsvc/enum_container.h"

void session_enum_request_encode(struct ndr_writer *w, const struct session_enum_request *request)
{
	ndr_put_unique_wstring(w, request->server);
	ndr_put_unique_wstring(w, request->client);
	ndr_put_unique_wstring(w, request->user);
	ndr_put_u32(w, request->level);
	ndr_put_u32(w, request->level); /* the union's tag, 2.2.4.21 */
	ndr_put_pointer(w, request);    /* an empty container: the server fills it */
	ndr_put_u32(w, 0);
	ndr_put_u32(w, 0);
	ndr_put_u32(w, request->preferred_bytes);
	ndr_put_pointer(w, request->has_resume_handle ? request : NULL);
	if (request->has_resume_handle)
		ndr_put_u32(w, request->resume_handle);
}

void session_enum_request_decode(struct wire_reader *r, struct session_enum_request *request,
                                 struct session_qualifier_texts *texts)
{
	*request = (struct session_enum_request){ 0 };
	(void)ndr_get_unique_wstring(r, texts->client,
	                             SESSION_QUALIFIER_MAX_UNITS); /* ServerName */
	request->client = ndr_get_unique_wstring(r, texts->client, SESSION_QUALIFIER_MAX_UNITS);
	request->user = ndr_get_unique_wstring(r, texts->user, SESSION_QUALIFIER_MAX_UNITS);
	request->level = ndr_get_u32(r);
	if (ndr_get_u32(r) != request->level)
		wire_reader_fail(r, "union tag differs from Level");
	if (session_level_find(request->level) == NULL)
		return; /* the union has no such arm: what follows cannot be told */
	enum_container_decode_empty(r);
	request->preferred_bytes = ndr_get_u32(r);
	request->has_resume_handle = ndr_get_u32(r) != 0;
	if (request->has_resume_handle)
		request->resume_handle = ndr_get_u32(r);
}

NET_API_STATUS session_enum_request_check(const struct session_enum_request *request)
{
	if (session_level_find(request->level) == NULL)
		return ERROR_INVALID_LEVEL;
	if (session_qualifier_is_too_long(request->client) ||
	    session_qualifier_is_too_long(request->user))
		return ERROR_INVALID_PARAMETER;
	if (session_qualifier_is_given(request->client) && strncmp(request->client, "\\\\", 2) != 0)
		return NERR_InvalidComputer;
	return NERR_Success;
}
