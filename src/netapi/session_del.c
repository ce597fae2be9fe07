/* SPDX-License-Identifier: MIT */
/* NetSessionDel: Windows' face of netsession_del. */
#include <windows.h>
#include <lm.h>
#include "netapi/last_error.h"
#include "netapi/api_query.h"

NET_API_STATUS NET_API_FUNCTION NetSessionDel(LMSTR servername, LMSTR UncClientName, LMSTR username)
{
	struct api_query question;
	struct netsession_error error;
	NET_API_STATUS status;

	if (api_query_init(&question, servername, UncClientName, username, &status)) {
		(void)netsession_del(&question.query, &error);
		status = last_error_set(&error);
	}
	api_query_fini(&question);
	return status;
}
