/* SPDX-License-Identifier: MIT */
#include "auth/spnego_token.h"

#include "wire/der.h"

static const uint8_t spnego_oid[] = { 0x2B, 0x06, 0x01, 0x05, 0x05, 0x02 };

static struct crypto_span span_between(const uint8_t *start, const uint8_t *end)
{
	return (struct crypto_span){ start, (size_t)(end - start) };
}

/* Steps over elements up to one with this tag. */
static void seek(struct wire_reader *r, uint8_t wanted)
{
	uint8_t tag;

	while ((tag = der_peek(r)) != 0 && tag != wanted)
		(void)der_enter(r, tag);
}

bool spnego_token_open(const uint8_t *token, size_t bytes, struct spnego_token *t)
{
	struct wire_reader r, sequence, inner;

	*t = (struct spnego_token){ 0 };
	wire_reader_init(&r, token, bytes);
	if (der_peek(&r) == DER_APPLICATION_0) {
		r = der_enter(&r, DER_APPLICATION_0);
		(void)der_enter(&r, DER_OBJECT_IDENTIFIER);
		sequence = der_enter(&r, DER_CONTEXT_0);
	} else {
		t->form = SPNEGO_RESPONSE;
		sequence = der_enter(&r, DER_CONTEXT_1);
	}
	sequence = der_enter(&sequence, DER_SEQUENCE);
	/* NegTokenInit and NegTokenResp have it at the same number. */
	seek(&sequence, DER_CONTEXT_2);
	t->before = span_between(sequence.start, sequence.at);
	inner = der_enter(&sequence, DER_CONTEXT_2);
	inner = der_enter(&inner, DER_OCTET_STRING);
	if (sequence.error != NULL || inner.error != NULL)
		return false;
	t->inner = span_between(inner.at, inner.end);
	t->after = span_between(sequence.at, sequence.end);
	return true;
}

void spnego_token_put_front(const struct spnego_token *t, size_t inner_bytes, struct wire_writer *w)
{
	size_t octets = der_element_bytes(inner_bytes);
	size_t sequence = t->before.bytes + der_element_bytes(octets) + t->after.bytes;
	size_t body = der_element_bytes(sequence);

	if (t->form == SPNEGO_INIT) {
		der_put_header(w, DER_APPLICATION_0,
		               der_element_bytes(sizeof spnego_oid) + der_element_bytes(body));
		der_put_header(w, DER_OBJECT_IDENTIFIER, sizeof spnego_oid);
		wire_put_bytes(w, spnego_oid, sizeof spnego_oid);
	}
	der_put_header(w, t->form == SPNEGO_INIT ? DER_CONTEXT_0 : DER_CONTEXT_1, body);
	der_put_header(w, DER_SEQUENCE, sequence);
	wire_put_bytes(w, t->before.data, t->before.bytes);
	der_put_header(w, DER_CONTEXT_2, octets);
	der_put_header(w, DER_OCTET_STRING, inner_bytes);
}

uint32_t spnego_token_krb_error(const struct spnego_token *t)
{
	struct wire_reader r, error;
	uint32_t code = 0;

	wire_reader_init(&r, t->inner.data, t->inner.bytes);
	r = der_enter(&r, DER_APPLICATION_0);
	(void)der_enter(&r, DER_OBJECT_IDENTIFIER);
	wire_skip(&r, 2); /* which kind of token: RFC 4121 4.1 */
	error = der_enter(&r, DER_APPLICATION_30);
	error = der_enter(&error, DER_SEQUENCE);
	seek(&error, DER_CONTEXT_6);
	error = der_enter(&error, DER_CONTEXT_6);
	error = der_enter(&error, DER_INTEGER);
	while (wire_left(&error) > 0)
		code = code << 8 | wire_get_u8(&error);
	return error.error == NULL ? code : 0;
}
