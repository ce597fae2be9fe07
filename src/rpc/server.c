/* SPDX-License-Identifier: MIT */
/* Where C706 leaves room, or where servers do otherwise than it says, this does as Windows does.
 *
 * One answer at a time: what the caller writes before it has read the answer waits. So an answer is
 * built in one piece and cut into fragments as they are read, and nobody makes this server hold
 * two. To one who multiplexes ([MS-RPCE] 3.3.1.5.8) answers come in the order of the requests. */
#include <stdlib.h>
#include <string.h>
#include "rpc/management.h"
#include "rpc/internal.h"

struct rpc_server *rpc_server_new(const struct rpc_endpoint *endpoint, void *context)
{
	struct rpc_server *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->endpoint = endpoint;
	s->context = context;
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
	free(s);
}

void rpc_server_set_security(struct rpc_server *s, const struct rpc_security_provider *security,
                             void *security_context)
{
	s->security.provider = security;
	s->security.context = security_context;
}

void rpc_server_take_turns(struct rpc_server *s, bool (*has_turn)(void *context), void *context)
{
	s->has_turn = has_turn;
	s->turn_context = context;
}

bool rpc_server_is_over(const struct rpc_server *s)
{
	return s->step == OVER;
}

/* ---- what is answered ---- */

static size_t rpc_answer_pdu_left(const struct rpc_server *s)
{
	return s->answer.head.len + s->answer.part_bytes - s->answer.at;
}

void rpc_answer_clear(struct rpc_server *s)
{
	wire_writer_fini(&s->answer.head);
	wire_writer_fini(&s->answer.stub);
	s->answer = (struct rpc_answer){ 0 };
}

void rpc_answer_check(struct rpc_server *s)
{
	if (!s->answer.head.failed)
		return;
	rpc_answer_clear(s);
	s->step = OVER;
}

void rpc_answer_fault(struct rpc_server *s, uint32_t call_id, const struct rpc_fault *fault)
{
	rpc_answer_clear(s);
	rpc_fault_encode(&s->answer.head, call_id, fault);
	rpc_answer_check(s);
}

void rpc_answer_last_fault(struct rpc_server *s, uint32_t call_id, const struct rpc_fault *fault)
{
	rpc_answer_fault(s, call_id, fault);
	s->step = OVER;
}

void rpc_answer_protocol_error(struct rpc_server *s, uint32_t call_id, uint16_t context_id)
{
	rpc_answer_last_fault(
		s, call_id,
		&(struct rpc_fault){ .status = RPC_FAULT_PROTO_ERROR, .context_id = context_id });
}

void rpc_answer_nak(struct rpc_server *s, uint32_t call_id, enum rpc_nak_reason reason)
{
	rpc_bind_nak_encode(&s->answer.head, call_id, (uint16_t)reason);
	rpc_answer_check(s);
	s->step = OVER;
}

void rpc_answer_begin_fragment(struct rpc_server *s)
{
	struct rpc_answer *a = &s->answer;
	bool protects = rpc_security_protects(&s->security);
	size_t max_frag = protects ? RPC_CALL_HEADER_BYTES + rpc_security_part_bytes(s)
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
		rpc_security_protect_response(s, RPC_CALL_HEADER_BYTES);
	}
	rpc_answer_check(s);
}

/* ---- bytes ---- */

static void (*const takers[])(struct rpc_server *, const struct rpc_header *,
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
	size_t count = sizeof takers / sizeof *takers;

	rpc_management_count(RPC_PACKETS_IN);
	if (h->version_minor != 0 && h->ptype == RPC_BIND) /* [MS-RPCE] 3.3.1.5.1 */
		rpc_answer_nak(s, h->call_id, RPC_NAK_PROTOCOL_VERSION_NOT_SUPPORTED);
	else if (h->version_minor != 0 || h->ptype >= count || takers[h->ptype] == NULL)
		rpc_answer_protocol_error(s, h->call_id, 0);
	else
		takers[h->ptype](s, h, r);
}

/* What came is no PDU, or none that we can receive. */
static void rpc_server_refuse_pdu(struct rpc_server *s)
{
	const struct rpc_header *h = &s->pdus.refused;

	if (h->version == 5 && h->version_minor == 0)
		rpc_answer_protocol_error(s, h->call_id, 0);
	else if (h->version == 5 && h->ptype == RPC_BIND)
		rpc_answer_nak(s, h->call_id, RPC_NAK_PROTOCOL_VERSION_NOT_SUPPORTED);
	s->step = OVER;
}

/* Whether what comes has to wait: for an answer to be read, or made, or for a turn. */
static bool rpc_server_is_busy(const struct rpc_server *s)
{
	return rpc_answer_pdu_left(s) > 0 || s->security.step == RPC_SECURITY_PENDING ||
	       (s->has_turn != NULL && !s->has_turn(s->turn_context));
}

/* Takes PDUs up to one that is answered. Returns what is left of data. */
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

/* Keeps what comes before the answer was read. What was taken up since makes room for it, so that
 * one who always writes ahead needs no more than one who does so once. */
static void rpc_server_queue_input(struct rpc_server *s, const uint8_t *data, size_t bytes)
{
	struct wire_writer *w = &s->queued;
	size_t waits = w->len - s->queued_at;

	if (waits + bytes > s->endpoint->max_request_bytes + MAX_FRAG) {
		s->step = OVER;
		return;
	}
	if (s->queued_at > waits) {
		memmove(w->data, w->data + s->queued_at, waits);
		w->len = waits;
		s->queued_at = 0;
	}
	wire_put_bytes(w, data, bytes);
	if (w->failed)
		s->step = OVER;
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

/* The answer was read: on with what was written meanwhile. */
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

void rpc_server_go_on(struct rpc_server *s)
{
	if (s->step != OVER && s->queued.len > 0 && !rpc_server_is_busy(s))
		rpc_server_read_queued(s);
}

void rpc_server_authenticated(struct rpc_server *s, enum rpc_auth_progress progress,
                              const uint8_t *token, size_t bytes)
{
	rpc_server_finish_token(s, progress, token, bytes);
	if (rpc_answer_pdu_left(s) == 0 && s->step != OVER) /* an AUTH3 */
		rpc_server_read_queued(s);
}

/* What so much of a stub weighs in fragments. */
static size_t rpc_server_fragments_bytes(const struct rpc_server *s, size_t stub_bytes)
{
	bool protects = rpc_security_protects(&s->security);
	size_t most = protects ? rpc_security_part_bytes(s) : rpc_call_part_bytes(s->max_frag),
	       whole = stub_bytes / most, rest = stub_bytes % most;

	if (protects)
		return whole * rpc_security_fragment_bytes(s, most) +
		       (rest > 0 ? rpc_security_fragment_bytes(s, rest) : 0);
	return stub_bytes + (whole + (rest > 0)) * RPC_CALL_HEADER_BYTES;
}

size_t rpc_server_pending(const struct rpc_server *s)
{
	size_t behind = s->answer.stub.len - s->answer.stub_next;

	return rpc_answer_pdu_left(s) + (behind > 0 ? rpc_server_fragments_bytes(s, behind) : 0);
}

size_t rpc_server_held_bytes(const struct rpc_server *s)
{
	return s->pdus.partial.cap + s->queued.cap + s->call.stub.cap + s->answer.head.cap +
	       s->answer.stub.cap + s->security.plain_pdu.cap;
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
