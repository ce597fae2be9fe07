/* SPDX-License-Identifier: MIT */
#include "samba/relay/pipe.h"

#include <stdlib.h>
#include <string.h>
#include "samba/relay/intercepted_calls.h"
#include "samba/relay/contexts.h"
#include "samba/relay/npa.h"
#include "rpc/pdu.h"
#include "srvsvc/interface.h"

enum {
	MAX_CALLS = 16,            /* intercepted at a time; further requests wait in the socket */
	MAX_REQUEST_BYTES = 16384, /* of an intercepted request, as messages: three names */
	OUTPUT_BYTES = 65536,      /* of an answer that are encoded before they are sent */
	MAX_OUTSTANDING_CALLS = 64,
};

struct relay_pipe_side {
	struct npa_reader messages;
	struct rpc_pdu_reader pdus;
	bool is_raw;               /* the side does not send DCE/RPC: all is forwarded as it is */
	struct wire_writer output; /* for this side */
};

/* The calls that were forwarded to Samba and are not answered yet, by their ids. A call must not be
 * intercepted whose id is one of them: its answer would be taken for the one to our query. */
struct outstanding_calls {
	uint32_t ids[MAX_OUTSTANDING_CALLS];
	unsigned count;
	bool has_overflowed; /* there were more: any id may be outstanding from then on */
};

struct relay_pipe {
	struct relay *relay;
	struct relay_pipe_side sides[RELAY_SIDES];
	struct relay_contexts contexts;
	struct intercepted_calls calls;
	struct outstanding_calls outstanding;
	/* The client authenticates, protects its calls, or mixes fragments of several: no call of
	 * it is intercepted any more. */
	bool is_transparent;
	/* What Samba sent for the client while an answer of the relay is being sent: the fragments
	 * of an answer have to follow each other. */
	struct wire_writer deferred;
	uint8_t opening[NPA_CLIENT_BYTES]; /* opening_bytes of the caller's */
	size_t opening_bytes;
};

struct relay_pipe *relay_pipe_new(struct relay *relay)
{
	struct relay_pipe *p = calloc(1, sizeof *p);

	if (p == NULL)
		return NULL;
	p->relay = relay;
	intercepted_calls_init(&p->calls);
	for (int i = 0; i < RELAY_SIDES; i++)
		rpc_pdu_reader_init(&p->sides[i].pdus, UINT16_MAX);
	return p;
}

void relay_pipe_free(struct relay_pipe *p)
{
	if (p == NULL)
		return;
	intercepted_calls_fini(p->relay, &p->calls);
	for (int i = 0; i < RELAY_SIDES; i++) {
		rpc_pdu_reader_fini(&p->sides[i].pdus);
		wire_writer_fini(&p->sides[i].output);
	}
	wire_writer_fini(&p->deferred);
	free(p);
}

struct wire_writer *relay_pipe_output(struct relay_pipe *p, enum relay_side to)
{
	return &p->sides[to].output;
}

static enum relay_side relay_side_other(enum relay_side side)
{
	return side == RELAY_CALLER ? RELAY_SERVER : RELAY_CALLER;
}

static void npa_put_message(struct wire_writer *w, const uint8_t *data, size_t bytes)
{
	size_t begin = npa_message_begin(w);

	wire_put_bytes(w, data, bytes);
	npa_message_end(w, begin);
}

static void relay_pipe_forward(struct relay_pipe *p, enum relay_side from, const uint8_t *data,
                               size_t bytes)
{
	bool waits = from == RELAY_SERVER &&
	             intercepted_calls_first(&p->calls, CALL_ANSWERING) != NULL;

	npa_put_message(waits ? &p->deferred : &p->sides[relay_side_other(from)].output, data,
	                bytes);
}

/* ---- calls of which Samba owes the answer ---- */

static unsigned outstanding_calls_find(const struct outstanding_calls *o, uint32_t id)
{
	unsigned at = 0;

	while (at < o->count && o->ids[at] != id)
		at++;
	return at;
}

static void outstanding_calls_add(struct outstanding_calls *o, uint32_t id)
{
	if (o->count < MAX_OUTSTANDING_CALLS)
		o->ids[o->count++] = id;
	else
		o->has_overflowed = true;
}

static bool outstanding_calls_may_have(const struct outstanding_calls *o, uint32_t id)
{
	return o->has_overflowed || outstanding_calls_find(o, id) < o->count;
}

/* False: the id is not known to be outstanding. */
static bool outstanding_calls_remove(struct outstanding_calls *o, uint32_t id)
{
	unsigned at = outstanding_calls_find(o, id);

	if (at == o->count)
		return false;
	o->ids[at] = o->ids[--o->count];
	return true;
}

/* ---- answers of the relay ---- */

static void relay_pipe_put_fragment(struct relay_pipe *p, struct intercepted_call *call)
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

static bool relay_pipe_is_usable(const struct relay_pipe *p)
{
	bool is_usable = !p->deferred.failed;

	for (int i = 0; i < RELAY_SIDES; i++)
		is_usable &= p->sides[i].messages.err.status == 0 &&
		             !p->sides[i].pdus.partial.failed && !p->sides[i].output.failed;
	return is_usable;
}

struct err relay_pipe_error(const struct relay_pipe *p)
{
	static const char *const names[] = { [RELAY_CALLER] = "smbd", [RELAY_SERVER] = "Samba" };
	struct err err = { 0 };

	for (int i = 0; i < RELAY_SIDES; i++) {
		const struct err *sent = &p->sides[i].messages.err;

		if (sent->status != 0)
			err_format(&err, sent->status, sent->step, "%s sent %s", names[i],
			           sent->text);
	}
	err_set(&err, ERROR_NOT_ENOUGH_MEMORY, "relay", NULL);
	return err;
}

bool relay_pipe_continue(struct relay_pipe *p)
{
	struct wire_writer *output = &p->sides[RELAY_CALLER].output;
	struct intercepted_call *call;

	while (relay_pipe_is_usable(p) && output->len < OUTPUT_BYTES &&
	       (call = intercepted_calls_first(&p->calls, CALL_ANSWERING)) != NULL) {
		relay_pipe_put_fragment(p, call);
		if (call->at == call->stub.len)
			intercepted_calls_remove(p->relay, &p->calls, call);
	}
	if (p->deferred.len > 0 && intercepted_calls_first(&p->calls, CALL_ANSWERING) == NULL) {
		wire_put_bytes(output, p->deferred.data, p->deferred.len);
		wire_writer_fini(&p->deferred);
		p->deferred = (struct wire_writer){ 0 };
	}
	return relay_pipe_is_usable(p);
}

/* ---- what the client sends ---- */

static void relay_pipe_expect_answer(struct relay_pipe *p, uint32_t call_id)
{
	p->relay->forwarded++;
	outstanding_calls_add(&p->outstanding, call_id);
}

/* Samba is to answer the request, of which all that came so far is forwarded. */
static void relay_pipe_forward_call(struct relay_pipe *p, struct intercepted_call *call)
{
	wire_put_bytes(&p->sides[RELAY_SERVER].output, call->raw.data, call->raw.len);
	relay_pipe_expect_answer(p, call->call_id);
	intercepted_calls_remove(p->relay, &p->calls, call);
}

static void relay_pipe_query(struct relay_pipe *p, struct intercepted_call *call)
{
	if (!intercepted_call_query(p->relay, call, &p->sides[RELAY_SERVER].output))
		relay_pipe_forward_call(p, call);
}

static bool relay_pipe_may_intercept(const struct relay_pipe *p, const struct rpc_header *h,
                                     const struct rpc_request *request)
{
	return (request->opnum == SRVSVC_NETR_SESSION_ENUM ||
	        request->opnum == SRVSVC_NETR_SESSION_DEL) &&
	       relay_contexts_is_srvsvc(&p->contexts, request->context_id) &&
	       h->version_minor == 0 && (h->pfc_flags & RPC_PFC_PENDING_CANCEL) == 0 &&
	       intercepted_calls_find(&p->calls, h->call_id) == NULL &&
	       !outstanding_calls_may_have(&p->outstanding, h->call_id);
}

/* Returns the intercepted call to which a fragment of a request belongs. NULL: it is forwarded. */
static struct intercepted_call *relay_pipe_find_call(struct relay_pipe *p,
                                                     const struct rpc_header *h,
                                                     const struct rpc_request *request,
                                                     bool big_endian)
{
	struct intercepted_call *call = intercepted_calls_first(&p->calls, CALL_COLLECTING);

	if (call != NULL || (h->pfc_flags & RPC_PFC_FIRST_FRAG) == 0 ||
	    !relay_pipe_may_intercept(p, h, request))
		return call;
	call = intercepted_calls_add(&p->calls);
	if (call == NULL) {
		/* Samba would answer in another way: the pipe ends, as where memory runs out
		 * later. */
		p->sides[RELAY_SERVER].output.failed = true;
	} else {
		call->call_id = h->call_id;
		call->context_id = request->context_id;
		call->opnum = request->opnum;
		call->big_endian = big_endian;
	}
	return call;
}

/* So much that incomplete requests must not take the room of answers. */
static bool relay_holds_much(const struct relay *relay)
{
	return relay->service.held_bytes > relay->settings.max_held_bytes / 2;
}

/* False: the PDU is to be forwarded. */
static bool relay_pipe_take_request(struct relay_pipe *p, const struct rpc_header *h,
                                    struct wire_reader *r)
{
	const uint8_t *pdu = r->start;
	size_t bytes = (size_t)(r->end - r->start);
	bool is_last = (h->pfc_flags & RPC_PFC_LAST_FRAG) != 0;
	struct rpc_request request;
	struct intercepted_call *call;

	rpc_request_decode(r, h, &request);
	if (r->error != NULL) {
		call = intercepted_calls_first(&p->calls, CALL_COLLECTING);
		if (call != NULL)
			relay_pipe_forward_call(p, call);
		return false;
	}
	call = relay_pipe_find_call(p, h, &request, r->big_endian);
	if (call == NULL)
		return false;
	npa_put_message(&call->raw, pdu, bytes);
	wire_put_bytes(&call->stub, r->at, wire_left(r));
	p->sides[RELAY_SERVER].output.failed |= call->raw.failed || call->stub.failed;
	intercepted_call_count_bytes(p->relay, call);
	if (call->raw.len > MAX_REQUEST_BYTES || (!is_last && relay_holds_much(p->relay)))
		relay_pipe_forward_call(p, call);
	else if (is_last)
		relay_pipe_query(p, call);
	return true;
}

/* A PDU that is not the next fragment of the request whose fragments are coming: Samba must judge
 * both, and hangs up if it gets fragments of two requests. */
static void relay_pipe_forward_interrupted(struct relay_pipe *p, const struct rpc_header *h,
                                           const struct wire_reader *r)
{
	struct intercepted_call *call = intercepted_calls_first(&p->calls, CALL_COLLECTING);
	bool is_request = h->ptype == RPC_REQUEST;

	if (call == NULL || (is_request && h->call_id == call->call_id &&
	                     (h->pfc_flags & RPC_PFC_FIRST_FRAG) == 0 && h->auth_length == 0 &&
	                     h->version_minor == 0 && r->big_endian == call->big_endian))
		return;
	relay_pipe_forward_call(p, call);
	p->is_transparent |= is_request;
}

static void relay_pipe_on_caller_pdu(struct relay_pipe *p, const struct rpc_header *h,
                                     struct wire_reader *r)
{
	const uint8_t *pdu = r->start;
	size_t bytes = (size_t)(r->end - r->start);
	bool is_bind = h->ptype == RPC_BIND || h->ptype == RPC_ALTER_CONTEXT;

	relay_pipe_forward_interrupted(p, h, r);
	p->is_transparent |= h->auth_length != 0;
	if (h->ptype == RPC_REQUEST && !p->is_transparent && relay_pipe_take_request(p, h, r))
		return;
	if (is_bind && !p->is_transparent)
		relay_contexts_propose(&p->contexts, h, r);
	if (h->ptype == RPC_REQUEST && (h->pfc_flags & RPC_PFC_FIRST_FRAG) != 0)
		relay_pipe_expect_answer(p, h->call_id);
	relay_pipe_forward(p, RELAY_CALLER, pdu, bytes);
}

/* ---- what Samba sends ---- */

/* Sends a fault, between the answers of other calls. */
static void relay_pipe_put_fault(struct relay_pipe *p, uint32_t call_id, uint16_t context_id,
                                 uint32_t status)
{
	const struct rpc_fault fault = { .context_id = context_id, .status = status };
	struct wire_writer pdu = { 0 };

	rpc_fault_encode(&pdu, call_id, &fault);
	p->sides[RELAY_CALLER].output.failed |= pdu.failed;
	relay_pipe_forward(p, RELAY_SERVER, pdu.data, pdu.len);
	wire_writer_fini(&pdu);
}

static void relay_pipe_apply_outcome(struct relay_pipe *p, struct intercepted_call *call,
                                     enum intercepted_call_outcome outcome, uint32_t fault)
{
	switch (outcome) {
	case CALL_FORWARD:
		relay_pipe_forward_call(p, call);
		break;
	case CALL_FAULT: {
		uint32_t call_id = call->call_id;
		uint16_t context_id = call->context_id;

		intercepted_calls_remove(p->relay, &p->calls, call);
		relay_pipe_put_fault(p, call_id, context_id, fault);
		break;
	}
	case CALL_ANSWERED:
		p->relay->intercepted++;
		break;
	case CALL_QUERY:
	case CALL_REFRESH:
		break;
	}
}

static void relay_pipe_complete_call(struct relay_pipe *p, struct intercepted_call *call)
{
	uint32_t fault = 0;
	enum intercepted_call_outcome outcome =
		intercepted_call_complete(p->relay, call, &fault, &p->sides[RELAY_SERVER].output);

	relay_pipe_apply_outcome(p, call, outcome, fault);
}

/* False: the PDU is to be forwarded. */
static bool relay_pipe_take_response(struct relay_pipe *p, const struct rpc_header *h,
                                     struct wire_reader *r)
{
	struct intercepted_call *call = intercepted_calls_find(&p->calls, h->call_id);
	struct rpc_response response;

	if (call == NULL || !intercepted_call_expects_response(call))
		return false;
	if (h->ptype == RPC_FAULT) {
		intercepted_calls_remove(p->relay, &p->calls, call);
		return false;
	}
	rpc_response_decode(r, &response);
	intercepted_call_receive(p->relay, call, r->at, wire_left(r), r->big_endian);
	if ((h->pfc_flags & RPC_PFC_LAST_FRAG) != 0)
		relay_pipe_complete_call(p, call);
	return true;
}

static void relay_pipe_on_server_pdu(struct relay_pipe *p, const struct rpc_header *h,
                                     struct wire_reader *r)
{
	const uint8_t *pdu = r->start;
	size_t bytes = (size_t)(r->end - r->start);
	bool is_answer = h->ptype == RPC_RESPONSE || h->ptype == RPC_FAULT;

	if (is_answer && relay_pipe_take_response(p, h, r))
		return;
	if (is_answer && (h->pfc_flags & RPC_PFC_LAST_FRAG) != 0 &&
	    !outstanding_calls_remove(&p->outstanding, h->call_id))
		relay_contexts_refuse(&p->contexts, h);
	if (h->ptype == RPC_BIND_NAK)
		relay_contexts_refuse(&p->contexts, h);
	if (h->ptype == RPC_BIND_ACK || h->ptype == RPC_ALTER_CONTEXT_RESP)
		relay_contexts_answer(&p->contexts, h, r);
	relay_pipe_forward(p, RELAY_SERVER, pdu, bytes);
}

/* ---- bytes ---- */

/* The side does not send DCE/RPC: what was kept is forwarded first, then the rest. */
static void relay_pipe_forward_raw(struct relay_pipe *p, enum relay_side from)
{
	struct rpc_pdu_reader *pdus = &p->sides[from].pdus;
	struct intercepted_call *call = intercepted_calls_first(&p->calls, CALL_COLLECTING);
	const uint8_t *rest;
	size_t bytes = rpc_pdu_reader_take_rest(pdus, &rest);

	p->sides[from].is_raw = true;
	if (call != NULL && from == RELAY_CALLER)
		relay_pipe_forward_call(p, call);
	if (pdus->partial.len > 0)
		relay_pipe_forward(p, from, pdus->partial.data, pdus->partial.len);
	if (bytes > 0)
		relay_pipe_forward(p, from, rest, bytes);
}

static void relay_pipe_take_payload(struct relay_pipe *p, enum relay_side from,
                                    const struct npa_piece *piece)
{
	static void (*const on_pdu[])(struct relay_pipe *, const struct rpc_header *,
	                              struct wire_reader *) = {
		[RELAY_CALLER] = relay_pipe_on_caller_pdu, [RELAY_SERVER] = relay_pipe_on_server_pdu
	};
	struct relay_pipe_side *side = &p->sides[from];
	struct rpc_header h;
	struct wire_reader r;

	if (side->is_raw) {
		relay_pipe_forward(p, from, piece->data, piece->bytes);
		return;
	}
	rpc_pdu_reader_feed(&side->pdus, piece->data, piece->bytes);
	while (rpc_pdu_reader_next(&side->pdus, &h, &r))
		on_pdu[from](p, &h, &r);
	if (side->pdus.error != NULL)
		relay_pipe_forward_raw(p, from);
}

static void relay_pipe_take_opening(struct relay_pipe *p, enum relay_side from,
                                    const struct npa_piece *piece)
{
	size_t room = sizeof p->opening - p->opening_bytes;

	wire_put_bytes(&p->sides[relay_side_other(from)].output, piece->data, piece->bytes);
	if (from != RELAY_CALLER)
		return;
	if (room > piece->bytes)
		room = piece->bytes;
	memcpy(p->opening + p->opening_bytes, piece->data, room);
	p->opening_bytes += room;
}

bool relay_pipe_client(const struct relay_pipe *p, struct ip_address *client)
{
	return npa_opening_client(p->opening, p->opening_bytes, client);
}

bool relay_pipe_receive(struct relay_pipe *p, enum relay_side from, const void *data, size_t bytes)
{
	struct relay_pipe_side *side = &p->sides[from];
	struct wire_reader in;
	struct npa_piece piece;

	wire_reader_init(&in, data, bytes);
	while (npa_reader_next(&side->messages, &in, &piece))
		if (piece.kind == NPA_OPENING)
			relay_pipe_take_opening(p, from, &piece);
		else
			relay_pipe_take_payload(p, from, &piece);
	return relay_pipe_is_usable(p);
}

bool relay_pipe_needs_refresh(const struct relay_pipe *p)
{
	return intercepted_calls_first(&p->calls, CALL_REFRESHING) != NULL;
}

bool relay_pipe_refreshed(struct relay_pipe *p, bool is_current)
{
	struct intercepted_call *call;
	uint32_t fault = 0;

	while ((call = intercepted_calls_first(&p->calls, CALL_REFRESHING)) != NULL) {
		enum intercepted_call_outcome outcome = intercepted_call_refreshed(
			p->relay, call, is_current, &fault, &p->sides[RELAY_SERVER].output);

		relay_pipe_apply_outcome(p, call, outcome, fault);
	}
	return relay_pipe_is_usable(p);
}

bool relay_pipe_may_read(const struct relay_pipe *p, enum relay_side from)
{
	return from == RELAY_CALLER ? p->calls.count < MAX_CALLS
	                            : intercepted_calls_first(&p->calls, CALL_ANSWERING) == NULL;
}

bool relay_pipe_is_idle(const struct relay_pipe *p)
{
	return p->outstanding.count == 0 && p->calls.count == 0;
}
