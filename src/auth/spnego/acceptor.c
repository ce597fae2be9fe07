/* SPDX-License-Identifier: MIT */
#include "auth/spnego/acceptor.h"

#include "auth/spnego/mechanism.h"
#include "base/nt_status.h"

static bool spnego_acceptor_fail(struct err *err, uint32_t nt, NET_API_STATUS status,
                                 const char *text)
{
	err_set(err, status, SPNEGO_STEP, text);
	err->nt_status = nt;
	return false;
}

static bool spnego_acceptor_fail_malformed(struct err *err, const char *text)
{
	return spnego_acceptor_fail(err, STATUS_INVALID_PARAMETER, ERROR_INVALID_PARAMETER, text);
}

void spnego_acceptor_fini(struct spnego_acceptor *s)
{
	wire_writer_fini(&s->list);
}

struct crypto_span spnego_acceptor_list(const struct spnego_acceptor *s)
{
	return (struct crypto_span){ s->list.data, s->list.len };
}

static bool spnego_acceptor_fail_not_served(struct err *err, unsigned offered)
{
	static const char *const texts[] = {
		"this server supports none of the offered mechanisms",
		[1u << AUTH_KERBEROS] = "this server does not accept Kerberos",
		[1u << AUTH_NTLM] = "this server does not accept NTLM",
		[1u << AUTH_KERBEROS | 1u <<
			AUTH_NTLM] = "this server accepts neither Kerberos nor NTLM",
	};

	return spnego_acceptor_fail(err, STATUS_NOT_SUPPORTED, ERROR_NOT_SUPPORTED, texts[offered]);
}

/* 4.2.1: the first mechanism of the list that is served. Unless that is the first one of all, 5
 * requires a MIC: an attacker who changes the list could cause the choice. */
static bool spnego_acceptor_select(struct spnego_acceptor *s, const struct spnego_init *init,
                                   const bool serves[AUTH_MECHANISMS], struct err *err)
{
	unsigned offered = 0;

	for (size_t i = 0; i < init->count && s->oid == NULL; i++) {
		const struct spnego_oid *oid = spnego_oid_find(init->mechanisms[i]);

		if (oid == NULL)
			continue;
		offered |= 1u << oid->mechanism;
		if (!serves[oid->mechanism])
			continue;
		s->oid = oid;
		s->requires_mic = i > 0;
	}
	return s->oid != NULL || spnego_acceptor_fail_not_served(err, offered);
}

static bool spnego_acceptor_receive_init(struct spnego_acceptor *s, struct crypto_span bytes,
                                         const bool serves[AUTH_MECHANISMS],
                                         struct spnego_received *received, struct err *err)
{
	struct spnego_init init;

	if (!spnego_init_decode(bytes, &init))
		return spnego_acceptor_fail_malformed(
			err, "the first token is not a NegTokenInit of SPNEGO");
	if (!spnego_acceptor_select(s, &init, serves, err))
		return false;
	wire_put_bytes(&s->list, init.mechanism_list.data, init.mechanism_list.bytes);
	if (s->list.failed)
		return spnego_acceptor_fail(err, STATUS_INSUFFICIENT_RESOURCES,
		                            ERROR_NOT_ENOUGH_MEMORY, NULL);
	if (s->requires_mic) /* 4.2.1: the token is of the first mechanism, and so is the MIC */
		return true;
	received->token = init.token;
	received->mic = init.mic;
	return true;
}

static bool spnego_acceptor_receive_response(struct spnego_acceptor *s, struct crypto_span bytes,
                                             struct spnego_received *received, struct err *err)
{
	struct spnego_response response;
	const struct spnego_oid *oid;

	if (!spnego_response_decode(bytes, &response))
		return spnego_acceptor_fail_malformed(
			err, "a token that is not a NegTokenResp of SPNEGO");
	if (response.state == SPNEGO_REJECT)
		return spnego_acceptor_fail_malformed(err, "the initiator rejected the log-on");
	oid = response.mechanism.data != NULL ? spnego_oid_find(response.mechanism) : s->oid;
	if (oid == NULL || oid->mechanism != s->oid->mechanism)
		return spnego_acceptor_fail_malformed(
			err, "the initiator changed the mechanism during the exchange");
	if (response.token.data == NULL && response.mic.data == NULL)
		return spnego_acceptor_fail_malformed(err, "the initiator's token is empty");
	received->token = response.token;
	received->mic = response.mic;
	return true;
}

bool spnego_acceptor_receive(struct spnego_acceptor *s, struct crypto_span bytes,
                             const bool serves[AUTH_MECHANISMS], struct spnego_received *received,
                             struct err *err)
{
	*received = (struct spnego_received){ .state = SPNEGO_NO_STATE };
	return s->oid == NULL ? spnego_acceptor_receive_init(s, bytes, serves, received, err)
	                      : spnego_acceptor_receive_response(s, bytes, received, err);
}

/* The mechanism needs more of the initiator. Without a token of the initiator's it has none to
 * answer with: that is so in the first answer alone. */
static bool spnego_acceptor_plan_incomplete(struct spnego_acceptor *s,
                                            const struct spnego_received *received,
                                            const struct spnego_mechanism_state *mechanism,
                                            struct err *err)
{
	if (received->mic.data != NULL)
		return spnego_acceptor_fail_malformed(err, "a mechListMIC before there was a key");
	if (!mechanism->has_token && s->is_answered)
		return spnego_acceptor_fail_malformed(err, "the initiator's token is empty");
	s->next_state = s->requires_mic && !s->is_answered ? SPNEGO_REQUEST_MIC
	                                                   : SPNEGO_ACCEPT_INCOMPLETE;
	return true;
}

bool spnego_acceptor_plan(struct spnego_acceptor *s, const struct spnego_received *received,
                          const struct spnego_mechanism_state *mechanism, struct spnego_plan *plan,
                          struct err *err)
{
	*plan = (struct spnego_plan){ .sends = true };
	if (!mechanism->is_complete)
		return spnego_acceptor_plan_incomplete(s, received, mechanism, err);
	if (!mechanism->can_sign && received->mic.data != NULL)
		return spnego_acceptor_fail_malformed(err, "a mechListMIC that no key can verify");
	if (!mechanism->can_sign) /* 5: such a mechanism has no MIC */
		s->requires_mic = false;
	plan->verifies_mic = received->mic.data != NULL;
	/* 5: the sender of the mechanism's last token sends its MIC with it. */
	if (s->requires_mic && !plan->verifies_mic && !mechanism->has_token)
		return spnego_acceptor_fail_malformed(
			err, "the initiator left out the mechListMIC that is required");
	plan->makes_mic = !s->sent_mic && (s->requires_mic || plan->verifies_mic);
	s->sent_mic |= plan->makes_mic;
	plan->is_done = !s->requires_mic || plan->verifies_mic;
	s->next_state = plan->is_done ? SPNEGO_ACCEPT_COMPLETED : SPNEGO_ACCEPT_INCOMPLETE;
	return true;
}

void spnego_acceptor_encode(struct spnego_acceptor *s, struct crypto_span token,
                            struct crypto_span mic, struct wire_writer *w)
{
	struct spnego_response answer = { .state = s->next_state, .token = token, .mic = mic };

	if (!s->is_answered)
		answer.mechanism = s->oid->content;
	s->is_answered = true;
	spnego_response_encode(w, &answer);
}
