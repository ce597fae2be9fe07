/* SPDX-License-Identifier: MIT */
#include "relay/pipe.h"

#include <stdlib.h>
#include "relay/calls.h"
#include "relay/contexts.h"
#include "relay/npa.h"
#include "rpc/pdu_reader.h"
#include "srvsvc/interface.h"

enum {
	MAX_CALLS = 16,            /* at once; more wait in the socket */
	MAX_REQUEST_BYTES = 65536, /* of what may be answered here: two names */
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
	uint32_t awaited; /* answers of Samba's to what was passed on */
	/* The caller authenticates himself, or protects his calls: none is looked at any more. */
	bool is_secured;
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
	       p->sides[RELAY_SERVER].messages.error == NULL;
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

/* Its request is Samba's to answer. */
static void pass_on(struct relay_pipe *p, struct relay_call *call)
{
	wire_put_bytes(&p->sides[RELAY_SERVER].output, call->raw.data, call->raw.len);
	relay_calls_remove(p->relay, &p->calls, call);
	p->relay->passed++;
	p->awaited++;
}

static void ask(struct relay_pipe *p, struct relay_call *call)
{
	struct wire_writer *output = &p->sides[RELAY_SERVER].output;
	size_t before = output->len, begin = npa_message_begin(output);

	if (relay_call_ask(p->relay, call, output)) {
		npa_message_end(output, begin);
	} else {
		output->len = before;
		pass_on(p, call);
	}
}

static bool may_be_ours(const struct relay_pipe *p, const struct rpc_request *request)
{
	return (request->opnum == SRVSVC_NETR_SESSION_ENUM ||
	        request->opnum == SRVSVC_NETR_SESSION_DEL) &&
	       relay_contexts_is_srvsvc(&p->contexts, request->context_id);
}

/* The call that a fragment of a request belongs to; NULL: one that is passed on. */
static struct relay_call *call_of(struct relay_pipe *p, const struct rpc_header *h,
                                  const struct rpc_request *request, bool big_endian)
{
	struct relay_call *call = relay_calls_find(&p->calls, h->call_id);

	if ((h->pfc_flags & RPC_PFC_FIRST_FRAG) == 0)
		return call != NULL && call->step == RELAY_COLLECTING ? call : NULL;
	if (call != NULL || !may_be_ours(p, request))
		return NULL;
	call = relay_calls_add(&p->calls);
	if (call != NULL) {
		call->call_id = h->call_id;
		call->context_id = request->context_id;
		call->opnum = request->opnum;
		call->big_endian = big_endian;
	}
	return call;
}

/* False: it is to be passed on. */
static bool take_request(struct relay_pipe *p, const struct rpc_header *h, struct wire_reader *r)
{
	const uint8_t *pdu = r->start;
	size_t bytes = (size_t)(r->end - r->start);
	struct rpc_request request;
	struct relay_call *call;

	rpc_request_decode(r, h, &request);
	if (r->error != NULL)
		return false;
	call = call_of(p, h, &request, r->big_endian);
	if (call == NULL)
		return false;
	put_message(&call->raw, pdu, bytes);
	wire_put_bytes(&call->stub, r->at, wire_left(r));
	p->sides[RELAY_SERVER].output.failed |= call->raw.failed || call->stub.failed;
	relay_call_count(p->relay, call);
	if (call->raw.len > MAX_REQUEST_BYTES)
		pass_on(p, call);
	else if ((h->pfc_flags & RPC_PFC_LAST_FRAG) != 0)
		ask(p, call);
	return true;
}

static void hear_caller(struct relay_pipe *p, const struct rpc_header *h, struct wire_reader *r)
{
	const uint8_t *pdu = r->start;
	size_t bytes = (size_t)(r->end - r->start);
	bool is_bind = h->ptype == RPC_BIND || h->ptype == RPC_ALTER_CONTEXT;

	p->is_secured |= h->auth_length != 0;
	if (h->ptype == RPC_REQUEST && !p->is_secured && take_request(p, h, r))
		return;
	if (is_bind && !p->is_secured)
		relay_contexts_propose(&p->contexts, h, r);
	if (h->ptype == RPC_REQUEST && (h->pfc_flags & RPC_PFC_LAST_FRAG) != 0) {
		p->relay->passed++;
		p->awaited++;
	}
	pass(p, RELAY_CALLER, pdu, bytes);
}

/* ---- what Samba says ---- */

static void put_fault(struct relay_pipe *p, const struct relay_call *call, uint32_t status)
{
	const struct rpc_fault fault = { .context_id = call->context_id, .status = status };
	struct wire_writer *output = &p->sides[RELAY_CALLER].output;
	size_t begin = npa_message_begin(output);

	rpc_fault_encode(output, call->call_id, &fault);
	npa_message_end(output, begin);
}

static void answer(struct relay_pipe *p, struct relay_call *call)
{
	struct wire_writer *output = &p->sides[RELAY_SERVER].output;
	size_t before = output->len, begin = npa_message_begin(output);
	enum relay_outcome outcome;
	uint32_t fault = 0;

	outcome = relay_call_answer(p->relay, call, &fault, output);
	if (outcome == RELAY_ASK_ON)
		npa_message_end(output, begin);
	else
		output->len = before;
	switch (outcome) {
	case RELAY_PASS_ON:
		pass_on(p, call);
		break;
	case RELAY_FAULT:
		put_fault(p, call, fault);
		relay_calls_remove(p->relay, &p->calls, call);
		break;
	case RELAY_ANSWERED:
		p->relay->translated++;
		break;
	case RELAY_ASK_ON:
		break;
	}
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
	if (is_answer && (h->pfc_flags & RPC_PFC_LAST_FRAG) != 0 && p->awaited > 0)
		p->awaited--;
	if (h->ptype == RPC_BIND_ACK || h->ptype == RPC_ALTER_CONTEXT_RESP)
		relay_contexts_answer(&p->contexts, h, r);
	pass(p, RELAY_SERVER, pdu, bytes);
}

/* ---- bytes ---- */

/* What is no DCE/RPC goes on, the piece of it that was kept first. */
static void give_up(struct relay_pipe *p, enum relay_side from)
{
	struct rpc_pdu_reader *pdus = &p->sides[from].pdus;
	const uint8_t *rest;
	size_t bytes = rpc_pdu_reader_take_rest(pdus, &rest);

	p->sides[from].is_raw = true;
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

bool relay_pipe_wants(const struct relay_pipe *p, enum relay_side from)
{
	return from == RELAY_CALLER ? p->calls.count < MAX_CALLS
	                            : relay_calls_answering(&p->calls) == NULL;
}

bool relay_pipe_is_idle(const struct relay_pipe *p)
{
	return p->awaited == 0 && p->calls.count == 0;
}
