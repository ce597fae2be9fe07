/* SPDX-License-Identifier: MIT */
/* Inside src/auth only: what several files need of GSSAPI. */
#ifndef AUTH_GSS_H
#define AUTH_GSS_H

#include <stdbool.h>
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include "auth/spnego/exchange.h"

#define AUTH_STEP SPNEGO_STEP

#define AUTH_NTLM_MIC_BYTES 16 /* [MS-NLMP] 2.2.2.9 */

#define AUTH_OID(bytes) { sizeof(bytes) - 1, (void *)(uintptr_t)(bytes) }

/* By enum auth_mechanism. */
extern gss_OID_desc auth_oids[];

#endif
