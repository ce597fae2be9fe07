/* SPDX-License-Identifier: MIT */
#include "auth/ntlm_error.h"

#include <errno.h>
#include "auth/gss.h"

/* gss-ntlmssp's own codes, which no header of it names: it has had them since 0.7. */
enum {
	NTLM_NOT_ENCODED = 0x4E540002,
	NTLM_REQUIRED_FLAG_MISSING = 0x4E54000E,
	NTLM_NO_COMMON_FLAGS = 0x4E54000F,
	NTLM_WRONG_FLAGS = 0x4E540010,
	NTLM_CLOCKS_DIFFER = 0x4E540019,
	NTLM_V1_REFUSED = 0x4E54001C,
};

static const struct ntlm_meaning {
	OM_uint32 minor;
	NET_API_STATUS status;
	const char *text;
} stories[] = {
	{ NTLM_NOT_ENCODED, ERROR_NOT_SUPPORTED,
	  "gss-ntlmssp cannot encode an NTLM message on this machine" },
	{ NTLM_REQUIRED_FLAG_MISSING, ERROR_NOT_SUPPORTED,
	  "the server's NTLM challenge does not grant signing" },
	{ NTLM_NO_COMMON_FLAGS, ERROR_NOT_SUPPORTED,
	  "the server's NTLM challenge has no option in common with this side" },
	{ NTLM_WRONG_FLAGS, ERROR_BAD_NET_RESP,
	  "the server's NTLM challenge has options that exclude each other" },
	{ NTLM_CLOCKS_DIFFER, ERROR_TIME_SKEW, "the server's clock shows another time" },
	{ NTLM_V1_REFUSED, ERROR_NOT_SUPPORTED, "the server offers NTLM version 1 alone" },
	{ ENOMEM, ERROR_NOT_ENOUGH_MEMORY, NULL },
};

void ntlm_error_set(OM_uint32 major, OM_uint32 minor, struct err *err)
{
	for (size_t i = 0; i < sizeof stories / sizeof *stories; i++)
		if (stories[i].minor == minor)
			(void)err_set(err, stories[i].status, AUTH_STEP, stories[i].text);
	if (GSS_ROUTINE_ERROR(major) == GSS_S_DEFECTIVE_TOKEN ||
	    GSS_ROUTINE_ERROR(major) == GSS_S_NO_CONTEXT)
		(void)err_set(err, ERROR_BAD_NET_RESP, AUTH_STEP,
		              "the server's NTLM challenge is malformed");
	(void)err_set(err, ERROR_LOGON_FAILURE, AUTH_STEP,
	              "the server's NTLM challenge cannot be answered");
}
