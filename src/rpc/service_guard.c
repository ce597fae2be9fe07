/* SPDX-License-Identifier: MIT */
/* [MS-RPCE] 3.3.1.5.2, and what Windows makes of requests that do not obey it. */
#include <stdlib.h>
#include "rpc/service_parts.h"

bool guard_protects(const struct guard *g)
{
	return g->step == GUARDED && g->level >= RPC_LEVEL_PACKET;
}

static bool seals(const struct guard *g)
{
	return g->level == RPC_LEVEL_PRIVACY;
}

struct rpc_trailer guard_trailer(const struct guard *g, size_t token_bytes)
{
	return (struct rpc_trailer){ .type = g->type,
		                     .level = g->level,
		                     .context_id = g->context_id,
		                     .token_bytes = token_bytes };
}

bool guard_is_same(const struct guard *g, const struct rpc_trailer *trailer)
{
	return trailer->type == g->type && trailer->level == g->level &&
	       trailer->context_id == g->context_id;
}

bool guard_judge(struct guard *g, const struct rpc_trailer *trailer, struct judged *judged)
{
	g->type = trailer->type;
	g->level = trailer->level;
	g->context_id = trailer->context_id;
	g->judged = judged;
	g->step = JUDGING;
	return g->provider->step(g->context, trailer->token, trailer->token_bytes);
}

/* One who did not agree on signing is found out by his first request, as Windows does it. */
bool guard_complete(struct guard *g)
{
	if (g->level >= RPC_LEVEL_PACKET)
		g->token_bytes = g->provider->token_bytes(g->context, seals(g));
	return !seals(g) || g->token_bytes > 0;
}

void guard_fini(struct guard *g)
{
	free(g->judged);
	wire_writer_fini(&g->pdu);
}

/* ---- requests ---- */

static bool refuse(struct rpc_service *s, const struct rpc_header *h, uint16_t context_id,
                   uint32_t status)
{
	answer_last_fault(s, h->call_id,
	                  &(struct rpc_fault){ .status = status, .context_id = context_id });
	return false;
}

/* r stands at the body, which ends before the trailer: makes it read the plain one, from a copy of
 * the PDU that lives until the next one. */
static bool unprotect(struct rpc_service *s, const struct rpc_trailer *trailer,
                      struct wire_reader *r)
{
	struct guard *g = &s->guard;
	struct rpc_message m = { .bytes = (size_t)(trailer->token - r->start),
		                 .body_at = (size_t)(r->at - r->start),
		                 .body_bytes = wire_left(r),
		                 .signs_all = g->signs_header };

	wire_writer_clear(&g->pdu);
	wire_put_bytes(&g->pdu, r->start, m.bytes);
	if (g->pdu.failed)
		return false;
	m.data = g->pdu.data;
	r->start = m.data;
	r->at = m.data + m.body_at;
	r->end = r->at + m.body_bytes;
	return seals(g) ? g->provider->unseal(g->context, &m, trailer->token, trailer->token_bytes)
	                : g->provider->verify(g->context, &m, trailer->token, trailer->token_bytes);
}

bool guard_request(struct rpc_service *s, const struct rpc_header *h,
                   const struct rpc_request *request, struct wire_reader *r)
{
	struct guard *g = &s->guard;
	struct rpc_trailer trailer;

	if (g->step == WANTS_TOKEN) {
		answer_last_fault(s, h->call_id,
		                  &(struct rpc_fault){ .status = RPC_FAULT_PROTO_ERROR,
		                                       .was_not_executed = true });
		return false;
	}
	if (g->step == REFUSED) /* an AUTH3 has no answer: this is it */
		return refuse(s, h, request->context_id, RPC_FAULT_ACCESS_DENIED);
	if (h->auth_length == 0)
		return !guard_protects(g) ||
		       refuse(s, h, request->context_id, RPC_FAULT_ACCESS_DENIED);
	rpc_trailer_decode(r, h, &trailer);
	if (trailer.is_unaligned)
		return refuse(s, h, request->context_id, RPC_FAULT_PROTO_ERROR);
	if (r->error != NULL || trailer.pad_bytes > wire_left(r))
		return refuse(s, h, 0, RPC_FAULT_PROTO_ERROR);
	if (g->step != GUARDED || !guard_is_same(g, &trailer))
		return refuse(s, h, request->context_id, RPC_FAULT_ACCESS_DENIED);
	if (guard_protects(g) && !unprotect(s, &trailer, r))
		return refuse(s, h, request->context_id, RPC_FAULT_SECURITY_PACKAGE);
	r->end -= trailer.pad_bytes;
	return true;
}

/* ---- responses ---- */

static size_t padded(size_t bytes)
{
	return (bytes + RPC_TRAILER_ALIGN - 1) & ~(size_t)(RPC_TRAILER_ALIGN - 1);
}

size_t guard_part_bytes(const struct rpc_service *s)
{
	size_t around = RPC_CALL_HEADER_BYTES + RPC_TRAILER_BYTES + s->guard.token_bytes;

	return (s->max_frag - around) & ~(size_t)(RPC_TRAILER_ALIGN - 1);
}

size_t guard_fragment_bytes(const struct rpc_service *s, size_t part_bytes)
{
	return RPC_CALL_HEADER_BYTES + padded(part_bytes) + RPC_TRAILER_BYTES +
	       s->guard.token_bytes;
}

void guard_response(struct rpc_service *s, size_t body_at)
{
	struct guard *g = &s->guard;
	struct wire_writer *w = &s->answer.head;
	struct rpc_trailer trailer = guard_trailer(g, g->token_bytes);
	uint8_t *token = rpc_trailer_encode(w, 0, body_at, RPC_TRAILER_ALIGN, &trailer);
	struct rpc_message m = { .data = w->data,
		                 .body_at = body_at,
		                 .signs_all = g->signs_header };

	if (token == NULL)
		return;
	m.bytes = (size_t)(token - w->data);
	m.body_bytes = m.bytes - RPC_TRAILER_BYTES - body_at;
	if (!(seals(g) ? g->provider->seal : g->provider->sign)(g->context, &m, token))
		w->failed = true; /* what cannot be protected is not sent */
}
