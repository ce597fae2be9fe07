/* SPDX-License-Identifier: MIT */
/* Both sides of a negotiation by SPNEGO, against a peer that sends anything.
 * Input: which side (bit 0), what it offers or serves (bits 1 and 2); then for each message its
 * length, how far the mechanism is after it, and its bytes.
 * Must reach: spnego_token_kind spnego_kind_in_header spnego_oid_find spnego_init_decode
 *   spnego_get_mechanisms spnego_get_mic spnego_get_octets spnego_enter_optional
 *   spnego_skip_extensions spnego_response_decode spnego_hint_mechanisms
 *   spnego_initiator_receive spnego_acceptor_select spnego_initiator_select
 * spnego_initiator_check_mechanism spnego_initiator_plan spnego_acceptor_plan_incomplete
 * spnego_initiator_plan_incomplete spnego_initiator_owes_mic spnego_initiator_plan_end
 *   spnego_acceptor_receive spnego_acceptor_receive_init spnego_acceptor_receive_response
 *   spnego_acceptor_plan spnego_acceptor_encode spnego_response_encode spnego_put_field
 *   der_enter der_get_length der_put_header kerberos_error_time kerberos_get_time
 *   spnego_init_encode spnego_init2_encode spnego_mechanism_list_encode spnego_token_is_of
 * Holds: what is decoded lies inside the message; failures have a status and words; no end before
 * the mechanism is complete, nor without a MIC that is required and possible; a MIC is made once;
 * what is encoded is decoded to the same. */
#include "auth/kerberos_message.h"
#include "auth/spnego/acceptor.h"
#include "auth/spnego/initiator.h"
#include "auth/spnego/mechanism.h"
#include "fuzz.h"

#define MAX_MESSAGES 8

static void must_lie_inside(struct crypto_span part, struct crypto_span whole)
{
	const uint8_t *at = part.data, *start = whole.data;

	MUST(at == NULL ||
	     (at >= start && part.bytes <= whole.bytes && at + part.bytes <= start + whole.bytes));
}

static bool is_same(struct crypto_span a, struct crypto_span b)
{
	return (a.data == NULL) == (b.data == NULL) && a.bytes == b.bytes &&
	       (a.bytes == 0 || memcmp(a.data, b.data, a.bytes) == 0);
}

/* A message alone: its parts, and what our encoder makes of them. */
static void decode_message(struct crypto_span message)
{
	struct wire_writer w = { 0 };
	struct spnego_response response, again;
	struct spnego_init init;

	(void)spnego_token_kind(message);
	MUST(!spnego_token_is_of(message, AUTH_KERBEROS) ||
	     !spnego_token_is_of(message, AUTH_NTLM));
	(void)spnego_hint_mechanisms(message);
	MUST(kerberos_error_time(message) >= 0);
	if (spnego_init_decode(message, &init)) {
		MUST(init.count > 0 && init.count <= SPNEGO_MAX_MECHANISMS);
		must_lie_inside(init.mechanism_list, message);
		must_lie_inside(init.token, message);
		must_lie_inside(init.mic, message);
		for (size_t i = 0; i < init.count; i++)
			must_lie_inside(init.mechanisms[i], init.mechanism_list);
	}
	if (spnego_response_decode(message, &response)) {
		must_lie_inside(response.mechanism, message);
		must_lie_inside(response.token, message);
		must_lie_inside(response.mic, message);
		if (message.bytes > SPNEGO_MAX_TOKEN_BYTES)
			return; /* a field may be too long for the encoder */
		spnego_response_encode(&w, &response);
		MUST(spnego_response_decode((struct crypto_span){ w.data, w.len }, &again));
		MUST(again.state == response.state && is_same(again.mic, response.mic) &&
		     is_same(again.mechanism, response.mechanism) &&
		     is_same(again.token, response.token));
		wire_writer_fini(&w);
	}
}

/* What our own encoders make of a message's token decodes to it again. */
static void encode_token(struct crypto_span token)
{
	static const enum auth_mechanism both[] = { AUTH_KERBEROS, AUTH_NTLM };
	struct wire_writer list = { 0 }, w = { 0 };
	struct spnego_init init;

	if (token.bytes > SPNEGO_MAX_TOKEN_BYTES)
		return;
	spnego_mechanism_list_encode(&list, both, 2, token.bytes % 2 != 0);
	spnego_init_encode(&w, (struct crypto_span){ list.data, list.len }, token);
	MUST(!w.failed && spnego_init_decode((struct crypto_span){ w.data, w.len }, &init));
	MUST(init.count >= 2 && is_same(init.token, token) && init.mic.data == NULL);
	MUST(is_same(init.mechanism_list, (struct crypto_span){ list.data, list.len }));
	wire_writer_clear(&w);
	spnego_init2_encode(&w, (struct crypto_span){ list.data, list.len });
	MUST(spnego_hint_mechanisms((struct crypto_span){ w.data, w.len }) ==
	     (1u << AUTH_KERBEROS | 1u << AUTH_NTLM));
	wire_writer_fini(&w);
	wire_writer_fini(&list);
}

/* How far the mechanism says it is: it does not go back. */
static void read_state(struct fuzz_input *in, struct spnego_mechanism_state *state)
{
	unsigned bits = fuzz_u8(in);

	state->has_token = (bits & 1) != 0 && !state->is_complete;
	state->is_complete |= (bits & 2) != 0;
	state->can_sign = state->is_complete && (state->can_sign || (bits & 4) != 0);
	state->wants_mic = (bits & 8) != 0;
}

/* The peer's next message and the state after it. Free what is returned. */
static uint8_t *read_message(struct fuzz_input *in, struct spnego_mechanism_state *state,
                             struct crypto_span *message)
{
	size_t bytes = fuzz_u16(in);
	uint8_t *copy;

	read_state(in, state);
	copy = fuzz_copy(in, &bytes);
	*message = (struct crypto_span){ copy, bytes };
	decode_message(*message);
	encode_token(*message);
	return copy;
}

/* The next message of this side, which has any token. */
static void encode_answer(const struct spnego_initiator *s, struct crypto_span token, bool has_mic)
{
	struct crypto_span mic = { has_mic ? "mic" : NULL, has_mic ? 3 : 0 };
	struct wire_writer w = { 0 };
	struct spnego_response response;
	struct spnego_init init;

	if (token.bytes > SPNEGO_MAX_TOKEN_BYTES)
		return;
	spnego_initiator_begin(s, token, &w);
	MUST(spnego_init_decode((struct crypto_span){ w.data, w.len }, &init));
	MUST(is_same(init.mechanism_list, spnego_initiator_list(s)));
	wire_writer_clear(&w);
	spnego_initiator_encode(token, mic, &w);
	MUST(spnego_response_decode((struct crypto_span){ w.data, w.len }, &response));
	MUST(is_same(response.token, token) && is_same(response.mic, mic));
	wire_writer_fini(&w);
}

static void negotiate_as_initiator(struct fuzz_input *in, unsigned choice)
{
	static const enum auth_mechanism both[] = { AUTH_KERBEROS, AUTH_NTLM };
	struct spnego_initiator s = { 0 };
	struct spnego_mechanism_state state = { 0 };
	struct spnego_received received;
	struct spnego_plan plan = { 0 };
	struct err err = { 0 };
	unsigned made = 0, verified = 0;
	bool goes_on = true;

	MUST(spnego_initiator_offer(&s, both + (choice >> 1 & 1),
	                            1 + (choice >> 1 & 1 ? 0 : choice >> 2 & 1)));
	for (int i = 0; i < MAX_MESSAGES && goes_on && !plan.is_done; i++) {
		struct crypto_span message;
		uint8_t *copy = read_message(in, &state, &message);

		goes_on = spnego_initiator_receive(&s, message, &received, &err) &&
		          spnego_initiator_plan(&s, &received, &state, &plan, &err);
		if (!goes_on)
			MUST(err.status != NERR_Success && err.text[0] != 0);
		must_lie_inside(received.token, message);
		must_lie_inside(received.mic, message);
		if (goes_on)
			encode_answer(&s, message, plan.makes_mic);
		made += goes_on && plan.makes_mic;
		verified += goes_on && plan.verifies_mic;
		MUST(!goes_on || plan.sends != plan.is_done);
		MUST(!goes_on || !plan.is_done || state.is_complete);
		free(copy);
	}
	MUST(made <= 1 && verified <= 1);
	/* What protects this side is the acceptor's MIC. */
	MUST(!goes_on || !plan.is_done || !s.is_reselected || verified == 1);
	spnego_initiator_fini(&s);
}

static void negotiate_as_acceptor(struct fuzz_input *in, unsigned choice)
{
	const bool serves[AUTH_MECHANISMS] = { (choice & 2) != 0, (choice & 4) != 0 };
	struct spnego_acceptor s = { 0 };
	struct spnego_mechanism_state state = { 0 };
	struct spnego_received received;
	struct spnego_plan plan = { 0 };
	struct spnego_response answer;
	struct wire_writer w = { 0 };
	struct err err = { 0 };
	unsigned made = 0, verified = 0;
	bool goes_on = true, required = false;

	for (int i = 0; i < MAX_MESSAGES && goes_on && !plan.is_done; i++) {
		struct crypto_span message;
		uint8_t *copy = read_message(in, &state, &message);

		goes_on = spnego_acceptor_receive(&s, message, serves, &received, &err);
		must_lie_inside(received.token, message);
		must_lie_inside(received.mic, message);
		required |= goes_on && s.requires_mic;
		goes_on = goes_on && spnego_acceptor_plan(&s, &received, &state, &plan, &err);
		if (!goes_on) {
			MUST(err.status != NERR_Success && err.nt_status != 0 && err.text[0] != 0);
			free(copy);
			break;
		}
		MUST(serves[s.oid->mechanism]);
		made += plan.makes_mic;
		verified += plan.verifies_mic;
		MUST(plan.sends && (!plan.is_done || state.is_complete));
		wire_writer_clear(&w);
		spnego_acceptor_encode(
			&s, state.has_token ? s.oid->content : (struct crypto_span){ 0 },
			(struct crypto_span){ plan.makes_mic ? "mic" : NULL, 3 }, &w);
		MUST(spnego_response_decode((struct crypto_span){ w.data, w.len }, &answer));
		MUST((answer.state == SPNEGO_ACCEPT_COMPLETED) == plan.is_done);
		MUST((answer.mechanism.data != NULL) == (i == 0));
		free(copy);
	}
	MUST(made <= 1 && verified <= 1);
	MUST(!goes_on || !plan.is_done || !required || !state.can_sign ||
	     (made == 1 && verified == 1));
	wire_writer_fini(&w);
	spnego_acceptor_fini(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_input in = { data, bytes };
	unsigned choice = fuzz_u8(&in);

	if ((choice & 1) != 0)
		negotiate_as_acceptor(&in, choice);
	else
		negotiate_as_initiator(&in, choice);
	return 0;
}
