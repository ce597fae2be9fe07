/* SPDX-License-Identifier: MIT */
/* [MS-RPCE] 3.3.1.5.2, and what Windows makes of requests that do not obey it. */
#include <stdlib.h>
#include "rpc/internal.h"

bool rpc_security_protects(const struct rpc_security_context *g)
{
	return g->step == RPC_SECURITY_ESTABLISHED && g->level >= RPC_LEVEL_PACKET;
}

static bool rpc_security_seals(const struct rpc_security_context *g)
{
	return g->level == RPC_LEVEL_PRIVACY;
}

struct rpc_trailer rpc_security_trailer(const struct rpc_security_context *g, size_t token_bytes)
{
	return (struct rpc_trailer){ .type = g->type,
		                     .level = g->level,
		                     .context_id = g->context_id,
		                     .token_bytes = token_bytes };
}

bool rpc_security_is_same(const struct rpc_security_context *g, const struct rpc_trailer *trailer)
{
	return trailer->type == g->type && trailer->level == g->level &&
	       trailer->context_id == g->context_id;
}

bool rpc_security_begin_token(struct rpc_security_context *g, const struct rpc_trailer *trailer,
                              struct rpc_pending_bind *judged)
{
	g->type = trailer->type;
	g->level = trailer->level;
	g->context_id = trailer->context_id;
	g->pending = judged;
	g->step = RPC_SECURITY_PENDING;
	return g->provider->step(g->context, trailer->token, trailer->token_bytes);
}

/* One who did not agree on signing is found out by his first request, as Windows does it. */
bool rpc_security_complete(struct rpc_security_context *g)
{
	if (g->level >= RPC_LEVEL_PACKET)
		g->token_bytes = g->provider->token_bytes(g->context, rpc_security_seals(g));
	return !rpc_security_seals(g) || g->token_bytes > 0;
}

void rpc_security_fini(struct rpc_security_context *g)
{
	free(g->pending);
	wire_writer_fini(&g->plain_pdu);
}

/* ---- requests ---- */

static bool rpc_security_refuse(struct rpc_server *s, const struct rpc_header *h,
                                uint16_t context_id, uint32_t status)
{
	rpc_answer_last_fault(s, h->call_id,
	                      &(struct rpc_fault){ .status = status, .context_id = context_id });
	return false;
}

/* r stands at the body, which ends before the trailer: makes it read the plain one, from a copy of
 * the PDU that lives until the next one. */
static bool rpc_security_unprotect(struct rpc_server *s, const struct rpc_trailer *trailer,
                                   struct wire_reader *r)
{
	struct rpc_security_context *g = &s->security;
	struct rpc_message m = { .bytes = (size_t)(trailer->token - r->start),
		                 .body_at = (size_t)(r->at - r->start),
		                 .body_bytes = wire_left(r),
		                 .signs_all = g->signs_header };

	wire_writer_clear(&g->plain_pdu);
	wire_put_bytes(&g->plain_pdu, r->start, m.bytes);
	if (g->plain_pdu.failed)
		return false;
	m.data = g->plain_pdu.data;
	r->start = m.data;
	r->at = m.data + m.body_at;
	r->end = r->at + m.body_bytes;
	return rpc_security_seals(g)
	               ? g->provider->unseal(g->context, &m, trailer->token, trailer->token_bytes)
	               : g->provider->verify(g->context, &m, trailer->token, trailer->token_bytes);
}

bool rpc_security_check_request(struct rpc_server *s, const struct rpc_header *h,
                                const struct rpc_request *request, struct wire_reader *r)
{
	struct rpc_security_context *g = &s->security;
	struct rpc_trailer trailer;

	if (g->step == RPC_SECURITY_WANTS_TOKEN) {
		rpc_answer_last_fault(s, h->call_id,
		                      &(struct rpc_fault){ .status = RPC_FAULT_PROTO_ERROR,
		                                           .was_not_executed = true });
		return false;
	}
	if (g->step == REFUSED) /* an AUTH3 has no answer: this is it */
		return rpc_security_refuse(s, h, request->context_id, RPC_FAULT_ACCESS_DENIED);
	if (h->auth_length == 0)
		return !rpc_security_protects(g) ||
		       rpc_security_refuse(s, h, request->context_id, RPC_FAULT_ACCESS_DENIED);
	rpc_trailer_decode(r, h, &trailer);
	if (trailer.is_unaligned)
		return rpc_security_refuse(s, h, request->context_id, RPC_FAULT_PROTO_ERROR);
	if (r->error != NULL || trailer.pad_bytes > wire_left(r))
		return rpc_security_refuse(s, h, 0, RPC_FAULT_PROTO_ERROR);
	if (g->step != RPC_SECURITY_ESTABLISHED || !rpc_security_is_same(g, &trailer))
		return rpc_security_refuse(s, h, request->context_id, RPC_FAULT_ACCESS_DENIED);
	if (rpc_security_protects(g) && !rpc_security_unprotect(s, &trailer, r))
		return rpc_security_refuse(s, h, request->context_id, RPC_FAULT_SECURITY_PACKAGE);
	r->end -= trailer.pad_bytes;
	return true;
}

/* ---- responses ---- */

static size_t rpc_security_padded(size_t bytes)
{
	return (bytes + RPC_TRAILER_ALIGN - 1) & ~(size_t)(RPC_TRAILER_ALIGN - 1);
}

size_t rpc_security_part_bytes(const struct rpc_server *s)
{
	size_t around = RPC_CALL_HEADER_BYTES + RPC_TRAILER_BYTES + s->security.token_bytes;

	return (s->max_frag - around) & ~(size_t)(RPC_TRAILER_ALIGN - 1);
}

size_t rpc_security_fragment_bytes(const struct rpc_server *s, size_t part_bytes)
{
	return RPC_CALL_HEADER_BYTES + rpc_security_padded(part_bytes) + RPC_TRAILER_BYTES +
	       s->security.token_bytes;
}

void rpc_security_protect_response(struct rpc_server *s, size_t body_at)
{
	struct rpc_security_context *g = &s->security;
	struct wire_writer *w = &s->answer.head;
	struct rpc_trailer trailer = rpc_security_trailer(g, g->token_bytes);
	uint8_t *token = rpc_trailer_encode(w, 0, body_at, RPC_TRAILER_ALIGN, &trailer);
	struct rpc_message m = { .data = w->data,
		                 .body_at = body_at,
		                 .signs_all = g->signs_header };

	if (token == NULL)
		return;
	m.bytes = (size_t)(token - w->data);
	m.body_bytes = m.bytes - RPC_TRAILER_BYTES - body_at;
	if (!(rpc_security_seals(g) ? g->provider->seal : g->provider->sign)(g->context, &m, token))
		w->failed = true; /* what cannot be protected is not sent */
}
