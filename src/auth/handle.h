/* SPDX-License-Identifier: MIT */
/* Inside src/auth only: a GSSAPI credential for SPNEGO. */
#ifndef AUTH_HANDLE_H
#define AUTH_HANDLE_H

#include "auth/credentials.h"
#include "base/err.h"

/* Holds one gss_cred_id_t. */
struct auth_handle;

/* The handle of c, acquired when first asked for: borrowed while c lives. With c NULL, the
 * caller's Kerberos tickets: given. NULL: see err. */
struct auth_handle *auth_handle_acquire(struct netsession_credentials *c, struct err *err);
/* NULL is allowed. */
void auth_handle_free(struct auth_handle *handle);

#endif
