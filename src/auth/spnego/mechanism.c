/* SPDX-License-Identifier: MIT */
#include "auth/spnego/mechanism.h"

#include <string.h>
#include "wire/der.h"

#define OID(bytes)                 \
	{                          \
		bytes,             \
		sizeof(bytes) - 1, \
	}

/* The entries of a mechanism stand together, the standard one last. 1.2.840.48018.1.2.2 is Kerberos
 * as Windows 2000 wrote it; Windows and Samba still name it first. */
static const struct spnego_oid oids[] = {
	{ AUTH_KERBEROS, OID("\x2a\x86\x48\x82\xf7\x12\x01\x02\x02") },
	{ AUTH_KERBEROS, OID(KERBEROS_OID_BYTES) },
	{ AUTH_NTLM, OID(NTLM_OID_BYTES) },
};

#define NTLM_SIGNATURE "NTLMSSP" /* its NUL belongs to it */

static bool spnego_oid_is_same(struct crypto_span a, const void *content, size_t bytes)
{
	return a.bytes == bytes && memcmp(a.data, content, bytes) == 0;
}

const struct spnego_oid *spnego_oid_find(struct crypto_span content)
{
	for (size_t i = 0; i < sizeof oids / sizeof *oids; i++)
		if (spnego_oid_is_same(content, oids[i].content.data, oids[i].content.bytes))
			return &oids[i];
	return NULL;
}

const struct spnego_oid *spnego_oids_of(enum auth_mechanism mechanism, size_t *count)
{
	const struct spnego_oid *first = oids;

	while (first->mechanism != mechanism)
		first++;
	*count = 0;
	for (size_t i = 0; i < sizeof oids / sizeof *oids; i++)
		*count += oids[i].mechanism == mechanism;
	return first;
}

/* The kind that the object identifier in the header of RFC 2743 3.1 names. */
static enum spnego_token_kind spnego_kind_in_header(struct wire_reader *token)
{
	struct wire_reader inside = der_enter(token, DER_APPLICATION_0);
	struct wire_reader content = der_enter(&inside, DER_OBJECT_IDENTIFIER);
	struct crypto_span oid = { content.at, wire_left(&content) };

	if (token->error != NULL || inside.error != NULL)
		return SPNEGO_TOKEN_UNKNOWN;
	if (spnego_oid_is_same(oid, SPNEGO_OID_BYTES, sizeof SPNEGO_OID_BYTES - 1))
		return SPNEGO_TOKEN_NEGOTIATION;
	return spnego_oid_is_same(oid, KERBEROS_OID_BYTES, sizeof KERBEROS_OID_BYTES - 1)
	               ? SPNEGO_TOKEN_KERBEROS
	               : SPNEGO_TOKEN_UNKNOWN;
}

enum spnego_token_kind spnego_token_kind(struct crypto_span token)
{
	struct wire_reader r;

	if (token.bytes >= sizeof NTLM_SIGNATURE &&
	    memcmp(token.data, NTLM_SIGNATURE, sizeof NTLM_SIGNATURE) == 0)
		return SPNEGO_TOKEN_NTLM;
	wire_reader_init(&r, token.data, token.bytes);
	switch (der_peek(&r)) {
	case DER_APPLICATION_0:
		return spnego_kind_in_header(&r);
	case DER_APPLICATION_14: /* an AP-REQ, RFC 4120 5.5.1 */
		return SPNEGO_TOKEN_KERBEROS;
	default:
		return SPNEGO_TOKEN_UNKNOWN;
	}
}

bool spnego_token_is_of(struct crypto_span token, enum auth_mechanism mechanism)
{
	return spnego_token_kind(token) ==
	       (mechanism == AUTH_KERBEROS ? SPNEGO_TOKEN_KERBEROS : SPNEGO_TOKEN_NTLM);
}
