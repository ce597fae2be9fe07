/* SPDX-License-Identifier: MIT */
#include "base/err.h"

#include <assert.h>

NET_API_STATUS err_set(struct err *e, NET_API_STATUS status, const char *doing, const char *why)
{
	assert(status != NERR_Success);
	if (e->status == NERR_Success)
		*e = (struct err){ .status = status, .doing = doing, .why = why };
	return e->status;
}
