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

extern gss_OID_desc auth_spnego; /* 1.3.6.1.5.5.2 */

struct auth_handle {
	gss_cred_id_t credential;
};

#endif
