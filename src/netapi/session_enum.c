/* SPDX-License-Identifier: MIT */
/* NetSessionEnum: Windows' face of netsession_enum. */
#include <windows.h>
#include <lm.h>
#include "netapi/last_error.h"
#include "netapi/api_query.h"
#include "srvsvc/session_levels.h"

NET_API_STATUS NET_API_FUNCTION NetSessionEnum(LMSTR servername, LMSTR UncClientName,
                                               LMSTR username, DWORD level, LPBYTE *bufptr,
                                               DWORD prefmaxlen, LPDWORD entriesread,
                                               LPDWORD totalentries, LPDWORD resume_handle)
{
	struct netsession_page *page = NULL;
	struct netsession_error error;
	struct api_query question;
	NET_API_STATUS status;

	if (bufptr != NULL)
		*bufptr = NULL;
	if (entriesread != NULL)
		*entriesread = 0;
	if (totalentries != NULL)
		*totalentries = 0;
	if (session_level_find(level) == NULL)
		return last_error_refuse(ERROR_INVALID_LEVEL, "there is no such level");
	if (bufptr == NULL || entriesread == NULL || totalentries == NULL)
		return last_error_refuse(ERROR_INVALID_PARAMETER, "an output parameter is NULL");
	if (!api_query_init(&question, servername, UncClientName, username, &status))
		goto out;
	question.query.level = level;
	/* 0, like all that is too small, means one entry at least; not all of them. */
	question.query.preferred_bytes = prefmaxlen != 0 ? prefmaxlen : 1;
	question.query.resume_handle = resume_handle != NULL ? *resume_handle : 0;
	(void)netsession_enum(&question.query, &page, &error);
	status = last_error_set(&error);
	if (status == NERR_Success) {
		*entriesread = netsession_page_entries(page);
		*totalentries = netsession_page_total(page);
		*bufptr = netsession_page_take_infos(page);
		if (resume_handle != NULL)
			*resume_handle = netsession_page_resume_handle(page);
		if (netsession_page_has_more(page))
			status = ERROR_MORE_DATA;
	}
out:
	netsession_page_free(page);
	api_query_fini(&question);
	return status;
}
