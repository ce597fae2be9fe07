/* SPDX-License-Identifier: MIT */
/* NetSessionEnum: Windows' face of netsession_enum. */
#include <stdbool.h>
#include <stdlib.h>
#include <windows.h>
#include <lm.h>
#include "base/text.h"
#include "netapi/last_error.h"
#include "srvsvc/session_levels.h"

/* An argument as UTF-8: *to, NULL for NULL. False: it is no valid UTF-16, or memory ran out;
 * *status says which. */
static bool take_text(const WCHAR *argument, char **to, NET_API_STATUS invalid,
                      NET_API_STATUS *status)
{
	*to = NULL;
	if (argument == NULL)
		return true;
	if (!text_utf16_is_valid(argument)) {
		*status = last_error_refuse(invalid, "a name holds half of a surrogate pair");
		return false;
	}
	*to = malloc(text_utf8_bound(argument));
	if (*to == NULL) {
		*status = last_error_refuse(ERROR_NOT_ENOUGH_MEMORY, "out of memory");
		return false;
	}
	(void)text_utf8_from_utf16(*to, argument);
	return true;
}

NET_API_STATUS NET_API_FUNCTION NetSessionEnum(LMSTR servername, LMSTR UncClientName,
                                               LMSTR username, DWORD level, LPBYTE *bufptr,
                                               DWORD prefmaxlen, LPDWORD entriesread,
                                               LPDWORD totalentries, LPDWORD resume_handle)
{
	struct netsession_query query = {
		.level = level,
		/* 0, like all that is too small, means one entry at least; not all of them. */
		.preferred_bytes = prefmaxlen != 0 ? prefmaxlen : 1,
		.resume_handle = resume_handle != NULL ? *resume_handle : 0,
	};
	char *server = NULL, *client = NULL, *user = NULL;
	struct netsession_page *page = NULL;
	struct netsession_error error;
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
	if (!take_text(servername, &server, NERR_InvalidComputer, &status) ||
	    !take_text(UncClientName, &client, ERROR_INVALID_PARAMETER, &status) ||
	    !take_text(username, &user, ERROR_INVALID_PARAMETER, &status))
		goto out;
	query.server = server;
	query.client = client;
	query.user = user;
	(void)netsession_enum(&query, &page, &error);
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
	free(server);
	free(client);
	free(user);
	return status;
}
