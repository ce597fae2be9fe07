/* SPDX-License-Identifier: MIT */
/* Inside src/auth only: a GSSAPI credential for SPNEGO. */
#ifndef AUTH_HANDLE_H
#define AUTH_HANDLE_H

#include <gssapi/gssapi.h>
#include "auth/credentials.h"
#include "base/err.h"

/* Holds one gss_cred_id_t. */
struct auth_handle;

/* NTLM with c's password, acquired when first asked for: borrowed while c lives. NULL: see err. */
struct auth_handle *auth_handle_ntlm(struct netsession_credentials *c, struct err *err);

/* Kerberos with c's password, or with the caller's tickets where c is NULL: given. May wait for a
 * KDC. NULL: *minor tells why, for kerberos_story_tell. */
struct auth_handle *auth_handle_kerberos(const struct netsession_credentials *c, OM_uint32 *minor);

/* Why a log-on to target that came so far fails, as Kerberos itself says it: behind SPNEGO its
 * errors go by other numbers. 0: it does not. */
OM_uint32 auth_handle_diagnose(const struct netsession_credentials *c, gss_name_t target);

/* NULL is allowed. */
void auth_handle_free(struct auth_handle *handle);

#endif
