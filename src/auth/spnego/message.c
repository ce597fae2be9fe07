/* SPDX-License-Identifier: MIT */
#include "auth/spnego/message.h"

#include <assert.h>
#include <string.h>
#include "auth/spnego/mechanism.h"
#include "wire/der.h"

/* [MS-SPNG] 3.2.5.2 */
#define HINT_NAME "not_defined_in_RFC4178@please_ignore"

/* ---- decoding ---- */

/* The bytes behind r's last step, so that an element can be had with its tag and length. */
static struct crypto_span spnego_span_since(const struct wire_reader *r, const uint8_t *start)
{
	return (struct crypto_span){ start, (size_t)(r->at - start) };
}

/* Enters a [number] that may be absent, and in it one element with this tag that fills it. */
static bool spnego_enter_optional(struct wire_reader *sequence, uint8_t number, uint8_t tag,
                                  struct wire_reader *inside)
{
	struct wire_reader field;

	if (der_peek(sequence) != number)
		return false;
	field = der_enter(sequence, number);
	*inside = der_enter(&field, tag);
	if (field.error != NULL || wire_left(&field) > 0)
		wire_reader_fail(sequence, "a field of SPNEGO holds something else");
	return sequence->error == NULL;
}

static void spnego_get_octets(struct wire_reader *sequence, uint8_t number, struct crypto_span *to)
{
	struct wire_reader inside;

	if (spnego_enter_optional(sequence, number, DER_OCTET_STRING, &inside))
		*to = (struct crypto_span){ inside.at, wire_left(&inside) };
}

/* What may follow the last field that is known must have a higher number. */
static void spnego_skip_extensions(struct wire_reader *sequence, uint8_t last)
{
	while (sequence->error == NULL && wire_left(sequence) > 0) {
		uint8_t tag = der_peek(sequence);

		if (tag <= last)
			wire_reader_fail(sequence, "a field of SPNEGO is out of order");
		last = tag;
		(void)der_enter(sequence, tag);
	}
}

static void spnego_get_mechanisms(struct wire_reader *sequence, struct spnego_init *message)
{
	struct wire_reader field = der_enter(sequence, DER_CONTEXT_0), list;
	const uint8_t *start = field.at;

	list = der_enter(&field, DER_SEQUENCE);
	message->mechanism_list = spnego_span_since(&field, start);
	while (list.error == NULL && wire_left(&list) > 0) {
		struct wire_reader oid = der_enter(&list, DER_OBJECT_IDENTIFIER);

		if (message->count == SPNEGO_MAX_MECHANISMS)
			wire_reader_fail(&list, "too many mechanisms");
		else
			message->mechanisms[message->count++] =
				(struct crypto_span){ oid.at, wire_left(&oid) };
	}
	if (field.error != NULL || list.error != NULL || wire_left(&field) > 0)
		wire_reader_fail(sequence, "a list of mechanisms that is malformed or too long");
}

/* Field 3 is mechListMIC in NegTokenInit, negHints in NegTokenInit2, which has the MIC in field 4.
 */
static void spnego_get_mic(struct wire_reader *sequence, struct spnego_init *message)
{
	struct wire_reader copy = *sequence, field = der_enter(&copy, DER_CONTEXT_3);

	if (der_peek(&field) == DER_SEQUENCE)
		(void)der_enter(sequence, DER_CONTEXT_3);
	else
		spnego_get_octets(sequence, DER_CONTEXT_3, &message->mic);
	if (message->mic.data == NULL)
		spnego_get_octets(sequence, DER_CONTEXT_4, &message->mic);
}

bool spnego_init_decode(struct crypto_span bytes, struct spnego_init *message)
{
	struct wire_reader r, token, choice, sequence;

	*message = (struct spnego_init){ 0 };
	wire_reader_init(&r, bytes.data, bytes.bytes);
	token = der_enter(&r, DER_APPLICATION_0);
	(void)der_enter(&token, DER_OBJECT_IDENTIFIER); /* SPNEGO's: see spnego_token_kind */
	choice = der_enter(&token, DER_CONTEXT_0);
	sequence = der_enter(&choice, DER_SEQUENCE);
	spnego_get_mechanisms(&sequence, message);
	if (der_peek(&sequence) == DER_CONTEXT_1) /* reqFlags: 4.2.1, to be ignored */
		(void)der_enter(&sequence, DER_CONTEXT_1);
	spnego_get_octets(&sequence, DER_CONTEXT_2, &message->token);
	spnego_get_mic(&sequence, message);
	spnego_skip_extensions(&sequence, DER_CONTEXT_3);
	return sequence.error == NULL && message->count > 0;
}

unsigned spnego_hint_mechanisms(struct crypto_span bytes)
{
	struct spnego_init hint;
	unsigned found = 0;

	if (!spnego_init_decode(bytes, &hint))
		return 0;
	for (size_t i = 0; i < hint.count; i++) {
		const struct spnego_oid *oid = spnego_oid_find(hint.mechanisms[i]);

		if (oid != NULL)
			found |= 1u << oid->mechanism;
	}
	return found;
}

bool spnego_response_decode(struct crypto_span bytes, struct spnego_response *message)
{
	struct wire_reader r, choice, sequence, inside;

	*message = (struct spnego_response){ .state = SPNEGO_NO_STATE };
	wire_reader_init(&r, bytes.data, bytes.bytes);
	choice = der_enter(&r, DER_CONTEXT_1);
	sequence = der_enter(&choice, DER_SEQUENCE);
	if (spnego_enter_optional(&sequence, DER_CONTEXT_0, DER_ENUMERATED, &inside)) {
		message->state = (enum spnego_state)wire_get_u8(&inside);
		if (inside.error != NULL || wire_left(&inside) > 0 ||
		    message->state >= SPNEGO_NO_STATE)
			wire_reader_fail(&sequence, "an unknown state of SPNEGO");
	}
	if (spnego_enter_optional(&sequence, DER_CONTEXT_1, DER_OBJECT_IDENTIFIER, &inside))
		message->mechanism = (struct crypto_span){ inside.at, wire_left(&inside) };
	spnego_get_octets(&sequence, DER_CONTEXT_2, &message->token);
	spnego_get_octets(&sequence, DER_CONTEXT_3, &message->mic);
	spnego_skip_extensions(&sequence, DER_CONTEXT_3);
	return sequence.error == NULL;
}

/* ---- encoding ---- */

static void spnego_put_element(struct wire_writer *w, uint8_t tag, struct crypto_span content)
{
	der_put_header(w, tag, content.bytes);
	wire_put_bytes(w, content.data, content.bytes);
}

void spnego_mechanism_list_encode(struct wire_writer *w, const enum auth_mechanism mechanisms[],
                                  size_t count, bool all_oids)
{
	size_t entries, bytes = 0;

	for (size_t i = 0; i < count; i++) {
		const struct spnego_oid *oids = spnego_oids_of(mechanisms[i], &entries);

		for (size_t k = all_oids ? 0 : entries - 1; k < entries; k++)
			bytes += der_element_bytes(oids[k].content.bytes);
	}
	der_put_header(w, DER_SEQUENCE, bytes);
	for (size_t i = 0; i < count; i++) {
		const struct spnego_oid *oids = spnego_oids_of(mechanisms[i], &entries);

		for (size_t k = all_oids ? 0 : entries - 1; k < entries; k++)
			spnego_put_element(w, DER_OBJECT_IDENTIFIER, oids[k].content);
	}
}

/* How long a [number] with one element in it is; nothing where it is absent. */
static size_t spnego_field_bytes(struct crypto_span content)
{
	assert(content.bytes <= SPNEGO_MAX_TOKEN_BYTES);
	return content.data != NULL ? der_element_bytes(der_element_bytes(content.bytes)) : 0;
}

static void spnego_put_field(struct wire_writer *w, uint8_t number, uint8_t tag,
                             struct crypto_span content)
{
	if (content.data == NULL)
		return;
	der_put_header(w, number, der_element_bytes(content.bytes));
	spnego_put_element(w, tag, content);
}

/* The header of RFC 2743 3.1, a NegTokenInit of so many bytes inside, and its list. */
static void spnego_put_init_front(struct wire_writer *w, struct crypto_span mechanism_list,
                                  size_t behind)
{
	static const struct crypto_span oid = { SPNEGO_OID_BYTES, sizeof SPNEGO_OID_BYTES - 1 };
	size_t sequence = der_element_bytes(mechanism_list.bytes) + behind;
	size_t choice = der_element_bytes(sequence);

	der_put_header(w, DER_APPLICATION_0,
	               der_element_bytes(oid.bytes) + der_element_bytes(choice));
	spnego_put_element(w, DER_OBJECT_IDENTIFIER, oid);
	der_put_header(w, DER_CONTEXT_0, choice);
	der_put_header(w, DER_SEQUENCE, sequence);
	spnego_put_element(w, DER_CONTEXT_0, mechanism_list);
}

void spnego_init_encode(struct wire_writer *w, struct crypto_span mechanism_list,
                        struct crypto_span token)
{
	spnego_put_init_front(w, mechanism_list, spnego_field_bytes(token));
	spnego_put_field(w, DER_CONTEXT_2, DER_OCTET_STRING, token);
}

void spnego_init2_encode(struct wire_writer *w, struct crypto_span mechanism_list)
{
	static const struct crypto_span name = { HINT_NAME, sizeof HINT_NAME - 1 };
	size_t hints = spnego_field_bytes(name);

	spnego_put_init_front(w, mechanism_list, der_element_bytes(der_element_bytes(hints)));
	der_put_header(w, DER_CONTEXT_3, der_element_bytes(hints));
	der_put_header(w, DER_SEQUENCE, hints);
	spnego_put_field(w, DER_CONTEXT_0, DER_GENERAL_STRING, name);
}

void spnego_response_encode(struct wire_writer *w, const struct spnego_response *message)
{
	uint8_t number = (uint8_t)message->state;
	struct crypto_span state = { message->state != SPNEGO_NO_STATE ? &number : NULL, 1 };
	size_t sequence = spnego_field_bytes(state) + spnego_field_bytes(message->mechanism) +
	                  spnego_field_bytes(message->token) + spnego_field_bytes(message->mic);

	der_put_header(w, DER_CONTEXT_1, der_element_bytes(sequence));
	der_put_header(w, DER_SEQUENCE, sequence);
	spnego_put_field(w, DER_CONTEXT_0, DER_ENUMERATED, state);
	spnego_put_field(w, DER_CONTEXT_1, DER_OBJECT_IDENTIFIER, message->mechanism);
	spnego_put_field(w, DER_CONTEXT_2, DER_OCTET_STRING, message->token);
	spnego_put_field(w, DER_CONTEXT_3, DER_OCTET_STRING, message->mic);
}
