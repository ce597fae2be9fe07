/* SPDX-License-Identifier: MIT */
/* NetSessionEnum, NetSessionGetInfo and NetSessionDel: Windows' face of netsession_enum and
 * netsession_del. */
#include <stdbool.h>
#include <stdlib.h>
#include <windows.h>
#include <lm.h>
#include <netsession.h>
#include "netapi/api_call.h"
#include "netapi/use_table.h"
#include "srvsvc/session_levels.h"

/* What the three functions share: a server, a client and a user, and the credentials that NetUseAdd
 * was given for that server. */
struct api_query {
	struct netsession_query query;
	char *server, *client, *user; /* borrowed by query */
	struct use *use;              /* whose credentials query borrows */
};

/* False: an argument is invalid, as *status and the last error say. */
static bool api_query_init(struct api_query *q, const WCHAR *server, const WCHAR *client,
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

static void api_query_fini(struct api_query *q)
{
	free(q->server);
	free(q->client);
	free(q->user);
	use_release(q->use);
}

NET_API_STATUS NET_API_FUNCTION NetSessionEnum(LMSTR servername, LMSTR UncClientName,
                                               LMSTR username, DWORD level, LPBYTE *bufptr,
                                               DWORD prefmaxlen, LPDWORD entriesread,
                                               LPDWORD totalentries, LPDWORD resume_handle)
{
	struct netsession_page *page = NULL;
	struct netsession_error error;
	struct api_query query;
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
	if (!api_query_init(&query, servername, UncClientName, username, &status))
		goto out;
	query.query.level = level;
	/* 0 is too small for an entry, and means one entry; 0 of netsession_enum means all. */
	query.query.preferred_bytes = prefmaxlen != 0 ? prefmaxlen : 1;
	query.query.resume_handle = resume_handle != NULL ? *resume_handle : 0;
	(void)netsession_enum(&query.query, &page, &error);
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
	api_query_fini(&query);
	return status;
}

/* The protocol has no such method: it is an enumeration that names the client and the user. */
static bool api_text_is_given(const WCHAR *text)
{
	return text != NULL && text[0] != 0;
}

NET_API_STATUS NET_API_FUNCTION NetSessionGetInfo(LMSTR servername, LMSTR UncClientName,
                                                  LMSTR username, DWORD level, LPBYTE *bufptr)
{
	struct netsession_page *page = NULL;
	struct netsession_error error;
	struct api_query query;
	NET_API_STATUS status;

	if (bufptr != NULL)
		*bufptr = NULL;
	if (session_level_find(level) == NULL)
		return last_error_refuse(ERROR_INVALID_LEVEL, "there is no such level");
	if (bufptr == NULL)
		return last_error_refuse(ERROR_INVALID_PARAMETER, "an output parameter is NULL");
	if (!api_text_is_given(UncClientName) || !api_text_is_given(username))
		return last_error_refuse(ERROR_INVALID_PARAMETER,
		                         "a client and a user must be given");
	if (api_query_init(&query, servername, UncClientName, username, &status)) {
		query.query.level = level;
		(void)netsession_enum(&query.query, &page, &error);
		status = last_error_set(&error);
		/* The first one, if there are several: nothing distinguishes them. */
		if (status == NERR_Success)
			*bufptr = netsession_page_take_infos(page);
	}
	netsession_page_free(page);
	api_query_fini(&query);
	return status;
}

NET_API_STATUS NET_API_FUNCTION NetSessionDel(LMSTR servername, LMSTR UncClientName, LMSTR username)
{
	struct api_query query;
	struct netsession_error error;
	NET_API_STATUS status;

	if (api_query_init(&query, servername, UncClientName, username, &status)) {
		(void)netsession_del(&query.query, &error);
		status = last_error_set(&error);
	}
	api_query_fini(&query);
	return status;
}
