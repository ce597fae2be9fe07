/* SPDX-License-Identifier: MIT */
/* Inside src/auth only: what acceptors share. */
#ifndef AUTH_ACCEPTOR_SETTINGS_H
#define AUTH_ACCEPTOR_SETTINGS_H

#include <stdatomic.h>
#include "auth/acceptor.h"
#include "auth/accounts.h"
#include "auth/gss.h"

struct auth_acceptor_settings {
	atomic_int holders;
	bool anonymous;
	struct accounts *accounts;                  /* NULL: no accounts for NTLM */
	gss_cred_id_t credentials[AUTH_MECHANISMS]; /* GSS_C_NO_CREDENTIAL: it is not served */
	bool serves[AUTH_MECHANISMS];
	struct wire_writer hint; /* NegTokenInit2 */
	char *realm;             /* the default realm; NULL: it is not known */
};

/* The context of a log-on that is complete; none of a null session. */
gss_ctx_id_t auth_acceptor_context(const struct auth_acceptor *a);

#endif
