/* SPDX-License-Identifier: MIT */
#include "rpc/management.h"
#include "rpc/internal.h"

/* A request without a first fragment is one of a call that is over, when it is no older than this:
 * [MS-RPCE] 3.3.3.5.6. */
#define OLD_CALLS 150

static void rpc_server_execute(struct rpc_server *s, uint32_t call_id,
                               const struct rpc_request *request, struct wire_reader *stub)
{
	const struct rpc_interface *interface = rpc_presentation_find(&s->presentation,
	                                                              request->context_id);
	struct rpc_answer *a = &s->answer;
	uint32_t status;

	rpc_answer_clear(s);
	a->call_id = call_id;
	a->context_id = request->context_id;
	rpc_management_count(RPC_CALLS_IN);
	if (interface == &rpc_management)
		status = rpc_management_call(s->endpoint, request->opnum, stub, &a->stub);
	else
		status = interface->call(s->context, request->opnum, stub, &a->stub);
	if (status == 0 && !a->stub.failed) {
		rpc_answer_begin_fragment(s);
		return;
	}
	rpc_answer_fault(
		s, call_id,
		&(struct rpc_fault){ .status = status != 0 ? status : RPC_FAULT_REMOTE_NO_MEMORY,
	                             .context_id = request->context_id,
	                             .was_not_executed = status == RPC_FAULT_OP_RNG_ERROR });
}

/* Whether this fragment belongs to a call that is over. */
static bool rpc_server_is_old_call(const struct rpc_server *s, uint32_t call_id)
{
	return s->has_called && call_id <= s->last_call_id && s->last_call_id - call_id < OLD_CALLS;
}

/* The first fragment. False: the call ends here. */
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
		                                           .was_not_executed = true });
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

/* [MS-RPCE] 3.3.3.5.4, at once: 3.3.3.5.8. What is told to come counts too, where more comes. */
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
	struct wire_reader stub;

	if (!c->is_open)
		*c = (struct rpc_collected_call){ .is_open = true,
			                          .big_endian = r->big_endian,
			                          .id = h->call_id,
			                          .request = *request };
	wire_put_bytes(&c->stub, r->at, wire_left(r));
	if (c->stub.failed) {
		rpc_answer_last_fault(s, c->id,
		                      &(struct rpc_fault){ .status = RPC_FAULT_REMOTE_NO_MEMORY,
		                                           .context_id = c->request.context_id,
		                                           .was_not_executed = true });
	} else if ((h->pfc_flags & RPC_PFC_LAST_FRAG) != 0) {
		wire_reader_init(&stub, c->stub.data, c->stub.len);
		stub.big_endian = c->big_endian;
		rpc_server_execute(s, c->id, &c->request, &stub);
		wire_writer_fini(&c->stub);
		c->is_open = false;
	}
}

/* The stub of a fragment that the call is no part of any other. */
static void rpc_server_read_stub(struct rpc_server *s, const struct rpc_header *h,
                                 const struct rpc_request *request, struct wire_reader *r)
{
	struct wire_reader stub;

	if (rpc_server_is_request_too_long(s, h, request, wire_left(r))) {
		rpc_answer_last_fault(s, h->call_id,
		                      &(struct rpc_fault){ .status = RPC_FAULT_ACCESS_DENIED,
		                                           .context_id = request->context_id });
	} else if (!s->call.is_open && (h->pfc_flags & RPC_PFC_LAST_FRAG) != 0) {
		wire_reader_init(&stub, r->at, wire_left(r)); /* alignment counts from here */
		stub.big_endian = r->big_endian;
		rpc_server_execute(s, h->call_id, request, &stub);
	} else {
		rpc_server_collect_fragment(s, h, request, r);
	}
}

/* 3.3.1.5.8: a request's fragments come one behind the other. */
static bool rpc_server_is_mixed(const struct rpc_collected_call *c, const struct rpc_header *h,
                                const struct wire_reader *r)
{
	return c->is_open && ((h->pfc_flags & RPC_PFC_FIRST_FRAG) != 0 || h->call_id != c->id ||
	                      r->big_endian != c->big_endian);
}

void rpc_server_on_request(struct rpc_server *s, const struct rpc_header *h, struct wire_reader *r)
{
	bool is_first = (h->pfc_flags & RPC_PFC_FIRST_FRAG) != 0;
	struct rpc_collected_call *c = &s->call;
	struct rpc_request request;

	rpc_request_decode(r, h, &request);
	if (s->step != BOUND || r->error != NULL) {
		rpc_answer_protocol_error(s, h->call_id, 0);
	} else if (rpc_server_is_mixed(c, h, r)) {
		/* Windows blames the second where there may well be two. */
		if (s->is_multiplexed && h->call_id != c->id)
			rpc_answer_protocol_error(s, h->call_id, 0);
		else
			rpc_answer_protocol_error(s, c->id, c->request.context_id);
	} else if (!is_first && !c->is_open &&
	           !rpc_server_is_old_call(s, h->call_id)) { /* 3.3.3.5.6 */
		rpc_answer_protocol_error(s, h->call_id, 0);
	} else if (rpc_security_check_request(s, h, &request, r) &&
	           (c->is_open || (is_first && rpc_server_begin_call(s, h, &request)))) {
		rpc_server_read_stub(s, h, &request, r);
	}
	wire_writer_fini(&s->security.plain_pdu);
}

/* A call here is over as soon as it has come whole: there is nothing to cancel. */
void rpc_server_on_co_cancel(struct rpc_server *s, const struct rpc_header *h,
                             struct wire_reader *r)
{
	(void)s;
	(void)h;
	(void)r;
}

/* One who did not agree to go on after it closes the connection now: [MS-RPCE] 3.3.1.5.10. */
void rpc_server_on_orphaned(struct rpc_server *s, const struct rpc_header *h, struct wire_reader *r)
{
	(void)r;
	if (s->presentation.keeps_on_orphan && s->call.is_open && s->call.id == h->call_id) {
		wire_writer_fini(&s->call.stub);
		s->call.is_open = false;
	}
}
