/* SPDX-License-Identifier: MIT */
/* Inside src/auth only: a GSSAPI context of one mechanism, for either side. Of SPNEGO it knows only
 * how a mechListMIC is made. */
#ifndef AUTH_CONTEXT_H
#define AUTH_CONTEXT_H

#include "auth/gss.h"
#include "auth/mechanisms.h"
#include "auth/spnego/exchange.h"

/* All zero before its first step, but for the mechanism. */
struct auth_context {
	enum auth_mechanism mechanism;
	gss_ctx_id_t gss;
	gss_name_t initiator;  /* an acceptor's: the peer's name, once it is complete */
	gss_buffer_desc token; /* for the peer, from the last step; empty: none */
	OM_uint32 flags;       /* what was granted, when it is complete */
	OM_uint32 lifetime_s;  /* an acceptor's, then: GSS_C_INDEFINITE: without end */
	bool is_complete, wants_mic;
};

/* Back to all zero. */
void auth_context_fini(struct auth_context *c);

/* One step, which may block. Returns GSSAPI's major status, and gives the mechanism's own code in
 * *minor: mechanisms are called directly, so that no other layer renumbers their codes. */
OM_uint32 auth_context_initiate(struct auth_context *c, gss_cred_id_t credential, gss_name_t target,
                                OM_uint32 wanted, struct crypto_span token, OM_uint32 *minor);
OM_uint32 auth_context_accept(struct auth_context *c, gss_cred_id_t credential,
                              struct crypto_span token, OM_uint32 *minor);

/* Discards the token of the previous step. */
void auth_context_discard_token(struct auth_context *c);

/* The context's state for SPNEGO. */
struct spnego_mechanism_state auth_context_state(const struct auth_context *c);

/* The last step's token for the peer, borrowed; data is NULL if there is none. */
struct crypto_span auth_context_token(const struct auth_context *c);

/* A mechListMIC over the list: [MS-SPNG] 3.2.5.1, 3.3.5.1. NTLM's state is restored afterwards, so
 * that the context protects its next message as if there had been no MIC. make gives *mic: release
 * it by gss_release_buffer. */
bool auth_context_make_mic(struct auth_context *c, struct crypto_span list, gss_buffer_t mic);
bool auth_context_verify_mic(struct auth_context *c, struct crypto_span list,
                             struct crypto_span mic);

/* Gives the key of the session, *bytes of it, when the context is complete. Wipe it after use. */
NET_API_STATUS auth_context_key(const struct auth_context *c, uint8_t key[AUTH_MAX_KEY_BYTES],
                                size_t *bytes, struct err *err);

#endif
