/* SPDX-License-Identifier: MIT */
#include "relay/pipe.h"

#include <stdlib.h>
#include "relay/awaited.h"
#include "relay/calls.h"
#include "relay/contexts.h"
#include "relay/npa.h"
#include "rpc/pdu_reader.h"
#include "srvsvc/interface.h"

enum {
	MAX_CALLS = 16,            /* at once; more wait in the socket */
	MAX_REQUEST_BYTES = 16384, /* of what may be answered here, as messages: three names */
	OUTPUT_BYTES = 65536,      /* of an answer, before it is sent */
};

struct side {
	struct npa_reader messages;
	struct rpc_pdu_reader pdus;
	bool is_raw;               /* what came is no DCE/RPC: all goes on as it comes */
	struct wire_writer output; /* for this side */
};

struct relay_pipe {
	struct relay *relay;
	struct side sides[RELAY_SIDES];
	struct relay_contexts contexts;
	struct relay_calls calls;
	struct relay_awaited awaited;
	/* The caller authenticates himself, protects his calls or mixes them: none is looked at any
	 * more. */
	bool is_let_be;
	/* For the caller, when an answer of ours is sent: its fragments have to follow each other.
	 */
	struct wire_writer behind;
};

struct relay_pipe *relay_pipe_new(struct relay *relay)
{
	struct relay_pipe *p = calloc(1, sizeof *p);

	if (p == NULL)
		return NULL;
	p->relay = relay;
	for (int i = 0; i < RELAY_SIDES; i++)
		rpc_pdu_reader_init(&p->sides[i].pdus, UINT16_MAX);
	return p;
}

void relay_pipe_free(struct relay_pipe *p)
{
	if (p == NULL)
		return;
	relay_calls_fini(p->relay, &p->calls);
	for (int i = 0; i < RELAY_SIDES; i++) {
		rpc_pdu_reader_fini(&p->sides[i].pdus);
		wire_writer_fini(&p->sides[i].output);
	}
	wire_writer_fini(&p->behind);
	free(p);
}

struct wire_writer *relay_pipe_output(struct relay_pipe *p, enum relay_side to)
{
	return &p->sides[to].output;
}

static enum relay_side other(enum relay_side side)
{
	return side == RELAY_CALLER ? RELAY_SERVER : RELAY_CALLER;
}

static void put_message(struct wire_writer *w, const uint8_t *data, size_t bytes)
{
	size_t begin = npa_message_begin(w);

	wire_put_bytes(w, data, bytes);
	npa_message_end(w, begin);
}

static void pass(struct relay_pipe *p, enum relay_side from, const uint8_t *data, size_t bytes)
{
	bool waits = from == RELAY_SERVER && relay_calls_answering(&p->calls) != NULL;

	put_message(waits ? &p->behind : &p->sides[other(from)].output, data, bytes);
}

/* ---- answers of ours ---- */

static void put_fragment(struct relay_pipe *p, struct relay_call *call)
{
	struct wire_writer *output = &p->sides[RELAY_CALLER].output;
	const struct rpc_response response = { .context_id = call->context_id };
	size_t begin = npa_message_begin(output);
	uint16_t max_frag = p->contexts.max_frag;

	rpc_response_encode(output, call->call_id, &response, call->stub.data, call->stub.len,
	                    &call->at,
	                    max_frag > RPC_MIN_FRAG_BYTES ? max_frag : RPC_MIN_FRAG_BYTES);
	npa_message_end(output, begin);
}

static bool is_good(const struct relay_pipe *p)
{
	return !p->sides[RELAY_CALLER].output.failed && !p->sides[RELAY_SERVER].output.failed &&
	       !p->behind.failed && p->sides[RELAY_CALLER].messages.error == NULL &&
	       p->sides[RELAY_SERVER].messages.error == NULL &&
	       !p->sides[RELAY_CALLER].pdus.partial.failed &&
	       !p->sides[RELAY_SERVER].pdus.partial.failed;
}

bool relay_pipe_go_on(struct relay_pipe *p)
{
	struct wire_writer *output = &p->sides[RELAY_CALLER].output;
	struct relay_call *call;

	while (is_good(p) && output->len < OUTPUT_BYTES &&
	       (call = relay_calls_answering(&p->calls)) != NULL) {
		put_fragment(p, call);
		if (call->at == call->stub.len)
			relay_calls_remove(p->relay, &p->calls, call);
	}
	if (p->behind.len > 0 && relay_calls_answering(&p->calls) == NULL) {
		wire_put_bytes(output, p->behind.data, p->behind.len);
		wire_writer_fini(&p->behind);
		p->behind = (struct wire_writer){ 0 };
	}
	return is_good(p);
}

/* ---- what the caller says ---- */

static void await(struct relay_pipe *p, uint32_t call_id)
{
	p->relay->passed++;
	relay_awaited_add(&p->awaited, call_id);
}

/* Its request, or as much of it as came, is Samba's to answer. */
static void pass_on(struct relay_pipe *p, struct relay_call *call)
{
	wire_put_bytes(&p->sides[RELAY_SERVER].output, call->raw.data, call->raw.len);
	await(p, call->call_id);
	relay_calls_remove(p->relay, &p->calls, call);
}

static void ask(struct relay_pipe *p, struct relay_call *call)
{
	if (!relay_call_ask(p->relay, call, &p->sides[RELAY_SERVER].output))
		pass_on(p, call);
}

static bool may_be_ours(const struct relay_pipe *p, const struct rpc_header *h,
                        const struct rpc_request *request)
{
	return (request->opnum == SRVSVC_NETR_SESSION_ENUM ||
	        request->opnum == SRVSVC_NETR_SESSION_DEL) &&
	       relay_contexts_is_srvsvc(&p->contexts, request->context_id) &&
	       h->version_minor == 0 && (h->pfc_flags & RPC_PFC_PENDING_CANCEL) == 0 &&
	       relay_calls_find(&p->calls, h->call_id) == NULL &&
	       !relay_awaited_may_have(&p->awaited, h->call_id);
}

/* The call that a fragment of a request belongs to; NULL: one that is passed on. */
static struct relay_call *call_of(struct relay_pipe *p, const struct rpc_header *h,
                                  const struct rpc_request *request, bool big_endian)
{
	struct relay_call *call = relay_calls_collecting(&p->calls);

	if (call != NULL || (h->pfc_flags & RPC_PFC_FIRST_FRAG) == 0 || !may_be_ours(p, h, request))
		return call;
	call = relay_calls_add(&p->calls);
	if (call != NULL) {
		call->call_id = h->call_id;
		call->context_id = request->context_id;
		call->opnum = request->opnum;
		call->big_endian = big_endian;
	}
	return call;
}

/* Requests that are not whole leave room for answers. */
static bool is_much_held(const struct relay *relay)
{
	return relay->service.held_bytes > relay->settings.max_held_bytes / 2;
}

/* False: it is to be passed on. */
static bool take_request(struct relay_pipe *p, const struct rpc_header *h, struct wire_reader *r)
{
	const uint8_t *pdu = r->start;
	size_t bytes = (size_t)(r->end - r->start);
	bool is_last = (h->pfc_flags & RPC_PFC_LAST_FRAG) != 0;
	struct rpc_request request;
	struct relay_call *call;

	rpc_request_decode(r, h, &request);
	if (r->error != NULL) {
		call = relay_calls_collecting(&p->calls);
		if (call != NULL)
			pass_on(p, call);
		return false;
	}
	call = call_of(p, h, &request, r->big_endian);
	if (call == NULL)
		return false;
	put_message(&call->raw, pdu, bytes);
	wire_put_bytes(&call->stub, r->at, wire_left(r));
	p->sides[RELAY_SERVER].output.failed |= call->raw.failed || call->stub.failed;
	relay_call_count(p->relay, call);
	if (call->raw.len > MAX_REQUEST_BYTES || (!is_last && is_much_held(p->relay)))
		pass_on(p, call);
	else if (is_last)
		ask(p, call);
	return true;
}

/* What does not go on with a request whose fragments come is Samba's to judge, and that request
 * with it: it hangs up when there are two at once. */
static void pass_on_what_is_broken_off(struct relay_pipe *p, const struct rpc_header *h,
                                       const struct wire_reader *r)
{
	struct relay_call *call = relay_calls_collecting(&p->calls);
	bool is_request = h->ptype == RPC_REQUEST;

	if (call == NULL || (is_request && h->call_id == call->call_id &&
	                     (h->pfc_flags & RPC_PFC_FIRST_FRAG) == 0 && h->auth_length == 0 &&
	                     h->version_minor == 0 && r->big_endian == call->big_endian))
		return;
	pass_on(p, call);
	p->is_let_be |= is_request;
}

static void hear_caller(struct relay_pipe *p, const struct rpc_header *h, struct wire_reader *r)
{
	const uint8_t *pdu = r->start;
	size_t bytes = (size_t)(r->end - r->start);
	bool is_bind = h->ptype == RPC_BIND || h->ptype == RPC_ALTER_CONTEXT;

	pass_on_what_is_broken_off(p, h, r);
	p->is_let_be |= h->auth_length != 0;
	if (h->ptype == RPC_REQUEST && !p->is_let_be && take_request(p, h, r))
		return;
	if (is_bind && !p->is_let_be)
		relay_contexts_propose(&p->contexts, h, r);
	if (h->ptype == RPC_REQUEST && (h->pfc_flags & RPC_PFC_FIRST_FRAG) != 0)
		await(p, h->call_id);
	pass(p, RELAY_CALLER, pdu, bytes);
}

/* ---- what Samba says ---- */

/* Of a call that is over; among the others' answers. */
static void put_fault(struct relay_pipe *p, uint32_t call_id, uint16_t context_id, uint32_t status)
{
	const struct rpc_fault fault = { .context_id = context_id, .status = status };
	struct wire_writer pdu = { 0 };

	rpc_fault_encode(&pdu, call_id, &fault);
	p->sides[RELAY_CALLER].output.failed |= pdu.failed;
	pass(p, RELAY_SERVER, pdu.data, pdu.len);
	wire_writer_fini(&pdu);
}

static void follow(struct relay_pipe *p, struct relay_call *call, enum relay_outcome outcome,
                   uint32_t fault)
{
	switch (outcome) {
	case RELAY_PASS_ON:
		pass_on(p, call);
		break;
	case RELAY_FAULT: {
		uint32_t call_id = call->call_id;
		uint16_t context_id = call->context_id;

		relay_calls_remove(p->relay, &p->calls, call);
		put_fault(p, call_id, context_id, fault);
		break;
	}
	case RELAY_ANSWERED:
		p->relay->translated++;
		break;
	case RELAY_ASK_ON:
	case RELAY_CHECK:
		break;
	}
}

static void answer(struct relay_pipe *p, struct relay_call *call)
{
	uint32_t fault = 0;
	enum relay_outcome outcome = relay_call_answer(p->relay, call, &fault,
	                                               &p->sides[RELAY_SERVER].output);

	follow(p, call, outcome, fault);
}

/* False: it is to be passed on. */
static bool take_response(struct relay_pipe *p, const struct rpc_header *h, struct wire_reader *r)
{
	struct relay_call *call = relay_calls_find(&p->calls, h->call_id);
	struct rpc_response response;

	if (call == NULL || !relay_call_is_heard(call))
		return false;
	if (h->ptype == RPC_FAULT) {
		relay_calls_remove(p->relay, &p->calls, call);
		return false;
	}
	rpc_response_decode(r, &response);
	relay_call_hear(p->relay, call, r->at, wire_left(r), r->big_endian);
	if ((h->pfc_flags & RPC_PFC_LAST_FRAG) != 0)
		answer(p, call);
	return true;
}

static void hear_server(struct relay_pipe *p, const struct rpc_header *h, struct wire_reader *r)
{
	const uint8_t *pdu = r->start;
	size_t bytes = (size_t)(r->end - r->start);
	bool is_answer = h->ptype == RPC_RESPONSE || h->ptype == RPC_FAULT;

	if (is_answer && take_response(p, h, r))
		return;
	if (is_answer && (h->pfc_flags & RPC_PFC_LAST_FRAG) != 0 &&
	    !relay_awaited_remove(&p->awaited, h->call_id))
		relay_contexts_refuse(&p->contexts, h);
	if (h->ptype == RPC_BIND_NAK)
		relay_contexts_refuse(&p->contexts, h);
	if (h->ptype == RPC_BIND_ACK || h->ptype == RPC_ALTER_CONTEXT_RESP)
		relay_contexts_answer(&p->contexts, h, r);
	pass(p, RELAY_SERVER, pdu, bytes);
}

/* ---- bytes ---- */

/* What is no DCE/RPC goes on, behind what was kept before it. */
static void give_up(struct relay_pipe *p, enum relay_side from)
{
	struct rpc_pdu_reader *pdus = &p->sides[from].pdus;
	struct relay_call *call = relay_calls_collecting(&p->calls);
	const uint8_t *rest;
	size_t bytes = rpc_pdu_reader_take_rest(pdus, &rest);

	p->sides[from].is_raw = true;
	if (call != NULL && from == RELAY_CALLER)
		pass_on(p, call);
	if (pdus->partial.len > 0)
		pass(p, from, pdus->partial.data, pdus->partial.len);
	if (bytes > 0)
		pass(p, from, rest, bytes);
}

static void take_payload(struct relay_pipe *p, enum relay_side from, const struct npa_piece *piece)
{
	static void (*const hear[])(struct relay_pipe *, const struct rpc_header *,
	                            struct wire_reader *) = {
		[RELAY_CALLER] = hear_caller, [RELAY_SERVER] = hear_server
	};
	struct side *side = &p->sides[from];
	struct rpc_header h;
	struct wire_reader r;

	if (side->is_raw) {
		pass(p, from, piece->data, piece->bytes);
		return;
	}
	rpc_pdu_reader_feed(&side->pdus, piece->data, piece->bytes);
	while (rpc_pdu_reader_next(&side->pdus, &h, &r))
		hear[from](p, &h, &r);
	if (side->pdus.error != NULL)
		give_up(p, from);
}

bool relay_pipe_take(struct relay_pipe *p, enum relay_side from, const void *data, size_t bytes)
{
	struct side *side = &p->sides[from];
	struct wire_reader in;
	struct npa_piece piece;

	wire_reader_init(&in, data, bytes);
	while (npa_reader_next(&side->messages, &in, &piece))
		if (piece.kind == NPA_OPENING)
			wire_put_bytes(&p->sides[other(from)].output, piece.data, piece.bytes);
		else
			take_payload(p, from, &piece);
	return is_good(p);
}

bool relay_pipe_wants_check(const struct relay_pipe *p)
{
	return relay_calls_checking(&p->calls) != NULL;
}

bool relay_pipe_checked(struct relay_pipe *p, bool is_current)
{
	struct relay_call *call;
	uint32_t fault = 0;

	while ((call = relay_calls_checking(&p->calls)) != NULL) {
		enum relay_outcome outcome = relay_call_checked(p->relay, call, is_current, &fault,
		                                                &p->sides[RELAY_SERVER].output);

		follow(p, call, outcome, fault);
	}
	return is_good(p);
}

bool relay_pipe_wants(const struct relay_pipe *p, enum relay_side from)
{
	return from == RELAY_CALLER ? p->calls.count < MAX_CALLS
	                            : relay_calls_answering(&p->calls) == NULL;
}

bool relay_pipe_is_idle(const struct relay_pipe *p)
{
	return p->awaited.count == 0 && p->calls.count == 0;
}
