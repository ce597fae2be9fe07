/* SPDX-License-Identifier: MIT */
/* What is said over the pipe: the bind, a call's fragments, and the pieces of its answer. */
#include "client/steps.h"

void association_bind(struct client_state *c)
{
	wire_writer_clear(&c->fragment);
	rpc_association_bind(&c->rpc, &c->fragment, &c->interface->syntax);
}

void association_fragment(struct client_state *c)
{
	wire_writer_clear(&c->fragment);
	rpc_association_fragment(&c->rpc, &c->fragment, c->method->opnum, c->stub.data, c->stub.len,
	                         &c->stub_sent);
}

bool association_has_fragment(const struct client_state *c)
{
	return c->stub_sent < c->stub.len;
}

static void take_piece(struct client_state *c, const struct rpc_piece *piece)
{
	c->method->feed(c, piece);
	c->stub_to_come = piece->remaining_bytes;
	if (piece->bytes > c->fragment_bytes)
		c->fragment_bytes = (uint32_t)piece->bytes;
	c->answered = piece->last && c->err.status == NERR_Success;
}

/* Nothing may be on its way any more: its answer would be taken for one of the call's. */
static void enter_ready(struct client_state *c)
{
	if (!c->carrier->is_at_rest(c))
		step_fail(c, ERROR_BAD_NET_RESP, "an answer before the one that it depends on");
	else
		step_enter(c, STEP_READY);
}

void association_feed(struct client_state *c, const uint8_t *data, size_t bytes)
{
	struct rpc_piece piece;

	if (c->err.status != NERR_Success || bytes == 0)
		return;
	rpc_association_feed(&c->rpc, data, bytes);
	while (c->err.status == NERR_Success)
		switch (rpc_association_next(&c->rpc, &piece)) {
		case RPC_WANT_BYTES:
			return;
		case RPC_BOUND:
			enter_ready(c);
			break;
		case RPC_STUB:
			take_piece(c, &piece);
			break;
		case RPC_FAILED:
			c->err = c->rpc.err;
			break;
		}
}

bool association_wants_more(const struct client_state *c)
{
	return c->err.status == NERR_Success &&
	       (c->rpc.step == RPC_BINDING || c->rpc.step == RPC_CALLING);
}
