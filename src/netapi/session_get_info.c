/* SPDX-License-Identifier: MIT */
/* NetSessionGetInfo: no method of the protocol, but an enumeration with both qualifiers. */
#include <windows.h>
#include <lm.h>
#include "netapi/last_error.h"
#include "netapi/api_query.h"
#include "srvsvc/session_levels.h"

static bool api_text_is_given(const WCHAR *text)
{
	return text != NULL && text[0] != 0;
}

NET_API_STATUS NET_API_FUNCTION NetSessionGetInfo(LMSTR servername, LMSTR UncClientName,
                                                  LMSTR username, DWORD level, LPBYTE *bufptr)
{
	struct netsession_page *page = NULL;
	struct netsession_error error;
	struct api_query question;
	NET_API_STATUS status;

	if (bufptr != NULL)
		*bufptr = NULL;
	if (session_level_find(level) == NULL)
		return last_error_refuse(ERROR_INVALID_LEVEL, "there is no such level");
	if (bufptr == NULL)
		return last_error_refuse(ERROR_INVALID_PARAMETER, "an output parameter is NULL");
	if (!api_text_is_given(UncClientName) || !api_text_is_given(username))
		return last_error_refuse(ERROR_INVALID_PARAMETER,
		                         "a client and a user have to be named");
	if (api_query_init(&question, servername, UncClientName, username, &status)) {
		question.query.level = level;
		(void)netsession_enum(&question.query, &page, &error);
		status = last_error_set(&error);
		/* The first of several: nothing tells them apart. */
		if (status == NERR_Success)
			*bufptr = netsession_page_take_infos(page);
	}
	netsession_page_free(page);
	api_query_fini(&question);
	return status;
}
