/* SPDX-License-Identifier: MIT */
/* [MS-RPCE] 3.3.1.5.2. Requests that violate it are answered as Windows answers them. */
#include "rpc/server_security.h"

/* ---- sec_trailer ---- */

#define BODY_AT 24 /* of a request or a response: RPC_CALL_HEADER_BYTES */
#define ALIGN   4  /* [MS-RPCE] 2.2.2.11 */

void rpc_trailer_decode(struct wire_reader *r, const struct rpc_header *h, struct rpc_trailer *t)
{
	size_t bytes = RPC_TRAILER_BYTES + (size_t)h->auth_length;
	struct wire_reader end = *r;
	size_t room;

	*t = (struct rpc_trailer){ 0 };
	if (bytes > wire_left(r)) {
		wire_reader_fail(r, "a PDU has no room for its authentication");
		return;
	}
	wire_skip(&end, wire_left(r) - bytes);
	r->end = end.at;
	t->type = wire_get_u8(&end);
	t->level = wire_get_u8(&end);
	t->pad_bytes = wire_get_u8(&end);
	wire_skip(&end, 1);
	t->context_id = wire_get_u32(&end);
	t->token = wire_get_bytes(&end, h->auth_length);
	t->token_bytes = h->auth_length;
	/* In a bind, too, Windows takes this for the earliest begin of a body. */
	room = (size_t)(r->end - r->start);
	room = room > BODY_AT ? room - BODY_AT : 0;
	if (t->pad_bytes > room)
		wire_reader_fail(r, "the padding is longer than the body");
	t->is_unaligned = (size_t)(r->end - r->start) % ALIGN != 0;
	if (t->is_unaligned)
		wire_reader_fail(r, "the authentication is not aligned to 4 bytes");
}

uint8_t *rpc_trailer_encode(struct wire_writer *w, size_t begin, size_t body_at, size_t align,
                            const struct rpc_trailer *t)
{
	size_t body_bytes = w->len - body_at;

	wire_put_padding(w, body_at, align);
	wire_put_u8(w, t->type);
	wire_put_u8(w, t->level);
	wire_put_u8(w, (uint8_t)(w->len - 2 - body_at - body_bytes));
	wire_put_u8(w, 0);
	wire_put_u32le(w, t->context_id);
	wire_put_zeros(w, t->token_bytes);
	if (w->failed)
		return NULL;
	rpc_pdu_end(w, begin);
	rpc_pdu_set_auth_length(w, begin, t->token_bytes);
	return w->data + w->len - t->token_bytes;
}

/* ---- security context ---- */

void rpc_security_fini(struct rpc_security_context *c)
{
	wire_writer_fini(&c->plain_pdu);
}

static bool rpc_security_supports(const struct rpc_security_context *c,
                                  const struct rpc_trailer *trailer)
{
	return c->provider != NULL &&
	       c->provider->supports(c->context, trailer->type, trailer->level);
}

bool rpc_security_can_begin(const struct rpc_security_context *c, const struct rpc_trailer *trailer,
                            enum rpc_nak_reason *reason)
{
	if (trailer->level <= RPC_LEVEL_NONE || trailer->level > RPC_LEVEL_PRIVACY)
		*reason = RPC_NAK_NOT_SPECIFIED;
	else if (!rpc_security_supports(c, trailer)) /* [MS-RPCE] 3.3.3.5.3 */
		*reason = RPC_NAK_AUTHENTICATION_TYPE_NOT_RECOGNIZED;
	else if (trailer->level == RPC_LEVEL_CALL) /* exists in connectionless RPC only */
		*reason = RPC_NAK_INVALID_CHECKSUM;
	else
		return true;
	return false;
}

bool rpc_security_may_alter(const struct rpc_security_context *c, const struct rpc_trailer *trailer)
{
	enum rpc_nak_reason reason;

	if (c->step == RPC_SECURITY_WANTS_TOKEN)
		return rpc_security_is_same(c, trailer);
	return c->step == RPC_SECURITY_NONE && rpc_security_can_begin(c, trailer, &reason);
}

bool rpc_security_is_same(const struct rpc_security_context *c, const struct rpc_trailer *trailer)
{
	return trailer->type == c->type && trailer->level == c->level &&
	       trailer->context_id == c->context_id;
}

void rpc_security_begin_token(struct rpc_security_context *c, const struct rpc_trailer *trailer)
{
	c->type = trailer->type;
	c->level = trailer->level;
	c->context_id = trailer->context_id;
	c->step = RPC_SECURITY_PENDING;
}

static bool rpc_security_seals(const struct rpc_security_context *c)
{
	return c->level == RPC_LEVEL_PRIVACY;
}

enum rpc_auth_progress rpc_security_finish_token(struct rpc_security_context *c,
                                                 enum rpc_auth_progress progress)
{
	static const enum rpc_security_step next[] = {
		[RPC_AUTH_CONTINUES] = RPC_SECURITY_WANTS_TOKEN,
		[RPC_AUTH_COMPLETE] = RPC_SECURITY_ESTABLISHED,
		[RPC_AUTH_FAILED] = RPC_SECURITY_REFUSED,
	};

	if (progress == RPC_AUTH_COMPLETE && c->level >= RPC_LEVEL_PACKET) {
		c->token_bytes = c->provider->token_bytes(c->context, rpc_security_seals(c));
		/* A caller who did not agree on signing is refused at the first request, as Windows
		 * does it. */
		if (rpc_security_seals(c) && c->token_bytes == 0)
			progress = RPC_AUTH_FAILED;
	}
	c->step = next[progress];
	return progress;
}

struct rpc_trailer rpc_security_trailer(const struct rpc_security_context *c, size_t token_bytes)
{
	return (struct rpc_trailer){ .type = c->type,
		                     .level = c->level,
		                     .context_id = c->context_id,
		                     .token_bytes = token_bytes };
}

bool rpc_security_protects(const struct rpc_security_context *c)
{
	return c->step == RPC_SECURITY_ESTABLISHED && c->level >= RPC_LEVEL_PACKET;
}

/* ---- requests ---- */

/* r stands at the body, which ends before the trailer. Afterwards r gives the plain body, from a
 * copy of the PDU that is valid until the next one. */
static bool rpc_security_unprotect(struct rpc_security_context *c,
                                   const struct rpc_trailer *trailer, struct wire_reader *r)
{
	struct rpc_message m = { .bytes = (size_t)(trailer->token - r->start),
		                 .body_at = (size_t)(r->at - r->start),
		                 .body_bytes = wire_left(r),
		                 .signs_all = c->signs_header };

	wire_writer_clear(&c->plain_pdu);
	wire_put_bytes(&c->plain_pdu, r->start, m.bytes);
	if (c->plain_pdu.failed)
		return false;
	m.data = c->plain_pdu.data;
	r->start = m.data;
	r->at = m.data + m.body_at;
	r->end = r->at + m.body_bytes;
	return (rpc_security_seals(c) ? c->provider->unseal : c->provider->verify)(
		c->context, &m, trailer->token, trailer->token_bytes);
}

bool rpc_security_check_request(struct rpc_security_context *c, const struct rpc_header *h,
                                const struct rpc_request *request, struct wire_reader *r,
                                struct rpc_fault *fault)
{
	struct rpc_trailer trailer;

	*fault = (struct rpc_fault){ .context_id = request->context_id };
	if (c->step == RPC_SECURITY_WANTS_TOKEN) {
		*fault = (struct rpc_fault){ .status = RPC_FAULT_PROTO_ERROR,
			                     .was_not_executed = true };
		return false;
	}
	if (h->auth_length == 0 && c->step != RPC_SECURITY_REFUSED && !rpc_security_protects(c))
		return true;
	/* An AUTH3 has no response, so the first request reports its failure. */
	if (h->auth_length == 0 || c->step == RPC_SECURITY_REFUSED) {
		fault->status = RPC_FAULT_ACCESS_DENIED;
		return false;
	}
	rpc_trailer_decode(r, h, &trailer);
	if (trailer.is_unaligned)
		fault->status = RPC_FAULT_PROTO_ERROR;
	else if (r->error != NULL || trailer.pad_bytes > wire_left(r))
		*fault = (struct rpc_fault){ .status = RPC_FAULT_PROTO_ERROR };
	else if (c->step != RPC_SECURITY_ESTABLISHED || !rpc_security_is_same(c, &trailer))
		fault->status = RPC_FAULT_ACCESS_DENIED;
	else if (rpc_security_protects(c) && !rpc_security_unprotect(c, &trailer, r))
		fault->status = RPC_FAULT_SECURITY_PACKAGE;
	if (fault->status != 0)
		return false;
	r->end -= trailer.pad_bytes;
	return true;
}

/* ---- responses ---- */

static size_t rpc_security_padded(size_t bytes)
{
	return (bytes + RPC_TRAILER_ALIGN - 1) & ~(size_t)(RPC_TRAILER_ALIGN - 1);
}

size_t rpc_security_part_bytes(const struct rpc_security_context *c, size_t max_frag)
{
	size_t around = RPC_CALL_HEADER_BYTES + RPC_TRAILER_BYTES + c->token_bytes;

	return (max_frag - around) & ~(size_t)(RPC_TRAILER_ALIGN - 1);
}

size_t rpc_security_fragment_bytes(const struct rpc_security_context *c, size_t part_bytes)
{
	return RPC_CALL_HEADER_BYTES + rpc_security_padded(part_bytes) + RPC_TRAILER_BYTES +
	       c->token_bytes;
}

void rpc_security_protect_response(struct rpc_security_context *c, struct wire_writer *w,
                                   size_t body_at)
{
	struct rpc_trailer trailer = rpc_security_trailer(c, c->token_bytes);
	uint8_t *token = rpc_trailer_encode(w, 0, body_at, RPC_TRAILER_ALIGN, &trailer);
	struct rpc_message m = { .data = w->data,
		                 .body_at = body_at,
		                 .signs_all = c->signs_header };

	if (token == NULL)
		return;
	m.bytes = (size_t)(token - w->data);
	m.body_bytes = m.bytes - RPC_TRAILER_BYTES - body_at;
	if (!(rpc_security_seals(c) ? c->provider->seal : c->provider->sign)(c->context, &m, token))
		w->failed = true;
}
