/* SPDX-License-Identifier: MIT */
#include <stdatomic.h>
#include <stdlib.h>
#include "rpc/internal.h"

/* No state hangs on a group here, such as context handles would be: so any may be joined, and all
 * that a new one has to be is another one, and not 0. */
static uint32_t rpc_server_new_assoc_group(void)
{
	static atomic_uint_least32_t last;
	uint32_t group = (uint32_t)atomic_fetch_add(&last, 1) + 1;

	return group != 0 ? group : 1;
}

/* One size for both directions, as Windows has it: what both can do, in multiples of 8, but what
 * everybody must be able to receive in any case (C706 12.6.3.1). */
static uint16_t rpc_server_agree_on_frag(const struct rpc_bind *bind)
{
	uint16_t bytes = MAX_FRAG;

	if (bind->max_xmit_frag < bytes)
		bytes = bind->max_xmit_frag;
	if (bind->max_recv_frag < bytes)
		bytes = bind->max_recv_frag;
	bytes &= (uint16_t)~7u;
	return bytes > RPC_MIN_FRAG_BYTES ? bytes : RPC_MIN_FRAG_BYTES;
}

static struct rpc_bind_ack rpc_server_begin_ack(const struct rpc_server *s)
{
	return (struct rpc_bind_ack){ .max_xmit_frag = s->max_frag,
		                      .max_recv_frag = s->max_frag,
		                      .assoc_group = s->assoc_group,
		                      .secondary_address = s->endpoint->secondary_address };
}

static void rpc_server_encode_ack(struct rpc_server *s, uint8_t ptype, uint32_t call_id,
                                  const struct rpc_bind_ack *ack)
{
	if (ptype == RPC_BIND)
		rpc_bind_ack_encode(&s->answer.head, call_id, ack);
	else
		rpc_alter_context_resp_encode(&s->answer.head, call_id, ack);
}

static void rpc_server_send_ack(struct rpc_server *s, uint8_t ptype, uint32_t call_id,
                                const struct rpc_bind_ack *ack)
{
	rpc_server_encode_ack(s, ptype, call_id, ack);
	rpc_answer_check(s);
}

/* The same with a token: with none, there still is a trailer. */
static void rpc_server_send_secure_ack(struct rpc_server *s, const struct rpc_pending_bind *judged,
                                       const uint8_t *token, size_t token_bytes)
{
	struct rpc_trailer trailer = rpc_security_trailer(&s->security, token_bytes);
	uint8_t *to;

	rpc_server_encode_ack(s, judged->ptype, judged->call_id, &judged->ack);
	to = rpc_trailer_encode(&s->answer.head, 0, RPC_HEADER_BYTES, RPC_TRAILER_ALIGN_ACK,
	                        &trailer);
	for (size_t i = 0; to != NULL && i < token_bytes; i++)
		to[i] = token[i];
	rpc_answer_check(s);
}

/* Hands a token over, and what is to be answered with it; ack: NULL for an AUTH3. Without memory
 * the association ends. */
static void rpc_server_begin_token(struct rpc_server *s, const struct rpc_header *h,
                                   const struct rpc_trailer *trailer,
                                   const struct rpc_bind_ack *ack)
{
	struct rpc_pending_bind *judged = calloc(1, sizeof *judged);

	if (judged != NULL) {
		judged->ptype = h->ptype;
		judged->call_id = h->call_id;
		if (ack != NULL)
			judged->ack = *ack;
	}
	if (judged == NULL || !rpc_security_begin_token(&s->security, trailer, judged))
		s->step = OVER;
}

static bool rpc_security_is_supported(const struct rpc_security_context *g,
                                      const struct rpc_trailer *trailer)
{
	return g->provider != NULL &&
	       g->provider->supports(g->context, trailer->type, trailer->level);
}

/* Whether a security context can begin with this; *reason gives why not. */
static bool rpc_security_can_begin(const struct rpc_security_context *g,
                                   const struct rpc_trailer *trailer, enum rpc_nak_reason *reason)
{
	if (trailer->level <= RPC_LEVEL_NONE || trailer->level > RPC_LEVEL_PRIVACY)
		*reason = RPC_NAK_NOT_SPECIFIED;
	else if (!rpc_security_is_supported(g, trailer)) /* [MS-RPCE] 3.3.3.5.3 */
		*reason = RPC_NAK_AUTHENTICATION_TYPE_NOT_RECOGNIZED;
	else if (trailer->level == RPC_LEVEL_CALL) /* one of connectionless RPC */
		*reason = RPC_NAK_INVALID_CHECKSUM;
	else
		return true;
	return false;
}

/* [MS-RPCE] 3.3.1.5.2.2. Windows agrees whether or not there is anything to be signed. */
static void rpc_server_agree_on_header_signing(struct rpc_server *s, const struct rpc_header *h,
                                               struct rpc_bind_ack *ack)
{
	if ((h->pfc_flags & RPC_PFC_SUPPORT_HEADER_SIGN) == 0)
		return;
	s->security.signs_header = true;
	ack->pfc_flags |= RPC_PFC_SUPPORT_HEADER_SIGN;
}

void rpc_server_on_bind(struct rpc_server *s, const struct rpc_header *h, struct wire_reader *r)
{
	bool is_secure = h->auth_length != 0;
	enum rpc_nak_reason reason = RPC_NAK_NOT_SPECIFIED;
	struct rpc_trailer trailer;
	struct rpc_bind_ack ack;
	struct rpc_bind bind;

	rpc_bind_decode(r, &bind);
	if (is_secure)
		rpc_trailer_decode(r, h, &trailer);
	if (bind.is_too_long) { /* [MS-RPCE] 3.3.3.5.5 */
		rpc_answer_nak(s, h->call_id, RPC_NAK_LOCAL_LIMIT_EXCEEDED);
		return;
	}
	if (is_secure && trailer.is_unaligned) { /* 2.2.2.11 */
		rpc_answer_nak(s, h->call_id, RPC_NAK_NOT_SPECIFIED);
		return;
	}
	if (r->error != NULL) { /* 2.2.2.5 */
		rpc_answer_nak(s, h->call_id, RPC_NAK_PROTOCOL_VERSION_NOT_SUPPORTED);
		return;
	}
	s->max_frag = rpc_server_agree_on_frag(&bind);
	s->assoc_group = bind.assoc_group != 0 ? bind.assoc_group : rpc_server_new_assoc_group();
	ack = rpc_server_begin_ack(s);
	if (s->step != UNBOUND ||
	    (is_secure && !rpc_security_can_begin(&s->security, &trailer, &reason)) ||
	    !rpc_presentation_negotiate(&s->presentation, s->endpoint, &bind, false, &ack)) {
		rpc_answer_nak(s, h->call_id, reason);
		return;
	}
	s->step = BOUND;
	s->is_multiplexed = (h->pfc_flags & RPC_PFC_CONC_MPX) != 0;
	ack.pfc_flags = h->pfc_flags & RPC_PFC_CONC_MPX;
	rpc_server_agree_on_header_signing(s, h, &ack);
	if (is_secure)
		rpc_server_begin_token(s, h, &trailer, &ack);
	else
		rpc_server_send_ack(s, RPC_BIND, h->call_id, &ack);
}

/* Whether an alter_context may carry this: it goes on with the security context that wants it, or
 * begins one where there is none. */
static bool rpc_security_may_alter(const struct rpc_security_context *g,
                                   const struct rpc_trailer *trailer)
{
	enum rpc_nak_reason reason;

	if (g->step == RPC_SECURITY_WANTS_TOKEN)
		return rpc_security_is_same(g, trailer);
	return g->step == RPC_SECURITY_NONE && rpc_security_can_begin(g, trailer, &reason);
}

static void rpc_server_refuse_alter(struct rpc_server *s, uint32_t call_id, uint32_t status)
{
	rpc_answer_last_fault(s, call_id,
	                      &(struct rpc_fault){ .status = status, .was_not_executed = true });
}

/* What it says of sizes and groups was settled by the bind. Of a call that is not whole yet, all of
 * it is of one security context ([MS-RPCE] 2.2.2.11), and so none begins in its midst. */
void rpc_server_on_alter_context(struct rpc_server *s, const struct rpc_header *h,
                                 struct wire_reader *r)
{
	struct rpc_bind_ack ack = rpc_server_begin_ack(s);
	bool is_secure = h->auth_length != 0;
	struct rpc_trailer trailer;
	struct rpc_bind proposal;

	rpc_bind_decode(r, &proposal);
	if (is_secure)
		rpc_trailer_decode(r, h, &trailer);
	if (proposal.is_too_long) { /* [MS-RPCE] 3.3.1.5.6 */
		rpc_answer_nak(s, h->call_id, RPC_NAK_LOCAL_LIMIT_EXCEEDED);
	} else if (s->step != BOUND || r->error != NULL || (is_secure && s->call.is_open) ||
	           !rpc_presentation_negotiate(&s->presentation, s->endpoint, &proposal, true,
	                                       &ack)) {
		rpc_server_refuse_alter(s, h->call_id, RPC_FAULT_PROTO_ERROR);
	} else if (is_secure && !rpc_security_may_alter(&s->security, &trailer)) {
		rpc_server_refuse_alter(s, h->call_id, RPC_FAULT_ACCESS_DENIED);
	} else {
		rpc_server_agree_on_header_signing(s, h, &ack);
		if (is_secure)
			rpc_server_begin_token(s, h, &trailer, &ack);
		else
			rpc_server_send_ack(s, RPC_ALTER_CONTEXT, h->call_id, &ack);
	}
}

/* The last token, which is not answered: [MS-RPCE] 2.2.2.10, 3.3.1.5.2.1. */
void rpc_server_on_auth3(struct rpc_server *s, const struct rpc_header *h, struct wire_reader *r)
{
	struct rpc_trailer trailer;

	if (h->auth_length == 0)
		wire_reader_fail(r, "an AUTH3 without a token");
	else
		rpc_trailer_decode(r, h, &trailer);
	if (r->error != NULL || s->security.step != RPC_SECURITY_WANTS_TOKEN ||
	    !rpc_security_is_same(&s->security, &trailer))
		rpc_server_refuse_alter(s, h->call_id, RPC_FAULT_PROTO_ERROR);
	else
		rpc_server_begin_token(s, h, &trailer, NULL);
}

/* A token that was found wrong. */
static void rpc_server_refuse_token(struct rpc_server *s, const struct rpc_pending_bind *judged)
{
	if (judged->ptype == RPC_BIND)
		rpc_answer_nak(s, judged->call_id, RPC_NAK_INVALID_CHECKSUM);
	else if (judged->ptype == RPC_ALTER_CONTEXT)
		rpc_server_refuse_alter(s, judged->call_id, RPC_FAULT_SECURITY_PACKAGE);
}

void rpc_server_finish_token(struct rpc_server *s, enum rpc_auth_progress progress,
                             const uint8_t *token, size_t bytes)
{
	static const enum rpc_security_step next[] = {
		[RPC_AUTH_CONTINUES] = RPC_SECURITY_WANTS_TOKEN,
		[RPC_AUTH_COMPLETE] = RPC_SECURITY_ESTABLISHED,
		[RPC_AUTH_FAILED] = REFUSED
	};
	struct rpc_pending_bind *judged = s->security.pending;

	s->security.pending = NULL;
	/* An AUTH3 has no answer, so a token for the caller could not be sent. */
	if (judged->ptype == RPC_AUTH3 && (progress == RPC_AUTH_CONTINUES || bytes > 0))
		progress = RPC_AUTH_FAILED;
	if (progress == RPC_AUTH_COMPLETE && !rpc_security_complete(&s->security))
		progress = RPC_AUTH_FAILED;
	s->security.step = next[progress];
	if (progress == RPC_AUTH_FAILED)
		rpc_server_refuse_token(s, judged);
	else if (judged->ptype != RPC_AUTH3)
		rpc_server_send_secure_ack(s, judged, token, bytes);
	free(judged);
}
