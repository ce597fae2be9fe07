/* SPDX-License-Identifier: MIT */
/* Where C706 leaves a choice, or servers deviate from it, this server does what Windows does.
 *
 * There is one answer at a time: input that arrives before the caller has read the answer waits. So
 * an answer is built in one piece and cut into fragments as they are read, and no caller makes this
 * server hold two answers. A caller that multiplexes ([MS-RPCE] 3.3.1.5.8) gets answers in the
 * order of its requests. */
#include "rpc/server.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "rpc/call.h"
#include "rpc/management.h"
#include "rpc/pdu.h"
#include "rpc/presentation.h"
#include "rpc/server_security.h"

/* The longest fragment that is received, and sent if the caller can receive it: as much as one READ
 * of a pipe carries. */
#define MAX_FRAG 65528

/* A request, collected from its fragments. */
struct rpc_collected_call {
	bool is_open;  /* its last fragment has not come */
	bool is_whole; /* the host has to run it */
	bool big_endian;
	uint32_t id;
	struct rpc_request request;            /* its first fragment's */
	const struct rpc_interface *interface; /* that of its presentation context */
	struct wire_writer stub;
};

/* An answer that waits to be read: a PDU, or a stub that is cut into PDUs. */
struct rpc_answer {
	struct wire_writer head; /* the PDU that is being read, without its part of stub */
	size_t part_bytes;       /* of that part; 0 if it is in head, protected */
	size_t at;               /* how much of that PDU was read */
	struct wire_writer stub;
	size_t stub_at; /* where that part and the next one begin */
	size_t stub_next;
	uint32_t call_id;
	uint16_t context_id;
};

/* A bind, alter_context or AUTH3 that is answered when the host has the result of its token. */
struct rpc_pending_bind {
	uint8_t ptype;
	uint32_t call_id;
	struct rpc_bind_ack ack;
	size_t token_bytes;
	uint8_t token[];
};

struct rpc_server {
	const struct rpc_endpoint *endpoint;
	enum { UNBOUND, BOUND, OVER } step;
	const char *end_reason; /* static text; NULL unless OVER */
	uint16_t max_frag;      /* bytes, both ways */
	uint32_t assoc_group;
	bool is_multiplexed;
	struct rpc_presentation presentation;
	struct rpc_security_context security;
	struct rpc_pending_bind *pending; /* while security is RPC_SECURITY_PENDING */
	struct rpc_pdu_reader pdus;
	struct wire_writer queued; /* input that waits */
	size_t queued_at;
	struct rpc_collected_call call;
	bool has_called;
	uint32_t last_call_id;
	struct rpc_answer answer;
};

struct rpc_server *rpc_server_new(const struct rpc_endpoint *endpoint)
{
	struct rpc_server *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->endpoint = endpoint;
	rpc_pdu_reader_init(&s->pdus, MAX_FRAG);
	return s;
}

void rpc_server_free(struct rpc_server *s)
{
	if (s == NULL)
		return;
	rpc_pdu_reader_fini(&s->pdus);
	wire_writer_fini(&s->queued);
	wire_writer_fini(&s->call.stub);
	wire_writer_fini(&s->answer.head);
	wire_writer_fini(&s->answer.stub);
	rpc_security_fini(&s->security);
	free(s->pending);
	free(s);
}

void rpc_server_set_security(struct rpc_server *s, const struct rpc_security_provider *provider,
                             void *provider_context)
{
	s->security.provider = provider;
	s->security.context = provider_context;
}

bool rpc_server_is_over(const struct rpc_server *s)
{
	return s->step == OVER;
}

const char *rpc_server_end_reason(const struct rpc_server *s)
{
	return s->end_reason;
}

static void rpc_server_end(struct rpc_server *s, const char *reason)
{
	s->step = OVER;
	if (s->end_reason == NULL)
		s->end_reason = reason;
}

/* ---- answers ---- */

static size_t rpc_answer_pdu_left(const struct rpc_server *s)
{
	return s->answer.head.len + s->answer.part_bytes - s->answer.at;
}

static void rpc_answer_clear(struct rpc_server *s)
{
	wire_writer_fini(&s->answer.head);
	wire_writer_fini(&s->answer.stub);
	s->answer = (struct rpc_answer){ 0 };
}

static void rpc_answer_check(struct rpc_server *s)
{
	if (!s->answer.head.failed)
		return;
	rpc_answer_clear(s);
	rpc_server_end(s, "out of memory");
}

static void rpc_answer_fault(struct rpc_server *s, uint32_t call_id, const struct rpc_fault *fault)
{
	rpc_answer_clear(s);
	rpc_fault_encode(&s->answer.head, call_id, fault);
	rpc_answer_check(s);
}

static void rpc_answer_last_fault(struct rpc_server *s, uint32_t call_id,
                                  const struct rpc_fault *fault, const char *reason)
{
	rpc_answer_fault(s, call_id, fault);
	rpc_server_end(s, reason);
}

/* [MS-RPCE] 3.3.3.5.7 */
static void rpc_answer_protocol_error(struct rpc_server *s, uint32_t call_id, uint16_t context_id,
                                      const char *reason)
{
	rpc_answer_last_fault(
		s, call_id,
		&(struct rpc_fault){ .status = RPC_FAULT_PROTO_ERROR, .context_id = context_id },
		reason);
}

/* Refuses a bind, and the association ends. */
static void rpc_answer_nak(struct rpc_server *s, uint32_t call_id, enum rpc_nak_reason nak_reason,
                           const char *reason)
{
	rpc_bind_nak_encode(&s->answer.head, call_id, (uint16_t)nak_reason);
	rpc_answer_check(s);
	rpc_server_end(s, reason);
}

static void rpc_answer_begin_fragment(struct rpc_server *s)
{
	struct rpc_answer *a = &s->answer;
	bool protects = rpc_security_protects(&s->security);
	size_t max_frag = protects ? RPC_CALL_HEADER_BYTES +
	                                     rpc_security_part_bytes(&s->security, s->max_frag)
	                           : s->max_frag;
	struct rpc_response response = { .context_id = a->context_id };

	wire_writer_clear(&a->head);
	a->at = 0;
	a->part_bytes = rpc_response_head_encode(&a->head, a->call_id, &response, a->stub.len,
	                                         a->stub_at, (uint16_t)max_frag);
	a->stub_next = a->stub_at + a->part_bytes;
	if (protects) {
		if (a->part_bytes > 0)
			wire_put_bytes(&a->head, a->stub.data + a->stub_at, a->part_bytes);
		a->part_bytes = 0;
		rpc_security_protect_response(&s->security, &a->head, RPC_CALL_HEADER_BYTES);
	}
	rpc_answer_check(s);
}

/* ---- bind, alter_context, AUTH3 ---- */

/* This server keeps no state in a group, such as context handles. So a caller may join any group,
 * and a new one need only differ from the others, and from 0. */
static uint32_t rpc_server_new_assoc_group(void)
{
	static atomic_uint_least32_t last;
	uint32_t group = (uint32_t)atomic_fetch_add(&last, 1) + 1;

	return group != 0 ? group : 1;
}

/* One size for both directions, as Windows has it: what both ends support, a multiple of 8, but at
 * least what every implementation must receive (C706 12.6.3.1). */
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

/* The same with a token. Without a token there still is a trailer. */
static void rpc_server_send_secure_ack(struct rpc_server *s, const struct rpc_pending_bind *pending,
                                       const uint8_t *token, size_t token_bytes)
{
	struct rpc_trailer trailer = rpc_security_trailer(&s->security, token_bytes);
	uint8_t *to;

	rpc_server_encode_ack(s, pending->ptype, pending->call_id, &pending->ack);
	to = rpc_trailer_encode(&s->answer.head, 0, RPC_HEADER_BYTES, RPC_TRAILER_ALIGN_ACK,
	                        &trailer);
	for (size_t i = 0; to != NULL && i < token_bytes; i++)
		to[i] = token[i];
	rpc_answer_check(s);
}

/* The host gets the token; ack is the answer that waits for its result, NULL for an AUTH3. Without
 * memory the association ends. */
static void rpc_server_begin_token(struct rpc_server *s, const struct rpc_header *h,
                                   const struct rpc_trailer *trailer,
                                   const struct rpc_bind_ack *ack)
{
	struct rpc_pending_bind *pending = calloc(1, sizeof *pending + trailer->token_bytes);

	if (pending == NULL) {
		rpc_server_end(s, "out of memory");
		return;
	}
	pending->ptype = h->ptype;
	pending->call_id = h->call_id;
	if (ack != NULL)
		pending->ack = *ack;
	pending->token_bytes = trailer->token_bytes;
	memcpy(pending->token, trailer->token, trailer->token_bytes);
	s->pending = pending;
	rpc_security_begin_token(&s->security, trailer);
}

/* [MS-RPCE] 3.3.1.5.2.2. Windows agrees even if nothing will be signed. */
static void rpc_server_agree_on_header_signing(struct rpc_server *s, const struct rpc_header *h,
                                               struct rpc_bind_ack *ack)
{
	if ((h->pfc_flags & RPC_PFC_SUPPORT_HEADER_SIGN) == 0)
		return;
	s->security.signs_header = true;
	ack->pfc_flags |= RPC_PFC_SUPPORT_HEADER_SIGN;
}

static void rpc_server_on_bind(struct rpc_server *s, const struct rpc_header *h,
                               struct wire_reader *r)
{
	bool is_secure = h->auth_length != 0;
	enum rpc_nak_reason nak_reason = RPC_NAK_NOT_SPECIFIED;
	const char *refusal = NULL;
	struct rpc_trailer trailer;
	struct rpc_bind_ack ack;
	struct rpc_bind bind;

	rpc_bind_decode(r, &bind);
	if (is_secure)
		rpc_trailer_decode(r, h, &trailer);
	if (bind.is_too_long) { /* [MS-RPCE] 3.3.3.5.5 */
		rpc_answer_nak(s, h->call_id, RPC_NAK_LOCAL_LIMIT_EXCEEDED, r->error);
		return;
	}
	if (is_secure && trailer.is_unaligned) { /* 2.2.2.11 */
		rpc_answer_nak(s, h->call_id, RPC_NAK_NOT_SPECIFIED, r->error);
		return;
	}
	if (r->error != NULL) { /* 2.2.2.5 */
		rpc_answer_nak(s, h->call_id, RPC_NAK_PROTOCOL_VERSION_NOT_SUPPORTED, r->error);
		return;
	}
	s->max_frag = rpc_server_agree_on_frag(&bind);
	s->assoc_group = bind.assoc_group != 0 ? bind.assoc_group : rpc_server_new_assoc_group();
	ack = rpc_server_begin_ack(s);
	if (s->step != UNBOUND)
		refusal = "the association is bound already";
	else if (is_secure && !rpc_security_can_begin(&s->security, &trailer, &nak_reason))
		refusal = "the bind asks for an authentication that is not supported";
	else if (!rpc_presentation_negotiate(&s->presentation, s->endpoint, &bind, false, &ack))
		refusal = "the bind proposes invalid presentation contexts";
	if (refusal != NULL) {
		rpc_answer_nak(s, h->call_id, nak_reason, refusal);
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

static void rpc_server_refuse_alter(struct rpc_server *s, uint32_t call_id, uint32_t status,
                                    const char *reason)
{
	rpc_answer_last_fault(s, call_id,
	                      &(struct rpc_fault){ .status = status, .was_not_executed = true },
	                      reason);
}

/* Sizes and groups were settled by the bind, so those of an alter_context are ignored. All
 * fragments of a call belong to one security context ([MS-RPCE] 2.2.2.11), so none begins within a
 * call. */
static void rpc_server_on_alter_context(struct rpc_server *s, const struct rpc_header *h,
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
		rpc_answer_nak(s, h->call_id, RPC_NAK_LOCAL_LIMIT_EXCEEDED, r->error);
	} else if (s->step != BOUND || r->error != NULL || (is_secure && s->call.is_open) ||
	           !rpc_presentation_negotiate(&s->presentation, s->endpoint, &proposal, true,
	                                       &ack)) {
		rpc_server_refuse_alter(
			s, h->call_id, RPC_FAULT_PROTO_ERROR,
			r->error != NULL ? r->error : "the alter_context is invalid at this point");
	} else if (is_secure && !rpc_security_may_alter(&s->security, &trailer)) {
		rpc_server_refuse_alter(
			s, h->call_id, RPC_FAULT_ACCESS_DENIED,
			"the alter_context asks for an authentication that is not supported");
	} else {
		rpc_server_agree_on_header_signing(s, h, &ack);
		if (is_secure)
			rpc_server_begin_token(s, h, &trailer, &ack);
		else
			rpc_server_send_ack(s, RPC_ALTER_CONTEXT, h->call_id, &ack);
	}
}

/* The last token of a log-on. It has no response: [MS-RPCE] 2.2.2.10, 3.3.1.5.2.1. */
static void rpc_server_on_auth3(struct rpc_server *s, const struct rpc_header *h,
                                struct wire_reader *r)
{
	struct rpc_trailer trailer;

	if (h->auth_length == 0)
		wire_reader_fail(r, "an AUTH3 has no token");
	else
		rpc_trailer_decode(r, h, &trailer);
	if (r->error != NULL || s->security.step != RPC_SECURITY_WANTS_TOKEN ||
	    !rpc_security_is_same(&s->security, &trailer))
		rpc_server_refuse_alter(s, h->call_id, RPC_FAULT_PROTO_ERROR,
		                        r->error != NULL
		                                ? r->error
		                                : "an AUTH3 came while no log-on waited for it");
	else
		rpc_server_begin_token(s, h, &trailer, NULL);
}

/* The log-on failed. */
static void rpc_server_refuse_token(struct rpc_server *s, const struct rpc_pending_bind *pending)
{
	const char *reason = "the log-on by RPC failed";

	if (pending->ptype == RPC_BIND)
		rpc_answer_nak(s, pending->call_id, RPC_NAK_INVALID_CHECKSUM, reason);
	else if (pending->ptype == RPC_ALTER_CONTEXT)
		rpc_server_refuse_alter(s, pending->call_id, RPC_FAULT_SECURITY_PACKAGE, reason);
}

static void rpc_server_finish_token(struct rpc_server *s, enum rpc_auth_progress progress,
                                    const uint8_t *token, size_t bytes)
{
	struct rpc_pending_bind *pending = s->pending;

	s->pending = NULL;
	/* An AUTH3 has no response, so there is no way to send a token to the caller. */
	if (pending->ptype == RPC_AUTH3 && (progress == RPC_AUTH_CONTINUES || bytes > 0))
		progress = RPC_AUTH_FAILED;
	progress = rpc_security_finish_token(&s->security, progress);
	if (progress == RPC_AUTH_FAILED)
		rpc_server_refuse_token(s, pending);
	else if (pending->ptype != RPC_AUTH3)
		rpc_server_send_secure_ack(s, pending, token, bytes);
	free(pending);
}

/* ---- requests ---- */

/* A fragment without a first one belongs to a call that is over if its call id is less than so much
 * below the last one, [MS-RPCE] 3.3.3.5.6. */
#define OLD_CALLS 150

/* Stands at the start, from which alignment counts. */
static struct wire_reader rpc_collected_call_stub(const struct rpc_collected_call *c)
{
	struct wire_reader stub;

	wire_reader_init(&stub, c->stub.data, c->stub.len);
	stub.big_endian = c->big_endian;
	return stub;
}

/* The call has come whole: the host runs it, or the management interface does so at once. */
static void rpc_server_begin_execution(struct rpc_server *s)
{
	struct rpc_collected_call *c = &s->call;

	rpc_answer_clear(s);
	rpc_management_count(RPC_CALLS_IN);
	c->is_open = false;
	c->is_whole = true;
	c->interface = rpc_presentation_find(&s->presentation, c->request.context_id);
	if (c->interface == &rpc_management) {
		struct wire_reader stub = rpc_collected_call_stub(c);

		rpc_server_finish_call(s, rpc_management_call(s->endpoint, c->request.opnum, &stub,
		                                              &s->answer.stub));
	}
}

void rpc_server_finish_call(struct rpc_server *s, uint32_t fault_status)
{
	struct rpc_collected_call *c = &s->call;
	struct rpc_answer *a = &s->answer;

	assert(c->is_whole);
	c->is_whole = false;
	wire_writer_fini(&c->stub);
	if (fault_status == 0 && a->stub.failed)
		fault_status = RPC_FAULT_REMOTE_NO_MEMORY;
	if (fault_status == 0) {
		a->call_id = c->id;
		a->context_id = c->request.context_id;
		rpc_answer_begin_fragment(s);
	} else {
		rpc_answer_fault(s, c->id,
		                 &(struct rpc_fault){ .status = fault_status,
		                                      .context_id = c->request.context_id,
		                                      .was_not_executed = fault_status ==
		                                                          RPC_FAULT_OP_RNG_ERROR });
	}
}

/* Whether this fragment belongs to a call that is over. */
static bool rpc_server_is_old_call(const struct rpc_server *s, uint32_t call_id)
{
	return s->has_called && call_id <= s->last_call_id && s->last_call_id - call_id < OLD_CALLS;
}

/* The first fragment of a call. False: the call was answered with a fault. */
static bool rpc_server_begin_call(struct rpc_server *s, const struct rpc_header *h,
                                  const struct rpc_request *request)
{
	const struct rpc_interface *interface = rpc_presentation_find(&s->presentation,
	                                                              request->context_id);

	s->has_called = true;
	s->last_call_id = h->call_id;
	if ((h->pfc_flags & RPC_PFC_PENDING_CANCEL) != 0) {
		rpc_answer_last_fault(s, h->call_id,
		                      &(struct rpc_fault){ .status = RPC_FAULT_NO_CALL_ACTIVE,
		                                           .was_not_executed = true },
		                      "a request asks to be cancelled");
		return false;
	}
	if (interface == NULL) {
		rpc_answer_fault(s, h->call_id,
		                 &(struct rpc_fault){ .status = RPC_FAULT_UNKNOWN_IF,
		                                      .was_not_executed = true });
		return false;
	}
	if (interface->wants_protection && s->security.step == RPC_SECURITY_ESTABLISHED &&
	    !rpc_security_protects(&s->security)) {
		rpc_answer_fault(s, h->call_id,
		                 &(struct rpc_fault){ .status = RPC_FAULT_ACCESS_DENIED,
		                                      .context_id = request->context_id,
		                                      .was_not_executed = true });
		return false;
	}
	return true;
}

/* [MS-RPCE] 3.3.3.5.4, checked at once: 3.3.3.5.8. If more fragments follow, the length that they
 * are announced to have counts too. */
static bool rpc_server_is_request_too_long(const struct rpc_server *s, const struct rpc_header *h,
                                           const struct rpc_request *request, size_t bytes)
{
	size_t most = s->endpoint->max_request_bytes;

	return s->call.stub.len + bytes > most ||
	       ((h->pfc_flags & RPC_PFC_LAST_FRAG) == 0 && request->alloc_hint > most);
}

static void rpc_server_collect_fragment(struct rpc_server *s, const struct rpc_header *h,
                                        const struct rpc_request *request, struct wire_reader *r)
{
	struct rpc_collected_call *c = &s->call;

	if (rpc_server_is_request_too_long(s, h, request, wire_left(r))) {
		rpc_answer_last_fault(s, h->call_id,
		                      &(struct rpc_fault){ .status = RPC_FAULT_ACCESS_DENIED,
		                                           .context_id = request->context_id },
		                      "a request is longer than the server accepts");
		return;
	}
	if (!c->is_open)
		*c = (struct rpc_collected_call){ .is_open = true,
			                          .big_endian = r->big_endian,
			                          .id = h->call_id,
			                          .request = *request };
	wire_put_bytes(&c->stub, r->at, wire_left(r));
	if (c->stub.failed)
		rpc_answer_last_fault(s, c->id,
		                      &(struct rpc_fault){ .status = RPC_FAULT_REMOTE_NO_MEMORY,
		                                           .context_id = c->request.context_id,
		                                           .was_not_executed = true },
		                      "out of memory");
	else if ((h->pfc_flags & RPC_PFC_LAST_FRAG) != 0)
		rpc_server_begin_execution(s);
}

/* 3.3.1.5.8: no other fragment may stand between the fragments of a request. */
static bool rpc_server_is_mixed(const struct rpc_collected_call *c, const struct rpc_header *h,
                                const struct wire_reader *r)
{
	return c->is_open && ((h->pfc_flags & RPC_PFC_FIRST_FRAG) != 0 || h->call_id != c->id ||
	                      r->big_endian != c->big_endian);
}

static void rpc_server_on_request(struct rpc_server *s, const struct rpc_header *h,
                                  struct wire_reader *r)
{
	bool is_first = (h->pfc_flags & RPC_PFC_FIRST_FRAG) != 0;
	static const char mixed[] = "the fragments of two requests are mixed";
	struct rpc_collected_call *c = &s->call;
	struct rpc_request request;
	struct rpc_fault fault;

	rpc_request_decode(r, h, &request);
	if (s->step != BOUND || r->error != NULL) {
		rpc_answer_protocol_error(s, h->call_id, 0,
		                          r->error != NULL ? r->error
		                                           : "a request comes before the bind");
	} else if (rpc_server_is_mixed(c, h, r)) {
		/* If the caller multiplexes, Windows blames the second call. */
		if (s->is_multiplexed && h->call_id != c->id)
			rpc_answer_protocol_error(s, h->call_id, 0, mixed);
		else
			rpc_answer_protocol_error(s, c->id, c->request.context_id, mixed);
	} else if (!is_first && !c->is_open &&
	           !rpc_server_is_old_call(s, h->call_id)) { /* 3.3.3.5.6 */
		rpc_answer_protocol_error(s, h->call_id, 0, "a fragment belongs to no request");
	} else if (!rpc_security_check_request(&s->security, h, &request, r, &fault)) {
		rpc_answer_last_fault(
			s, h->call_id, &fault,
			r->error != NULL ? r->error
					 : "a request lacks the protection that was negotiated");
	} else if (c->is_open || (is_first && rpc_server_begin_call(s, h, &request))) {
		rpc_server_collect_fragment(s, h, &request, r);
	}
	wire_writer_fini(&s->security.plain_pdu);
}

/* A call runs as soon as it is whole, so there is nothing to cancel. */
static void rpc_server_on_co_cancel(struct rpc_server *s, const struct rpc_header *h,
                                    struct wire_reader *r)
{
	(void)s;
	(void)h;
	(void)r;
}

/* Drops the call. A caller that did not negotiate to keep the connection closes it now: [MS-RPCE]
 * 3.3.1.5.10. */
static void rpc_server_on_orphaned(struct rpc_server *s, const struct rpc_header *h,
                                   struct wire_reader *r)
{
	(void)r;
	if (s->presentation.keeps_on_orphan && s->call.is_open && s->call.id == h->call_id) {
		wire_writer_fini(&s->call.stub);
		s->call.is_open = false;
	}
}

/* ---- bytes ---- */

static void (*const handlers[])(struct rpc_server *, const struct rpc_header *,
                                struct wire_reader *) = {
	[RPC_REQUEST] = rpc_server_on_request,
	[RPC_BIND] = rpc_server_on_bind,
	[RPC_ALTER_CONTEXT] = rpc_server_on_alter_context,
	[RPC_AUTH3] = rpc_server_on_auth3,
	[RPC_CO_CANCEL] = rpc_server_on_co_cancel,
	[RPC_ORPHANED] = rpc_server_on_orphaned,
};

static void rpc_server_dispatch_pdu(struct rpc_server *s, const struct rpc_header *h,
                                    struct wire_reader *r)
{
	static const char version[] = "a PDU of an RPC version that is not supported";
	size_t count = sizeof handlers / sizeof *handlers;

	rpc_management_count(RPC_PACKETS_IN);
	if (h->version_minor != 0 && h->ptype == RPC_BIND) /* [MS-RPCE] 3.3.1.5.1 */
		rpc_answer_nak(s, h->call_id, RPC_NAK_PROTOCOL_VERSION_NOT_SUPPORTED, version);
	else if (h->version_minor != 0)
		rpc_answer_protocol_error(s, h->call_id, 0, version);
	else if (h->ptype >= count || handlers[h->ptype] == NULL)
		rpc_answer_protocol_error(s, h->call_id, 0,
		                          "a PDU of a type that servers do not receive");
	else
		handlers[h->ptype](s, h, r);
}

/* The input is no PDU, or a PDU that this server does not receive. */
static void rpc_server_refuse_pdu(struct rpc_server *s)
{
	const struct rpc_header *h = &s->pdus.refused;

	if (h->version == 5 && h->version_minor == 0)
		rpc_answer_protocol_error(s, h->call_id, 0, s->pdus.error);
	else if (h->version == 5 && h->ptype == RPC_BIND)
		rpc_answer_nak(s, h->call_id, RPC_NAK_PROTOCOL_VERSION_NOT_SUPPORTED,
		               s->pdus.error);
	rpc_server_end(s, s->pdus.error);
}

/* Whether input has to wait: until an answer is read, or until the host has answered an event. */
static bool rpc_server_is_busy(const struct rpc_server *s)
{
	return rpc_answer_pdu_left(s) > 0 || s->pending != NULL || s->call.is_whole;
}

/* Processes PDUs up to one that has an answer or an event. Returns how much is left of data. */
static size_t rpc_server_read_pdus(struct rpc_server *s, const uint8_t *data, size_t bytes,
                                   const uint8_t **rest)
{
	struct rpc_header h;
	struct wire_reader r;

	rpc_pdu_reader_feed(&s->pdus, data, bytes);
	while (!rpc_server_is_busy(s) && s->step != OVER && rpc_pdu_reader_next(&s->pdus, &h, &r))
		rpc_server_dispatch_pdu(s, &h, &r);
	if (s->pdus.error != NULL && s->step != OVER)
		rpc_server_refuse_pdu(s);
	return rpc_pdu_reader_take_rest(&s->pdus, rest);
}

/* Keeps input that has to wait. Reuses the room of input that was processed since, so that a caller
 * who always writes ahead needs no more memory than a caller who writes ahead once. */
static void rpc_server_queue_input(struct rpc_server *s, const uint8_t *data, size_t bytes)
{
	struct wire_writer *w = &s->queued;
	size_t waits = w->len - s->queued_at;

	if (waits + bytes > s->endpoint->max_request_bytes + MAX_FRAG) {
		rpc_server_end(s, "requests are sent without reading the answers");
		return;
	}
	if (s->queued_at > waits) {
		memmove(w->data, w->data + s->queued_at, waits);
		w->len = waits;
		s->queued_at = 0;
	}
	wire_put_bytes(w, data, bytes);
	if (w->failed)
		rpc_server_end(s, "out of memory");
}

bool rpc_server_feed(struct rpc_server *s, const void *data, size_t bytes)
{
	if (s->step == OVER)
		return false;
	if (s->queued.len == 0 && !rpc_server_is_busy(s)) {
		const uint8_t *rest;

		bytes = rpc_server_read_pdus(s, data, bytes, &rest);
		data = rest;
		if (s->step == OVER)
			return rpc_answer_pdu_left(s) > 0;
	}
	if (bytes > 0)
		rpc_server_queue_input(s, data, bytes);
	return s->step != OVER;
}

/* Called when the answer was read: processes the input that was queued until then. */
static void rpc_server_read_queued(struct rpc_server *s)
{
	const uint8_t *rest;
	size_t left;

	rpc_answer_clear(s);
	if (s->queued.len == 0)
		return;
	left = rpc_server_read_pdus(s, s->queued.data + s->queued_at, s->queued.len - s->queued_at,
	                            &rest);
	s->queued_at = s->queued.len - left;
	if (left == 0) {
		wire_writer_fini(&s->queued);
		s->queued_at = 0;
	}
}

enum rpc_server_event_kind rpc_server_next(struct rpc_server *s, struct rpc_server_event *event)
{
	*event = (struct rpc_server_event){ 0 };
	if (s->step == OVER)
		return RPC_SERVER_IDLE;
	if (s->pending != NULL) {
		event->token = s->pending->token;
		event->token_bytes = s->pending->token_bytes;
		return RPC_SERVER_TOKEN;
	}
	if (!s->call.is_whole)
		return RPC_SERVER_IDLE;
	event->interface = s->call.interface;
	event->opnum = s->call.request.opnum;
	event->stub = rpc_collected_call_stub(&s->call);
	event->answer = &s->answer.stub;
	return RPC_SERVER_CALL;
}

void rpc_server_authenticated(struct rpc_server *s, enum rpc_auth_progress progress,
                              const uint8_t *token, size_t bytes)
{
	rpc_server_finish_token(s, progress, token, bytes);
	if (rpc_answer_pdu_left(s) == 0 && s->step != OVER) /* an AUTH3 */
		rpc_server_read_queued(s);
}

/* The bytes that so much of a stub takes in fragments. */
static size_t rpc_server_fragments_bytes(const struct rpc_server *s, size_t stub_bytes)
{
	bool protects = rpc_security_protects(&s->security);
	size_t most = protects ? rpc_security_part_bytes(&s->security, s->max_frag)
	                       : rpc_call_part_bytes(s->max_frag),
	       whole = stub_bytes / most, rest = stub_bytes % most;

	if (protects)
		return whole * rpc_security_fragment_bytes(&s->security, most) +
		       (rest > 0 ? rpc_security_fragment_bytes(&s->security, rest) : 0);
	return stub_bytes + (whole + (rest > 0)) * RPC_CALL_HEADER_BYTES;
}

size_t rpc_server_pending(const struct rpc_server *s)
{
	size_t behind = s->answer.stub.len - s->answer.stub_next;

	return rpc_answer_pdu_left(s) + (behind > 0 ? rpc_server_fragments_bytes(s, behind) : 0);
}

size_t rpc_server_held_bytes(const struct rpc_server *s)
{
	size_t pending = s->pending != NULL ? sizeof *s->pending + s->pending->token_bytes : 0;

	return s->pdus.partial.cap + s->queued.cap + s->call.stub.cap + s->answer.head.cap +
	       s->answer.stub.cap + s->security.plain_pdu.cap + pending;
}

size_t rpc_server_read(struct rpc_server *s, struct wire_writer *to, size_t max_bytes, size_t *left)
{
	struct rpc_answer *a = &s->answer;
	size_t count = rpc_answer_pdu_left(s) < max_bytes ? rpc_answer_pdu_left(s) : max_bytes,
	       from_head = 0;

	if (a->at < a->head.len) {
		from_head = a->head.len - a->at < count ? a->head.len - a->at : count;
		wire_put_bytes(to, a->head.data + a->at, from_head);
	}
	if (count > from_head)
		wire_put_bytes(to, a->stub.data + a->stub_at + (a->at + from_head - a->head.len),
		               count - from_head);
	a->at += count;
	*left = rpc_answer_pdu_left(s);
	if (count > 0 && *left == 0) {
		rpc_management_count(RPC_PACKETS_OUT);
		a->stub_at = a->stub_next;
		if (a->stub_at < a->stub.len)
			rpc_answer_begin_fragment(s);
		else
			rpc_server_read_queued(s);
	}
	return count;
}
