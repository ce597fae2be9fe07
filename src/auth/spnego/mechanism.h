/* SPDX-License-Identifier: MIT */
/* The mechanisms that SPNEGO negotiates here, by their object identifiers, and the first token of a
 * context, which shows its mechanism. Pure. */
#ifndef AUTH_SPNEGO_MECHANISM_H
#define AUTH_SPNEGO_MECHANISM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "auth/mechanisms.h"
#include "crypto/crypto.h"

/* Content octets of the object identifiers, without tag and length. */
#define SPNEGO_OID_BYTES   "\x2b\x06\x01\x05\x05\x02"                 /* 1.3.6.1.5.5.2 */
#define KERBEROS_OID_BYTES "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"     /* 1.2.840.113554.1.2.2 */
#define NTLM_OID_BYTES     "\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a" /* 1.3.6.1.4.1.311.2.2.10 */

/* One way to write a mechanism. */
struct spnego_oid {
	enum auth_mechanism mechanism;
	struct crypto_span content;
};

/* The entry of that object identifier; NULL: a mechanism that this project does not have. Kerberos
 * has two: [MS-SPNG] 3.1.5.2 and its product note. */
const struct spnego_oid *spnego_oid_find(struct crypto_span content);

/* The entries of a mechanism, in the order in which an acceptor names them. *count is the number
 * of entries. */
const struct spnego_oid *spnego_oids_of(enum auth_mechanism mechanism, size_t *count);

enum spnego_token_kind {
	SPNEGO_TOKEN_UNKNOWN,
	SPNEGO_TOKEN_NEGOTIATION, /* SPNEGO itself: RFC 4178 4.2 */
	SPNEGO_TOKEN_KERBEROS, /* RFC 4121 4.1; without a header in DCE style, [MS-KILE] 3.4.5.1 */
	SPNEGO_TOKEN_NTLM,     /* [MS-NLMP] 2.2.1: it has no header of GSS-API */
};

/* What the first token of a context is: RFC 2743 3.1. GSSAPI would choose the mechanism by it; so
 * it is compared with the negotiated mechanism before GSSAPI gets it. */
enum spnego_token_kind spnego_token_kind(struct crypto_span token);

/* Whether the first token of a context is of this mechanism. */
bool spnego_token_is_of(struct crypto_span token, enum auth_mechanism mechanism);

#endif
