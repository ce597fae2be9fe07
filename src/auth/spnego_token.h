/* SPDX-License-Identifier: MIT */
/* Inside src/auth only: what a token of SPNEGO carries for its mechanism, RFC 4178 4.2. GSSAPI
 * takes care of SPNEGO itself; this is a look inside. */
#ifndef AUTH_SPNEGO_TOKEN_H
#define AUTH_SPNEGO_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "crypto/crypto.h"
#include "wire/writer.h"

enum spnego_form { SPNEGO_INIT, SPNEGO_RESPONSE };

/* Borrows the token. */
struct spnego_token {
	enum spnego_form form;
	struct crypto_span inner;         /* the mechanism's own token */
	struct crypto_span before, after; /* its neighbours in SPNEGO's sequence */
};

/* False: it is no token of SPNEGO, or has none of a mechanism inside. */
bool spnego_token_open(const uint8_t *token, size_t bytes, struct spnego_token *t);

/* Puts what goes in front of an inner token of so many bytes; its neighbours have at most 1 KiB.
 * After it goes t->after. */
void spnego_token_put_front(const struct spnego_token *t, size_t inner_bytes,
                            struct wire_writer *w);

/* The error-code of the KRB-ERROR (RFC 4120 5.9.1) that an answer carries; 0: it carries none. */
uint32_t spnego_token_krb_error(const struct spnego_token *t);

#endif
