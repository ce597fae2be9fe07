/* SPDX-License-Identifier: MIT */
#include "auth/spnego/initiator.h"

#include <assert.h>
#include "auth/spnego/mechanism.h"

static bool spnego_initiator_fail(struct err *err, NET_API_STATUS status, const char *text)
{
	err_set(err, status, SPNEGO_STEP, text);
	return false;
}

static bool spnego_initiator_fail_malformed(struct err *err, const char *text)
{
	return spnego_initiator_fail(err, ERROR_BAD_NET_RESP, text);
}

bool spnego_initiator_offer(struct spnego_initiator *s, const enum auth_mechanism mechanisms[],
                            size_t count)
{
	assert(count > 0 && count <= SPNEGO_MAX_OFFERED);
	for (size_t i = 0; i < count; i++)
		s->offered[i] = mechanisms[i];
	s->count = count;
	s->selected = mechanisms[0];
	spnego_mechanism_list_encode(&s->list, mechanisms, count, false);
	return !s->list.failed;
}

void spnego_initiator_fini(struct spnego_initiator *s)
{
	wire_writer_fini(&s->list);
}

struct crypto_span spnego_initiator_list(const struct spnego_initiator *s)
{
	return (struct crypto_span){ s->list.data, s->list.len };
}

void spnego_initiator_begin(const struct spnego_initiator *s, struct crypto_span token,
                            struct wire_writer *w)
{
	spnego_init_encode(w, spnego_initiator_list(s), token);
}

static bool spnego_initiator_is_offered(const struct spnego_initiator *s,
                                        enum auth_mechanism mechanism)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->offered[i] == mechanism)
			return true;
	return false;
}

/* 4.2.2: the first answer names the mechanism. Without a name it is the first one: some servers
 * send the token alone. Kerberos may be written in another way than it was offered: Samba does so.
 */
static bool spnego_initiator_select(struct spnego_initiator *s,
                                    const struct spnego_response *response,
                                    struct spnego_received *received, struct err *err)
{
	const struct spnego_oid *oid;

	s->is_answered = true;
	s->requires_mic = response->state == SPNEGO_REQUEST_MIC;
	if (response->mechanism.data == NULL)
		return true;
	oid = spnego_oid_find(response->mechanism);
	if (oid == NULL || !spnego_initiator_is_offered(s, oid->mechanism))
		return spnego_initiator_fail_malformed(
			err, "the server chose a mechanism that was not offered");
	if (oid->mechanism == s->selected)
		return true;
	/* 5: an attacker who changes the list could cause this, so a MIC is required. */
	s->selected = oid->mechanism;
	s->is_reselected = s->requires_mic = received->selects_other = true;
	if (response->token.data != NULL && response->token.bytes > 0)
		return spnego_initiator_fail_malformed(
			err, "the server answered a token of a mechanism that it refused");
	return true;
}

/* 4.2.2 wants supportedMech in the first answer alone; to repeat it does no harm. */
static bool spnego_initiator_check_mechanism(const struct spnego_initiator *s,
                                             const struct spnego_response *response,
                                             struct err *err)
{
	const struct spnego_oid *oid;

	if (response->mechanism.data == NULL)
		return true;
	oid = spnego_oid_find(response->mechanism);
	if (oid != NULL && oid->mechanism == s->selected)
		return true;
	return spnego_initiator_fail_malformed(
		err, "the server changed the mechanism during the exchange");
}

bool spnego_initiator_receive(struct spnego_initiator *s, struct crypto_span bytes,
                              struct spnego_received *received, struct err *err)
{
	struct spnego_response response = { .state = SPNEGO_ACCEPT_COMPLETED };
	bool is_first = !s->is_answered;

	*received = (struct spnego_received){ .state = SPNEGO_ACCEPT_COMPLETED };
	if (bytes.bytes > 0 && !spnego_response_decode(bytes, &response))
		return spnego_initiator_fail_malformed(
			err, "the server's answer is not a NegTokenResp of SPNEGO");
	if (response.state == SPNEGO_REJECT)
		return spnego_initiator_fail(err, ERROR_LOGON_FAILURE,
		                             "the server rejected the log-on");
	received->state = response.state;
	received->token = response.token;
	received->mic = response.mic;
	if (received->mic.data != NULL && s->verified_mic)
		return spnego_initiator_fail_malformed(err, "the server sent a second mechListMIC");
	return is_first ? spnego_initiator_select(s, &response, received, err)
	                : spnego_initiator_check_mechanism(s, &response, err);
}

/* The mechanism needs more of the peer. */
static bool spnego_initiator_plan_incomplete(const struct spnego_received *received,
                                             const struct spnego_mechanism_state *mechanism,
                                             struct spnego_plan *plan, struct err *err)
{
	if (received->mic.data != NULL)
		return spnego_initiator_fail_malformed(
			err, "the server sent a mechListMIC before there was a key");
	if (received->state == SPNEGO_ACCEPT_COMPLETED)
		return spnego_initiator_fail(err, ERROR_LOGON_FAILURE,
		                             "the server ended the log-on before it proved itself");
	if (!mechanism->has_token)
		return spnego_initiator_fail_malformed(
			err, "the server's answer has no token of the mechanism");
	plan->sends = true;
	return true;
}

/* Some servers leave the state out: these need no further message. */
static bool spnego_initiator_wants_more(const struct spnego_received *received)
{
	return received->state == SPNEGO_ACCEPT_INCOMPLETE || received->state == SPNEGO_REQUEST_MIC;
}

/* 5: each side sends a MIC if one is required, or if the peer sent one. */
static bool spnego_initiator_owes_mic(const struct spnego_initiator *s,
                                      const struct spnego_received *received,
                                      const struct spnego_mechanism_state *mechanism)
{
	if (s->sent_mic || !mechanism->can_sign || received->state == SPNEGO_ACCEPT_COMPLETED)
		return false;
	return s->requires_mic || received->mic.data != NULL || mechanism->wants_mic ||
	       (spnego_initiator_wants_more(received) && !mechanism->has_token);
}

static bool spnego_initiator_plan_end(const struct spnego_initiator *s,
                                      const struct spnego_received *received,
                                      struct spnego_plan *plan, struct err *err)
{
	if (s->requires_mic && !s->verified_mic)
		return spnego_initiator_fail(
			err, ERROR_DOWNGRADE_DETECTED,
			"the server sent no mechListMIC, so the choice of mechanism may have been tampered with");
	if (spnego_initiator_wants_more(received) && !s->verified_mic)
		return spnego_initiator_fail(err, ERROR_LOGON_FAILURE,
		                             "the server continues a log-on that is complete");
	plan->is_done = true;
	return true;
}

bool spnego_initiator_plan(struct spnego_initiator *s, const struct spnego_received *received,
                           const struct spnego_mechanism_state *mechanism, struct spnego_plan *plan,
                           struct err *err)
{
	*plan = (struct spnego_plan){ 0 };
	if (!mechanism->is_complete)
		return spnego_initiator_plan_incomplete(received, mechanism, plan, err);
	if (!mechanism->can_sign) {
		if (s->is_reselected)
			return spnego_initiator_fail(
				err, ERROR_DOWNGRADE_DETECTED,
				"the mechanism that the server chose cannot prove the choice");
		if (received->mic.data != NULL)
			return spnego_initiator_fail_malformed(
				err, "a mechListMIC that no key can verify");
		s->requires_mic = false; /* 5: such a mechanism has no MIC */
	}
	plan->verifies_mic = received->mic.data != NULL;
	s->verified_mic |= plan->verifies_mic;
	plan->makes_mic = spnego_initiator_owes_mic(s, received, mechanism);
	s->sent_mic |= plan->makes_mic;
	plan->sends = mechanism->has_token || plan->makes_mic;
	return plan->sends || spnego_initiator_plan_end(s, received, plan, err);
}

void spnego_initiator_encode(struct crypto_span token, struct crypto_span mic,
                             struct wire_writer *w)
{
	/* 4.2.2: negState is the acceptor's to say; after the first answer it may be left out. */
	spnego_response_encode(w, &(struct spnego_response){
					  .state = SPNEGO_NO_STATE, .token = token, .mic = mic });
}
