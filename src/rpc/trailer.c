/* SPDX-License-Identifier: MIT */
#include "rpc/trailer.h"

#define BODY_AT 24 /* of a request or a response: RPC_CALL_HEADER_BYTES */
#define ALIGN   4  /* [MS-RPCE] 2.2.2.11 */

void rpc_trailer_decode(struct wire_reader *r, const struct rpc_header *h, struct rpc_trailer *t)
{
	size_t bytes = RPC_TRAILER_BYTES + (size_t)h->auth_length;
	struct wire_reader end = *r;
	size_t room;

	*t = (struct rpc_trailer){ 0 };
	if (bytes > wire_left(r)) {
		wire_reader_fail(r, "a PDU without room for its authentication");
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
	/* Of a bind, too, Windows takes this for where a body can begin at the earliest. */
	room = (size_t)(r->end - r->start);
	room = room > BODY_AT ? room - BODY_AT : 0;
	if (t->pad_bytes > room)
		wire_reader_fail(r, "more padding than there is body");
	t->is_unaligned = (size_t)(r->end - r->start) % ALIGN != 0;
	if (t->is_unaligned)
		wire_reader_fail(r, "authentication that is not aligned to 4 bytes");
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
