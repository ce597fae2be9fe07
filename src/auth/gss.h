/* SPDX-License-Identifier: MIT */
/* Inside src/auth only: the mechanisms, what a handle holds, and what both sides do alike. */
#ifndef AUTH_GSS_H
#define AUTH_GSS_H

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include "auth/handle.h"
#include "auth/initiator.h"
#include "auth/tickets.h"

#define AUTH_DOING "SESSION_SETUP"

#define AUTH_OID(bytes)                                       \
	{                                                     \
		sizeof(bytes) - 1, (void *)(uintptr_t)(bytes) \
	}

/* 1.3.6.1.5.5.2, 1.3.6.1.4.1.311.2.2.10, 1.2.840.113554.1.2.2 */
extern gss_OID_desc auth_spnego, auth_ntlmssp, auth_krb5;

/* A principal as text. False: it has none, or too long a one. */
bool auth_name_text(gss_name_t name, char to[AUTH_PRINCIPAL_BYTES]);

/* Of an established context, either side's. Wipe it after use. */
NET_API_STATUS auth_session_key(gss_ctx_id_t context, uint8_t key[AUTH_MAX_KEY_BYTES],
                                size_t *bytes, struct err *err);

struct auth_handle {
	gss_cred_id_t credential;
};

#endif
