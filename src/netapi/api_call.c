/* SPDX-License-Identifier: MIT */
#include "netapi/api_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <lmerr.h>
#include "base/text.h"

/* Windows' functions return a number only: this is the one place where a message waits in its
 * thread. */
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

bool argument_take(const WCHAR *argument, char **to, NET_API_STATUS invalid, NET_API_STATUS *status)
{
	*to = NULL;
	if (argument == NULL)
		return true;
	if (!text_utf16_is_valid(argument)) {
		*status = last_error_refuse(
			invalid, "an argument is not valid UTF-16: a surrogate has no pair");
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
