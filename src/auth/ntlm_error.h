/* SPDX-License-Identifier: MIT */
/* Inside src/auth only: what a failure of NTLM means to its initiator. */
#ifndef AUTH_NTLM_ERROR_H
#define AUTH_NTLM_ERROR_H

#include <gssapi/gssapi.h>
#include "base/err.h"

/* Records the meaning of what gss-ntlmssp said of the server's CHALLENGE. */
void ntlm_error_set(OM_uint32 major, OM_uint32 minor, struct err *err);

#endif
