/* SPDX-License-Identifier: MIT */
#include "auth/ntlm_token.h"

#include <string.h>
#include "wire/der.h"

/* [MS-NLMP] 2.2.1, 2.2.2.5 */
enum { NEGOTIATE = 1, CHALLENGE = 2, AUTHENTICATE = 3 };

#define SIGNATURE               "NTLMSSP" /* its NUL belongs to it */
#define SIGNATURE_BYTES         sizeof SIGNATURE
#define SHORT_NEGOTIATE_BYTES   32 /* 2.2.1.1 up to VERSION */
#define VERSION_BYTES           8
#define MAX_NEIGHBOUR_BYTES     1024 /* of a token to be lengthened */
#define MIN_NTLMV2_BYTES        44   /* 2.2.2.8: 16 of proof, 28 before the pairs */
#define SESSION_KEY_BYTES       16
#define FLAG_NEGOTIATE_KEY_EXCH 0x40000000u

static bool is_ntlm(const uint8_t *message, size_t bytes)
{
	return bytes >= SIGNATURE_BYTES && memcmp(message, SIGNATURE, SIGNATURE_BYTES) == 0;
}

static struct crypto_span span_between(const uint8_t *start, const uint8_t *end)
{
	return (struct crypto_span){ start, (size_t)(end - start) };
}

/* Whether the mechanism's token is in this sequence: NegTokenInit's and NegTokenResp's have it at
 * the same number. */
static bool find_in_sequence(struct wire_reader sequence, struct ntlm_token *t)
{
	struct wire_reader element;
	uint8_t tag;

	while ((tag = der_peek(&sequence)) != 0 && tag != DER_CONTEXT_2)
		(void)der_enter(&sequence, tag);
	t->before = span_between(sequence.start, sequence.at);
	element = der_enter(&sequence, DER_CONTEXT_2);
	element = der_enter(&element, DER_OCTET_STRING);
	if (sequence.error != NULL || element.error != NULL ||
	    !is_ntlm(element.at, wire_left(&element)))
		return false;
	t->message = element.at;
	t->bytes = wire_left(&element);
	t->after = span_between(sequence.at, sequence.end);
	return true;
}

struct ntlm_token ntlm_token_find(const uint8_t *token, size_t bytes)
{
	struct ntlm_token t = { 0 };
	struct wire_reader r, inside;

	if (is_ntlm(token, bytes)) {
		t.message = token;
		t.bytes = bytes;
		return t;
	}
	wire_reader_init(&r, token, bytes);
	if (der_peek(&r) == DER_APPLICATION_0) {
		t.form = NTLM_IN_INIT;
		r = der_enter(&r, DER_APPLICATION_0);
		(void)der_enter(&r, DER_OBJECT_IDENTIFIER);
		inside = der_enter(&r, DER_CONTEXT_0);
	} else {
		t.form = NTLM_IN_RESPONSE;
		inside = der_enter(&r, DER_CONTEXT_1);
	}
	inside = der_enter(&inside, DER_SEQUENCE);
	if (!find_in_sequence(inside, &t))
		t = (struct ntlm_token){ 0 };
	return t;
}

/* A reader behind the signature. *type is 0 where there is no message. */
static struct wire_reader open_message(const struct ntlm_token *t, uint32_t *type)
{
	struct wire_reader r;

	wire_reader_init(&r, t->message, t->message != NULL ? t->bytes : 0);
	wire_skip(&r, SIGNATURE_BYTES);
	*type = wire_get_u32(&r);
	return r;
}

bool ntlm_token_is_short(const struct ntlm_token *t)
{
	uint32_t type;

	(void)open_message(t, &type);
	return type == NEGOTIATE && t->bytes >= SHORT_NEGOTIATE_BYTES &&
	       t->bytes < SHORT_NEGOTIATE_BYTES + VERSION_BYTES &&
	       t->before.bytes + t->after.bytes <= MAX_NEIGHBOUR_BYTES;
}

static const uint8_t spnego[] = { 0x2B, 0x06, 0x01, 0x05, 0x05, 0x02 };

/* What goes around the message, outermost first. */
static void put_around(const struct ntlm_token *t, size_t message_bytes, struct wire_writer *w)
{
	size_t octets = der_element_bytes(message_bytes);
	size_t sequence = t->before.bytes + der_element_bytes(octets) + t->after.bytes;
	size_t body = der_element_bytes(sequence);

	if (t->form == NTLM_IN_INIT) {
		der_put_header(w, DER_APPLICATION_0,
		               der_element_bytes(sizeof spnego) + der_element_bytes(body));
		der_put_header(w, DER_OBJECT_IDENTIFIER, sizeof spnego);
		wire_put_bytes(w, spnego, sizeof spnego);
	}
	der_put_header(w, t->form == NTLM_IN_INIT ? DER_CONTEXT_0 : DER_CONTEXT_1, body);
	der_put_header(w, DER_SEQUENCE, sequence);
	wire_put_bytes(w, t->before.data, t->before.bytes);
	der_put_header(w, DER_CONTEXT_2, octets);
	der_put_header(w, DER_OCTET_STRING, message_bytes);
}

void ntlm_token_lengthen(const struct ntlm_token *t, struct wire_writer *w)
{
	if (t->form != NTLM_BARE)
		put_around(t, t->bytes + VERSION_BYTES, w);
	wire_put_bytes(w, t->message, t->bytes);
	wire_put_zeros(w, VERSION_BYTES);
	wire_put_bytes(w, t->after.data, t->after.bytes);
}

/* One of the fields of AUTHENTICATE, 2.2.1.3, in their order. */
static struct wire_reader get_field(struct wire_reader *r)
{
	uint16_t bytes = wire_get_u16(r);
	uint32_t offset;

	wire_skip(r, 2); /* as long again */
	offset = wire_get_u32(r);
	return bytes > 0 ? wire_part(r, offset, bytes) : (struct wire_reader){ 0 };
}

enum ntlm_verdict ntlm_token_judge(const struct ntlm_token *t, uint32_t negotiated)
{
	uint32_t type;
	struct wire_reader r = open_message(t, &type), lm, nt, user, key;

	if (type != AUTHENTICATE)
		return NTLM_NOT_AUTHENTICATE;
	lm = get_field(&r);
	nt = get_field(&r);
	(void)get_field(&r); /* the domain */
	user = get_field(&r);
	(void)get_field(&r); /* the workstation */
	key = get_field(&r);
	if (r.error != NULL)
		return NTLM_WRONG;
	if (wire_left(&user) == 0)
		return wire_left(&nt) == 0 && wire_left(&lm) <= 1 ? NTLM_ANONYMOUS : NTLM_WRONG;
	if (wire_left(&nt) < MIN_NTLMV2_BYTES)
		return NTLM_WEAK;
	if ((negotiated & FLAG_NEGOTIATE_KEY_EXCH) != 0 && wire_left(&key) != SESSION_KEY_BYTES)
		return NTLM_WRONG;
	return NTLM_V2;
}

uint32_t ntlm_token_challenge_flags(const struct ntlm_token *t)
{
	uint32_t type;
	struct wire_reader r = open_message(t, &type);

	wire_skip(&r, 8); /* the target's name, 2.2.1.2 */
	return type == CHALLENGE ? wire_get_u32(&r) : 0;
}
