/* SPDX-License-Identifier: MIT */
/* Inside src/auth only: GSSAPI's names for what is used here. */
#ifndef AUTH_GSS_H
#define AUTH_GSS_H

#include <stdbool.h>
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include "auth/mechanisms.h"
#include "auth/spnego/exchange.h"
#include "auth/tickets.h"

#define AUTH_STEP SPNEGO_STEP

#define AUTH_NTLM_MIC_BYTES 16 /* [MS-NLMP] 2.2.2.9 */

#define AUTH_OID(bytes) { sizeof(bytes) - 1, (void *)(uintptr_t)(bytes) }

extern gss_OID_desc auth_oids[AUTH_MECHANISMS];

/* A principal as text. False: it has none, or too long a one. */
bool auth_name_text(gss_name_t name, char to[AUTH_PRINCIPAL_BYTES]);

#endif
