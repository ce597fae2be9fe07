/* SPDX-License-Identifier: MIT */
/* Inside src/auth only: GSSAPI credentials of an initiator, each for one mechanism. */
#ifndef AUTH_HANDLE_H
#define AUTH_HANDLE_H

#include <gssapi/gssapi.h>
#include "auth/credentials.h"
#include "base/err.h"

struct auth_handle {
	gss_cred_id_t credential;
};

/* NTLM with c's password, acquired when first asked for: borrowed while c lives. NULL: see err. */
struct auth_handle *auth_handle_ntlm(struct netsession_credentials *c, struct err *err);

/* Kerberos with c's password, or with the caller's tickets where c is NULL: given. May wait for a
 * KDC. NULL: *minor tells why, for kerberos_error_set. */
struct auth_handle *auth_handle_kerberos(const struct netsession_credentials *c, OM_uint32 *minor);

/* NULL is allowed. */
void auth_handle_free(struct auth_handle *handle);

#endif
