/* SPDX-License-Identifier: MIT */
#include "netapi/last_error.h"

#include <stdio.h>

/* Windows' functions return a number alone: the one place where a story waits in its thread. */
static _Thread_local char last_text[sizeof((struct netsession_error *)0)->text];

NET_API_STATUS last_error_set(const struct netsession_error *error)
{
	snprintf(last_text, sizeof last_text, "%s", error->text);
	return error->status;
}

NET_API_STATUS last_error_refuse(NET_API_STATUS status, const char *text)
{
	snprintf(last_text, sizeof last_text, "%s (%u)", text, (unsigned)status);
	return status;
}

const char *netsession_last_error_text(void)
{
	return last_text;
}
