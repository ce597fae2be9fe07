/* SPDX-License-Identifier: MIT */
#include "netapi/argument.h"

#include <stdlib.h>
#include <lmerr.h>
#include "base/text.h"
#include "netapi/last_error.h"

bool argument_take(const WCHAR *argument, char **to, NET_API_STATUS invalid, NET_API_STATUS *status)
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
