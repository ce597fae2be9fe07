/* SPDX-License-Identifier: MIT */
#include "rpc/client_association.h"

#include <assert.h>
#include <stdio.h>
#include "rpc/status.h"

#define CONTEXT_ID 0

void rpc_association_init(struct rpc_association *a)
{
	*a = (struct rpc_association){ .step = RPC_UNBOUND };
	rpc_pdu_reader_init(&a->pdus, RPC_MAX_FRAG_BYTES);
}

void rpc_association_fini(struct rpc_association *a)
{
	rpc_pdu_reader_fini(&a->pdus);
}

static enum rpc_event rpc_association_fail(struct rpc_association *a, enum rpc_step then,
                                           NET_API_STATUS status, const char *reason)
{
	const char *step = a->step == RPC_BINDING ? "bind srvsvc" : "RPC call";

	a->step = then;
	a->err = (struct err){ 0 };
	err_set(&a->err, status, step, reason);
	return RPC_FAILED;
}

static enum rpc_event rpc_association_protocol_error(struct rpc_association *a, const char *reason)
{
	return rpc_association_fail(a, RPC_BROKEN, RPC_S_PROTOCOL_ERROR, reason);
}

void rpc_association_bind(struct rpc_association *a, struct wire_writer *w,
                          const struct rpc_syntax *interface, uint32_t max_frag_bytes)
{
	uint32_t bytes = max_frag_bytes < RPC_MAX_FRAG_BYTES ? max_frag_bytes : RPC_MAX_FRAG_BYTES;
	struct rpc_bind bind = {
		.max_xmit_frag = (uint16_t)(bytes & ~7u),
		.max_recv_frag = (uint16_t)(bytes & ~7u),
		.contexts = { { .id = CONTEXT_ID,
		                .interface = *interface,
		                .transfers = { rpc_ndr_syntax },
		                .transfer_count = 1 } },
		.context_count = 1,
	};

	assert(a->step == RPC_UNBOUND && bytes >= RPC_MIN_FRAG_BYTES);
	a->step = RPC_BINDING;
	a->max_xmit_frag = bind.max_xmit_frag;
	rpc_bind_encode(w, ++a->call_id, &bind);
}

void rpc_association_call_early(struct rpc_association *a)
{
	assert(a->step == RPC_BINDING && !a->calls_early);
	a->calls_early = true;
	a->stub_bytes = 0;
}

void rpc_association_call(struct rpc_association *a)
{
	assert(a->step == RPC_IDLE);
	a->step = RPC_CALLING;
	a->call_id++;
	a->stub_bytes = 0;
}

void rpc_association_fragment(struct rpc_association *a, struct wire_writer *w, uint16_t opnum,
                              const uint8_t *stub, size_t bytes, size_t *at)
{
	struct rpc_request request = { .context_id = CONTEXT_ID, .opnum = opnum };

	assert(a->step == RPC_CALLING || (a->calls_early && bytes <= RPC_EARLY_STUB_BYTES));
	rpc_request_encode(w, a->call_id + a->calls_early, &request, stub, bytes, at,
	                   a->max_xmit_frag);
}

void rpc_association_feed(struct rpc_association *a, const void *data, size_t bytes)
{
	rpc_pdu_reader_feed(&a->pdus, data, bytes);
}

static enum rpc_event rpc_association_read_bind_ack(struct rpc_association *a,
                                                    struct wire_reader *r)
{
	struct rpc_bind_ack ack;
	char reason[96];

	rpc_bind_ack_decode(r, &ack);
	if (r->error == NULL && ack.result_count != 1)
		r->error = "the bind_ack does not have one result for each context";
	if (r->error != NULL)
		return rpc_association_protocol_error(a, r->error);
	if (ack.results[0].result != RPC_ACCEPTANCE) {
		struct rpc_refusal refusal = rpc_rejection_refusal(ack.results[0].reason);

		return rpc_association_fail(a, RPC_BROKEN, refusal.status, refusal.detail);
	}
	if (!rpc_syntax_equal(&ack.results[0].transfer, &rpc_ndr_syntax))
		return rpc_association_protocol_error(
			a, "the server accepted a transfer syntax that was not offered");
	if (ack.max_recv_frag < RPC_MIN_FRAG_BYTES) {
		snprintf(reason, sizeof reason,
		         "the server announces fragments of at most %u bytes; C706 demands %u",
		         (unsigned)ack.max_recv_frag, (unsigned)RPC_MIN_FRAG_BYTES);
		return rpc_association_protocol_error(a, reason);
	}
	if (ack.max_recv_frag < a->max_xmit_frag)
		a->max_xmit_frag = ack.max_recv_frag;
	a->step = a->calls_early ? RPC_CALLING : RPC_IDLE;
	a->call_id += a->calls_early;
	a->calls_early = false;
	return RPC_BOUND;
}

static enum rpc_event rpc_association_read_bind_nak(struct rpc_association *a,
                                                    struct wire_reader *r)
{
	struct rpc_refusal refusal;
	uint16_t reason;

	rpc_bind_nak_decode(r, &reason);
	if (r->error != NULL)
		return rpc_association_protocol_error(a, r->error);
	refusal = rpc_bind_nak_refusal(reason);
	return rpc_association_fail(a, RPC_BROKEN, refusal.status, refusal.detail);
}

static enum rpc_event rpc_association_read_response(struct rpc_association *a,
                                                    const struct rpc_header *h,
                                                    struct wire_reader *r, struct rpc_piece *piece)
{
	bool first = (h->pfc_flags & RPC_PFC_FIRST_FRAG) != 0;
	struct rpc_response response;

	rpc_response_decode(r, &response);
	if (r->error != NULL)
		return rpc_association_protocol_error(a, r->error);
	if (response.context_id != CONTEXT_ID)
		return rpc_association_protocol_error(
			a, "the response is of another presentation context");
	if (first != (a->stub_bytes == 0))
		return rpc_association_protocol_error(
			a, "the fragments of a response are out of order");
	*piece = (struct rpc_piece){
		.data = r->at,
		.bytes = wire_left(r),
		.big_endian = r->big_endian,
		.last = (h->pfc_flags & RPC_PFC_LAST_FRAG) != 0,
	};
	if (!piece->last && piece->bytes == 0)
		return rpc_association_protocol_error(a, "a fragment has no stub");
	a->stub_bytes += piece->bytes;
	if (a->stub_bytes > RPC_MAX_STUB_BYTES)
		return rpc_association_protocol_error(a, "the response is longer than 512 MiB");
	if (piece->last)
		a->step = RPC_IDLE;
	else if (response.alloc_hint > piece->bytes)
		piece->remaining_bytes = response.alloc_hint - (uint32_t)piece->bytes;
	return RPC_STUB;
}

static enum rpc_event rpc_association_read_fault(struct rpc_association *a,
                                                 const struct rpc_header *h, struct wire_reader *r)
{
	struct rpc_fault fault;
	struct rpc_refusal refusal;

	rpc_fault_decode(r, h, &fault);
	if (r->error != NULL)
		return rpc_association_protocol_error(a, r->error);
	refusal = rpc_fault_refusal(fault.status);
	return rpc_association_fail(a, a->step == RPC_CALLING ? RPC_IDLE : RPC_BROKEN,
	                            refusal.status, refusal.detail);
}

enum rpc_event rpc_association_next(struct rpc_association *a, struct rpc_piece *piece)
{
	struct rpc_header h;
	struct wire_reader r;

	if (a->step == RPC_BROKEN)
		return RPC_FAILED;
	if (!rpc_pdu_reader_next(&a->pdus, &h, &r))
		return a->pdus.error != NULL ? rpc_association_protocol_error(a, a->pdus.error)
		                             : RPC_WANT_BYTES;
	if (h.call_id != a->call_id || (a->step != RPC_BINDING && a->step != RPC_CALLING))
		return rpc_association_protocol_error(
			a, "the server answered a call that was not made");
	if (h.auth_length != 0)
		return rpc_association_protocol_error(
			a, "the server sent RPC authentication that was not requested");
	if (h.ptype == RPC_FAULT)
		return rpc_association_read_fault(a, &h, &r);
	if (a->step == RPC_BINDING && h.ptype == RPC_BIND_ACK)
		return rpc_association_read_bind_ack(a, &r);
	if (a->step == RPC_BINDING && h.ptype == RPC_BIND_NAK)
		return rpc_association_read_bind_nak(a, &r);
	if (a->step == RPC_CALLING && h.ptype == RPC_RESPONSE)
		return rpc_association_read_response(a, &h, &r, piece);
	return rpc_association_protocol_error(a, "the server sent a PDU of an unexpected type");
}
