/* SPDX-License-Identifier: MIT */
/* Inside src/auth only: the mechanisms, and what a handle holds. */
#ifndef AUTH_GSS_H
#define AUTH_GSS_H

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include "auth/handle.h"

#define AUTH_DOING "SESSION_SETUP"

#define AUTH_OID(bytes)                                       \
	{                                                     \
		sizeof(bytes) - 1, (void *)(uintptr_t)(bytes) \
	}

/* 1.3.6.1.5.5.2, 1.3.6.1.4.1.311.2.2.10, 1.2.840.113554.1.2.2 */
extern gss_OID_desc auth_spnego, auth_ntlmssp, auth_krb5;

struct auth_handle {
	gss_cred_id_t credential;
};

#endif
