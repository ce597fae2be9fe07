/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "auth/gss.h"
#include "crypto/crypto.h"

/* GSS_C_INQ_SSPI_SESSION_KEY, 1.2.840.113554.1.2.2.5.5 */
static gss_OID_desc inquire_session_key = AUTH_OID("\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x05\x05");

NET_API_STATUS auth_session_key(gss_ctx_id_t context, uint8_t key[AUTH_MAX_KEY_BYTES],
                                size_t *bytes, struct err *err)
{
	gss_buffer_set_t set = GSS_C_NO_BUFFER_SET;
	OM_uint32 minor, major;
	NET_API_STATUS status = NERR_Success;

	*bytes = 0;
	major = gss_inquire_sec_context_by_oid(&minor, context, &inquire_session_key, &set);
	if (GSS_ERROR(major) || set == GSS_C_NO_BUFFER_SET || set->count == 0 ||
	    set->elements[0].length == 0 || set->elements[0].length > AUTH_MAX_KEY_BYTES) {
		status = err_set(err, ERROR_LOGON_FAILURE, AUTH_DOING,
		                 "the log-on gave no session key");
	} else {
		*bytes = set->elements[0].length;
		memcpy(key, set->elements[0].value, *bytes);
		crypto_wipe(set->elements[0].value, *bytes);
	}
	(void)gss_release_buffer_set(&minor, &set);
	return status;
}
