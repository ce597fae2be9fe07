/* SPDX-License-Identifier: MIT */
/* Where C706 leaves room, or where servers do otherwise than it says, this does as Windows does.
 *
 * One answer at a time: what the caller writes before it has read the answer waits. So an answer is
 * built in one piece and cut into fragments as they are read, and nobody makes this server hold
 * two. To one who multiplexes ([MS-RPCE] 3.3.1.5.8) answers come in the order of the requests. */
#include "rpc/service.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "rpc/call.h"
#include "rpc/contexts.h"
#include "rpc/management.h"
#include "rpc/pdu_reader.h"

/* What we receive in a fragment, and send where the caller can receive it. All that a pipe carries
 * in one READ. */
#define MAX_FRAG 65528

/* A request without a first fragment is one of a call that is over, when it is no older than this:
 * [MS-RPCE] 3.3.3.5.6. */
#define OLD_CALLS 150

/* A request that comes in fragments. */
struct collected_call {
	bool is_open; /* its last fragment has not come */
	bool big_endian;
	uint32_t id;
	struct rpc_request request; /* its first fragment's */
	struct wire_writer stub;
};

/* A message that waits to be read: a PDU, or a whole answer cut into them. */
struct answer {
	struct wire_writer head; /* the PDU that is being read, without its part of stub */
	size_t part_bytes;
	size_t at; /* what was read of that PDU */
	struct wire_writer stub;
	size_t stub_at; /* where that part begins */
	uint32_t call_id;
	uint16_t context_id;
};

struct rpc_service {
	const struct rpc_endpoint *endpoint;
	void *context;
	enum { UNBOUND, BOUND, OVER } step;
	uint16_t max_frag; /* bytes, both ways */
	uint32_t assoc_group;
	bool is_multiplexed;
	struct rpc_contexts contexts;
	struct rpc_pdu_reader pdus;
	struct wire_writer waiting; /* written before the answer was read */
	size_t waiting_at;
	struct collected_call call;
	bool has_called;
	uint32_t last_call_id;
	struct answer answer;
};

/* No state hangs on a group here, such as context handles would be: so any may be joined, and all
 * that a new one has to be is another one, and not 0. */
static uint32_t new_assoc_group(void)
{
	static atomic_uint_least32_t last;
	uint32_t group = (uint32_t)atomic_fetch_add(&last, 1) + 1;

	return group != 0 ? group : 1;
}

struct rpc_service *rpc_service_new(const struct rpc_endpoint *endpoint, void *context)
{
	struct rpc_service *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->endpoint = endpoint;
	s->context = context;
	rpc_pdu_reader_init(&s->pdus, MAX_FRAG);
	return s;
}

void rpc_service_free(struct rpc_service *s)
{
	if (s == NULL)
		return;
	rpc_pdu_reader_fini(&s->pdus);
	wire_writer_fini(&s->waiting);
	wire_writer_fini(&s->call.stub);
	wire_writer_fini(&s->answer.head);
	wire_writer_fini(&s->answer.stub);
	free(s);
}

bool rpc_service_is_over(const struct rpc_service *s)
{
	return s->step == OVER;
}

/* ---- what is answered ---- */

static size_t pdu_left(const struct rpc_service *s)
{
	return s->answer.head.len + s->answer.part_bytes - s->answer.at;
}

static void forget_answer(struct rpc_service *s)
{
	wire_writer_fini(&s->answer.head);
	wire_writer_fini(&s->answer.stub);
	s->answer = (struct answer){ 0 };
}

/* After an answer's PDU was encoded. */
static void mind_memory(struct rpc_service *s)
{
	if (!s->answer.head.failed)
		return;
	forget_answer(s);
	s->step = OVER;
}

static void send_fault(struct rpc_service *s, uint32_t call_id, const struct rpc_fault *fault)
{
	forget_answer(s);
	rpc_fault_encode(&s->answer.head, call_id, fault);
	mind_memory(s);
}

/* [MS-RPCE] 3.3.3.5.7. Windows hangs up after it. */
static void break_off(struct rpc_service *s, uint32_t call_id, const struct rpc_fault *fault)
{
	send_fault(s, call_id, fault);
	s->step = OVER;
}

static void protocol_error(struct rpc_service *s, uint32_t call_id, uint16_t context_id)
{
	break_off(s, call_id,
	          &(struct rpc_fault){ .status = RPC_FAULT_PROTO_ERROR, .context_id = context_id });
}

static void send_nak(struct rpc_service *s, uint32_t call_id, enum rpc_nak_reason reason)
{
	rpc_bind_nak_encode(&s->answer.head, call_id, (uint16_t)reason);
	mind_memory(s);
	s->step = OVER;
}

static void begin_fragment(struct rpc_service *s)
{
	struct answer *a = &s->answer;
	struct rpc_response response = { .context_id = a->context_id };

	wire_writer_clear(&a->head);
	a->at = 0;
	a->part_bytes = rpc_response_head_encode(&a->head, a->call_id, &response, a->stub.len,
	                                         a->stub_at, s->max_frag);
	mind_memory(s);
}

/* ---- bind and alter_context ---- */

/* One size for both directions, as Windows has it: what both can do, in multiples of 8, but what
 * everybody must be able to receive in any case (C706 12.6.3.1). */
static uint16_t agree_on_frag(const struct rpc_bind *bind)
{
	uint16_t bytes = MAX_FRAG;

	if (bind->max_xmit_frag < bytes)
		bytes = bind->max_xmit_frag;
	if (bind->max_recv_frag < bytes)
		bytes = bind->max_recv_frag;
	bytes &= (uint16_t)~7u;
	return bytes > RPC_MIN_FRAG_BYTES ? bytes : RPC_MIN_FRAG_BYTES;
}

static struct rpc_bind_ack begin_ack(const struct rpc_service *s)
{
	return (struct rpc_bind_ack){ .max_xmit_frag = s->max_frag,
		                      .max_recv_frag = s->max_frag,
		                      .assoc_group = s->assoc_group,
		                      .secondary_address = s->endpoint->secondary_address };
}

static void take_bind(struct rpc_service *s, const struct rpc_header *h, struct wire_reader *r)
{
	struct rpc_bind bind;
	struct rpc_bind_ack ack;

	rpc_bind_decode(r, &bind);
	if (bind.is_too_long) { /* [MS-RPCE] 3.3.3.5.5 */
		send_nak(s, h->call_id, RPC_NAK_LOCAL_LIMIT_EXCEEDED);
	} else if (r->error != NULL) { /* 2.2.2.5 */
		send_nak(s, h->call_id, RPC_NAK_PROTOCOL_VERSION_NOT_SUPPORTED);
	} else if (s->step != UNBOUND) {
		send_nak(s, h->call_id, RPC_NAK_NOT_SPECIFIED);
	} else if (h->auth_length != 0) { /* 3.3.3.5.3 */
		send_nak(s, h->call_id, RPC_NAK_AUTHENTICATION_TYPE_NOT_RECOGNIZED);
	} else {
		s->max_frag = agree_on_frag(&bind);
		s->assoc_group = bind.assoc_group != 0 ? bind.assoc_group : new_assoc_group();
		ack = begin_ack(s);
		if (!rpc_contexts_negotiate(&s->contexts, s->endpoint, &bind, false, &ack)) {
			send_nak(s, h->call_id, RPC_NAK_NOT_SPECIFIED);
			return;
		}
		s->step = BOUND;
		s->is_multiplexed = (h->pfc_flags & RPC_PFC_CONC_MPX) != 0;
		ack.pfc_flags = h->pfc_flags & RPC_PFC_CONC_MPX;
		rpc_bind_ack_encode(&s->answer.head, h->call_id, &ack);
		mind_memory(s);
	}
}

/* What it says of sizes and groups was settled by the bind. */
static void take_alter_context(struct rpc_service *s, const struct rpc_header *h,
                               struct wire_reader *r)
{
	struct rpc_bind_ack ack = begin_ack(s);
	struct rpc_bind proposal;

	rpc_bind_decode(r, &proposal);
	if (proposal.is_too_long) { /* [MS-RPCE] 3.3.1.5.6 */
		send_nak(s, h->call_id, RPC_NAK_LOCAL_LIMIT_EXCEEDED);
	} else if (s->step != BOUND || r->error != NULL || h->auth_length != 0 ||
	           !rpc_contexts_negotiate(&s->contexts, s->endpoint, &proposal, true, &ack)) {
		break_off(s, h->call_id,
		          &(struct rpc_fault){ .status = RPC_FAULT_PROTO_ERROR,
		                               .was_not_executed = true });
	} else {
		rpc_alter_context_resp_encode(&s->answer.head, h->call_id, &ack);
		mind_memory(s);
	}
}

/* ---- calls ---- */

static void execute(struct rpc_service *s, uint32_t call_id, const struct rpc_request *request,
                    struct wire_reader *stub)
{
	const struct rpc_interface *interface = rpc_contexts_find(&s->contexts,
	                                                          request->context_id);
	struct answer *a = &s->answer;
	uint32_t status;

	forget_answer(s);
	a->call_id = call_id;
	a->context_id = request->context_id;
	rpc_management_count(RPC_CALLS_IN);
	if (interface == &rpc_management)
		status = rpc_management_call(s->endpoint, request->opnum, stub, &a->stub);
	else
		status = interface->call(s->context, request->opnum, stub, &a->stub);
	if (status == 0 && !a->stub.failed) {
		begin_fragment(s);
		return;
	}
	send_fault(s, call_id,
	           &(struct rpc_fault){ .status = status != 0 ? status : RPC_FAULT_REMOTE_NO_MEMORY,
	                                .context_id = request->context_id,
	                                .was_not_executed = status == RPC_FAULT_OP_RNG_ERROR });
}

/* Whether this fragment belongs to a call that is over. */
static bool is_old(const struct rpc_service *s, uint32_t call_id)
{
	return s->has_called && call_id <= s->last_call_id && s->last_call_id - call_id < OLD_CALLS;
}

/* The first fragment. False: the call ends here. */
static bool begin_call(struct rpc_service *s, const struct rpc_header *h,
                       const struct rpc_request *request)
{
	s->has_called = true;
	s->last_call_id = h->call_id;
	if ((h->pfc_flags & RPC_PFC_PENDING_CANCEL) != 0) {
		break_off(s, h->call_id,
		          &(struct rpc_fault){ .status = RPC_FAULT_NO_CALL_ACTIVE,
		                               .was_not_executed = true });
		return false;
	}
	if (rpc_contexts_find(&s->contexts, request->context_id) == NULL) {
		send_fault(s, h->call_id,
		           &(struct rpc_fault){ .status = RPC_FAULT_UNKNOWN_IF,
		                                .was_not_executed = true });
		return false;
	}
	return true;
}

/* [MS-RPCE] 3.3.3.5.4, at once: 3.3.3.5.8. What is told to come counts too, where more comes. */
static bool is_too_long(const struct rpc_service *s, const struct rpc_header *h,
                        const struct rpc_request *request, size_t bytes)
{
	size_t most = s->endpoint->max_request_bytes;

	return s->call.stub.len + bytes > most ||
	       ((h->pfc_flags & RPC_PFC_LAST_FRAG) == 0 && request->alloc_hint > most);
}

static void collect(struct rpc_service *s, const struct rpc_header *h,
                    const struct rpc_request *request, struct wire_reader *r)
{
	struct collected_call *c = &s->call;
	struct wire_reader stub;

	if (!c->is_open)
		*c = (struct collected_call){ .is_open = true,
			                      .big_endian = r->big_endian,
			                      .id = h->call_id,
			                      .request = *request };
	wire_put_bytes(&c->stub, r->at, wire_left(r));
	if (c->stub.failed) {
		break_off(s, c->id,
		          &(struct rpc_fault){ .status = RPC_FAULT_REMOTE_NO_MEMORY,
		                               .context_id = c->request.context_id,
		                               .was_not_executed = true });
	} else if ((h->pfc_flags & RPC_PFC_LAST_FRAG) != 0) {
		wire_reader_init(&stub, c->stub.data, c->stub.len);
		stub.big_endian = c->big_endian;
		execute(s, c->id, &c->request, &stub);
		wire_writer_fini(&c->stub);
		c->is_open = false;
	}
}

/* The stub of a fragment that the call is no part of any other. */
static void take_stub(struct rpc_service *s, const struct rpc_header *h,
                      const struct rpc_request *request, struct wire_reader *r)
{
	struct wire_reader stub;

	if (is_too_long(s, h, request, wire_left(r))) {
		break_off(s, h->call_id,
		          &(struct rpc_fault){ .status = RPC_FAULT_ACCESS_DENIED,
		                               .context_id = request->context_id });
	} else if (!s->call.is_open && (h->pfc_flags & RPC_PFC_LAST_FRAG) != 0) {
		wire_reader_init(&stub, r->at, wire_left(r)); /* alignment counts from here */
		stub.big_endian = r->big_endian;
		execute(s, h->call_id, request, &stub);
	} else {
		collect(s, h, request, r);
	}
}

static void take_request(struct rpc_service *s, const struct rpc_header *h, struct wire_reader *r)
{
	bool is_first = (h->pfc_flags & RPC_PFC_FIRST_FRAG) != 0;
	struct collected_call *c = &s->call;
	struct rpc_request request;

	rpc_request_decode(r, h, &request);
	if (s->step != BOUND || r->error != NULL) {
		protocol_error(s, h->call_id, 0);
	} else if (h->auth_length != 0) { /* no security context was ever agreed to */
		break_off(s, h->call_id,
		          &(struct rpc_fault){ .status = RPC_FAULT_ACCESS_DENIED,
		                               .context_id = request.context_id });
	} else if (c->is_open &&
	           (is_first || h->call_id != c->id || r->big_endian != c->big_endian)) {
		/* 3.3.1.5.8: a request's fragments come one behind the other. Of two that are
		 * mixed, Windows blames the second where there may well be two. */
		if (s->is_multiplexed && h->call_id != c->id)
			protocol_error(s, h->call_id, 0);
		else
			protocol_error(s, c->id, c->request.context_id);
	} else if (is_first) {
		if (begin_call(s, h, &request))
			take_stub(s, h, &request, r);
	} else if (c->is_open) {
		take_stub(s, h, &request, r);
	} else if (!is_old(s, h->call_id)) { /* 3.3.3.5.6 */
		protocol_error(s, h->call_id, 0);
	}
}

/* A call here is over as soon as it has come whole: there is nothing to cancel. */
static void take_co_cancel(struct rpc_service *s, const struct rpc_header *h, struct wire_reader *r)
{
	(void)s;
	(void)h;
	(void)r;
}

/* One who did not agree to go on after it closes the connection now: [MS-RPCE] 3.3.1.5.10. */
static void take_orphaned(struct rpc_service *s, const struct rpc_header *h, struct wire_reader *r)
{
	(void)r;
	if (s->contexts.keeps_on_orphan && s->call.is_open && s->call.id == h->call_id) {
		wire_writer_fini(&s->call.stub);
		s->call.is_open = false;
	}
}

/* ---- bytes ---- */

static void (*const takers[])(struct rpc_service *, const struct rpc_header *,
                              struct wire_reader *) = {
	[RPC_REQUEST] = take_request,
	[RPC_BIND] = take_bind,
	[RPC_ALTER_CONTEXT] = take_alter_context,
	[RPC_CO_CANCEL] = take_co_cancel,
	[RPC_ORPHANED] = take_orphaned,
};

static void take(struct rpc_service *s, const struct rpc_header *h, struct wire_reader *r)
{
	size_t count = sizeof takers / sizeof *takers;

	rpc_management_count(RPC_PACKETS_IN);
	if (h->version_minor != 0 && h->ptype == RPC_BIND) /* [MS-RPCE] 3.3.1.5.1 */
		send_nak(s, h->call_id, RPC_NAK_PROTOCOL_VERSION_NOT_SUPPORTED);
	else if (h->version_minor != 0 || h->ptype >= count || takers[h->ptype] == NULL)
		protocol_error(s, h->call_id, 0);
	else
		takers[h->ptype](s, h, r);
}

/* What came is no PDU, or none that we can receive. */
static void refuse(struct rpc_service *s)
{
	const struct rpc_header *h = &s->pdus.refused;

	if (h->version == 5 && h->version_minor == 0)
		protocol_error(s, h->call_id, 0);
	else if (h->version == 5 && h->ptype == RPC_BIND)
		send_nak(s, h->call_id, RPC_NAK_PROTOCOL_VERSION_NOT_SUPPORTED);
	s->step = OVER;
}

/* Takes PDUs up to one that is answered. Returns what is left of data. */
static size_t take_pdus(struct rpc_service *s, const uint8_t *data, size_t bytes,
                        const uint8_t **rest)
{
	struct rpc_header h;
	struct wire_reader r;

	rpc_pdu_reader_feed(&s->pdus, data, bytes);
	while (pdu_left(s) == 0 && s->step != OVER && rpc_pdu_reader_next(&s->pdus, &h, &r))
		take(s, &h, &r);
	if (s->pdus.error != NULL && s->step != OVER)
		refuse(s);
	return rpc_pdu_reader_take_rest(&s->pdus, rest);
}

/* Keeps what comes before the answer was read. What was taken up since makes room for it, so that
 * one who always writes ahead needs no more than one who does so once. */
static void keep_waiting(struct rpc_service *s, const uint8_t *data, size_t bytes)
{
	struct wire_writer *w = &s->waiting;
	size_t waits = w->len - s->waiting_at;

	if (waits + bytes > s->endpoint->max_request_bytes + MAX_FRAG) {
		s->step = OVER;
		return;
	}
	if (s->waiting_at > waits) {
		memmove(w->data, w->data + s->waiting_at, waits);
		w->len = waits;
		s->waiting_at = 0;
	}
	wire_put_bytes(w, data, bytes);
	if (w->failed)
		s->step = OVER;
}

bool rpc_service_feed(struct rpc_service *s, const void *data, size_t bytes)
{
	if (s->step == OVER)
		return false;
	if (pdu_left(s) == 0) {
		const uint8_t *rest;

		bytes = take_pdus(s, data, bytes, &rest);
		data = rest;
		if (s->step == OVER)
			return pdu_left(s) > 0;
	}
	if (bytes > 0)
		keep_waiting(s, data, bytes);
	return s->step != OVER;
}

/* The answer was read: on with what was written meanwhile. */
static void go_on(struct rpc_service *s)
{
	const uint8_t *rest;
	size_t left;

	forget_answer(s);
	if (s->waiting.len == 0)
		return;
	left = take_pdus(s, s->waiting.data + s->waiting_at, s->waiting.len - s->waiting_at, &rest);
	s->waiting_at = s->waiting.len - left;
	if (left == 0) {
		wire_writer_fini(&s->waiting);
		s->waiting_at = 0;
	}
}

size_t rpc_service_pending(const struct rpc_service *s)
{
	const struct answer *a = &s->answer;
	size_t behind = a->stub.len - a->stub_at - a->part_bytes, most;

	if (behind == 0)
		return pdu_left(s);
	most = rpc_call_part_bytes(s->max_frag);
	return pdu_left(s) + behind + (behind + most - 1) / most * RPC_CALL_HEADER_BYTES;
}

size_t rpc_service_held_bytes(const struct rpc_service *s)
{
	return s->pdus.partial.cap + s->waiting.cap + s->call.stub.cap + s->answer.head.cap +
	       s->answer.stub.cap;
}

size_t rpc_service_read(struct rpc_service *s, struct wire_writer *to, size_t max_bytes,
                        size_t *left)
{
	struct answer *a = &s->answer;
	size_t count = pdu_left(s) < max_bytes ? pdu_left(s) : max_bytes, from_head = 0;

	if (a->at < a->head.len) {
		from_head = a->head.len - a->at < count ? a->head.len - a->at : count;
		wire_put_bytes(to, a->head.data + a->at, from_head);
	}
	if (count > from_head)
		wire_put_bytes(to, a->stub.data + a->stub_at + (a->at + from_head - a->head.len),
		               count - from_head);
	a->at += count;
	*left = pdu_left(s);
	if (count > 0 && *left == 0) {
		rpc_management_count(RPC_PACKETS_OUT);
		a->stub_at += a->part_bytes;
		if (a->stub_at < a->stub.len)
			begin_fragment(s);
		else
			go_on(s);
	}
	return count;
}
