/* SPDX-License-Identifier: MIT */
#include "rpc/bind.h"

#include <string.h>

const struct rpc_syntax rpc_ndr_syntax = {
	.uuid = { 0x8a885d04, 0x1ceb, 0x11c9, { 0x9f, 0xe8, 0x08, 0x00, 0x2b, 0x10, 0x48, 0x60 } },
	.version = 2,
};

bool rpc_syntax_same_uuid(const struct rpc_syntax *a, const struct rpc_syntax *b)
{
	return a->uuid.time_low == b->uuid.time_low && a->uuid.time_mid == b->uuid.time_mid &&
	       a->uuid.time_hi == b->uuid.time_hi &&
	       memcmp(a->uuid.rest, b->uuid.rest, sizeof a->uuid.rest) == 0;
}

bool rpc_syntax_equal(const struct rpc_syntax *a, const struct rpc_syntax *b)
{
	return rpc_syntax_same_uuid(a, b) && a->version == b->version &&
	       a->version_minor == b->version_minor;
}

void rpc_syntax_encode(struct wire_writer *w, const struct rpc_syntax *s)
{
	wire_put_u32le(w, s->uuid.time_low);
	wire_put_u16le(w, s->uuid.time_mid);
	wire_put_u16le(w, s->uuid.time_hi);
	wire_put_bytes(w, s->uuid.rest, sizeof s->uuid.rest);
	wire_put_u32le(w, (uint32_t)s->version_minor << 16 | s->version);
}

static void rpc_syntax_decode(struct wire_reader *r, struct rpc_syntax *s)
{
	const uint8_t *rest;
	uint32_t version;

	s->uuid.time_low = wire_get_u32(r);
	s->uuid.time_mid = wire_get_u16(r);
	s->uuid.time_hi = wire_get_u16(r);
	rest = wire_get_bytes(r, sizeof s->uuid.rest);
	if (rest != NULL)
		memcpy(s->uuid.rest, rest, sizeof s->uuid.rest);
	version = wire_get_u32(r); /* one number: the minor version is its high half */
	s->version = (uint16_t)version;
	s->version_minor = (uint16_t)(version >> 16);
}

void rpc_bind_encode(struct wire_writer *w, uint32_t call_id, const struct rpc_bind *bind)
{
	size_t begin = rpc_pdu_begin(w, RPC_BIND, RPC_PFC_FIRST_FRAG | RPC_PFC_LAST_FRAG, call_id);

	wire_put_u16le(w, bind->max_xmit_frag);
	wire_put_u16le(w, bind->max_recv_frag);
	wire_put_u32le(w, bind->assoc_group);
	wire_put_u8(w, bind->context_count);
	wire_put_zeros(w, 3);
	for (size_t i = 0; i < bind->context_count; i++) {
		const struct rpc_presentation_context *c = &bind->contexts[i];

		wire_put_u16le(w, c->id);
		wire_put_u8(w, c->transfer_count);
		wire_put_u8(w, 0);
		rpc_syntax_encode(w, &c->interface);
		for (size_t t = 0; t < c->transfer_count; t++)
			rpc_syntax_encode(w, &c->transfers[t]);
	}
	rpc_pdu_end(w, begin);
}

void rpc_bind_decode(struct wire_reader *r, struct rpc_bind *bind)
{
	*bind = (struct rpc_bind){ 0 };
	bind->max_xmit_frag = wire_get_u16(r);
	bind->max_recv_frag = wire_get_u16(r);
	bind->assoc_group = wire_get_u32(r);
	bind->context_count = wire_get_u8(r);
	if (bind->context_count == 0)
		return; /* nothing to be aligned */
	wire_skip(r, 3);
	if (bind->context_count > RPC_MAX_CONTEXTS) {
		wire_reader_fail(r, "more than 32 presentation contexts");
		bind->is_too_long = true;
		bind->context_count = 0;
	}
	for (size_t i = 0; i < bind->context_count; i++) {
		struct rpc_presentation_context *c = &bind->contexts[i];

		c->id = wire_get_u16(r);
		c->transfer_count = wire_get_u8(r);
		wire_skip(r, 1);
		if (c->transfer_count > RPC_MAX_TRANSFERS) {
			wire_reader_fail(r, "more than 8 transfer syntaxes for one context");
			bind->is_too_long = true;
			c->transfer_count = 0;
		}
		rpc_syntax_decode(r, &c->interface);
		for (size_t t = 0; t < c->transfer_count; t++)
			rpc_syntax_decode(r, &c->transfers[t]);
	}
}

static void rpc_bind_ack_put(struct wire_writer *w, enum rpc_ptype ptype, uint32_t call_id,
                             const struct rpc_bind_ack *ack, size_t address_bytes)
{
	uint8_t pfc_flags = RPC_PFC_FIRST_FRAG | RPC_PFC_LAST_FRAG | ack->pfc_flags;
	size_t begin = rpc_pdu_begin(w, ptype, pfc_flags, call_id);

	wire_put_u16le(w, ack->max_xmit_frag);
	wire_put_u16le(w, ack->max_recv_frag);
	wire_put_u32le(w, ack->assoc_group);
	wire_put_u16le(w, (uint16_t)address_bytes);
	wire_put_bytes(w, ack->secondary_address, address_bytes);
	wire_put_padding(w, begin, 4);
	wire_put_u8(w, ack->result_count);
	wire_put_zeros(w, 3);
	for (size_t i = 0; i < ack->result_count; i++) {
		wire_put_u16le(w, ack->results[i].result);
		wire_put_u16le(w, ack->results[i].reason);
		rpc_syntax_encode(w, &ack->results[i].transfer);
	}
	rpc_pdu_end(w, begin);
}

void rpc_bind_ack_encode(struct wire_writer *w, uint32_t call_id, const struct rpc_bind_ack *ack)
{
	rpc_bind_ack_put(w, RPC_BIND_ACK, call_id, ack, strlen(ack->secondary_address) + 1);
}

void rpc_alter_context_resp_encode(struct wire_writer *w, uint32_t call_id,
                                   const struct rpc_bind_ack *ack)
{
	rpc_bind_ack_put(w, RPC_ALTER_CONTEXT_RESP, call_id, ack, 0);
}

void rpc_bind_ack_decode(struct wire_reader *r, struct rpc_bind_ack *ack)
{
	*ack = (struct rpc_bind_ack){ 0 };
	ack->max_xmit_frag = wire_get_u16(r);
	ack->max_recv_frag = wire_get_u16(r);
	ack->assoc_group = wire_get_u32(r);
	wire_skip(r, wire_get_u16(r)); /* the secondary address */
	wire_skip_padding(r, 4);
	ack->result_count = wire_get_u8(r);
	wire_skip(r, 3);
	if (ack->result_count > RPC_MAX_CONTEXTS) {
		wire_reader_fail(r, "more than 32 results");
		ack->result_count = 0;
	}
	for (size_t i = 0; i < ack->result_count; i++) {
		ack->results[i].result = wire_get_u16(r);
		ack->results[i].reason = wire_get_u16(r);
		rpc_syntax_decode(r, &ack->results[i].transfer);
	}
}

void rpc_bind_nak_encode(struct wire_writer *w, uint32_t call_id, uint16_t reason)
{
	size_t begin = rpc_pdu_begin(w, RPC_BIND_NAK, RPC_PFC_FIRST_FRAG | RPC_PFC_LAST_FRAG,
	                             call_id);

	wire_put_u16le(w, reason);
	wire_put_u8(w, 1); /* one supported version: 5.0 */
	wire_put_u8(w, 5);
	wire_put_u8(w, 0);
	wire_put_padding(w, begin, 4);
	rpc_pdu_end(w, begin);
}

void rpc_bind_nak_decode(struct wire_reader *r, uint16_t *reason)
{
	*reason = wire_get_u16(r); /* versions and a signature may follow, [MS-RPCE] 2.2.2.9 */
}
