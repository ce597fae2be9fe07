/* SPDX-License-Identifier: MIT */
#include "rpc/pdu.h"

#define FRAG_LENGTH_AT 8 /* in the header */
#define AUTH_LENGTH_AT 10

void rpc_header_decode(struct wire_reader *r, struct rpc_header *h)
{
	uint8_t drep;

	h->version = wire_get_u8(r);
	h->version_minor = wire_get_u8(r);
	h->ptype = wire_get_u8(r);
	h->pfc_flags = wire_get_u8(r);
	drep = wire_get_u8(r);
	r->big_endian = (drep & 0xF0) == 0; /* C706 14.1 */
	wire_skip(r, 3);
	h->frag_length = wire_get_u16(r);
	h->auth_length = wire_get_u16(r);
	h->call_id = wire_get_u32(r);
	if (h->version != 5 || h->version_minor > 1)
		wire_reader_fail(r, "not a DCE/RPC version 5 PDU");
	if (h->frag_length < RPC_HEADER_BYTES)
		wire_reader_fail(r, "a fragment shorter than its header");
}

size_t rpc_pdu_begin(struct wire_writer *w, enum rpc_ptype ptype, uint8_t pfc_flags,
                     uint32_t call_id)
{
	size_t begin = w->len;

	wire_put_u8(w, 5);
	wire_put_u8(w, 0);
	wire_put_u8(w, (uint8_t)ptype);
	wire_put_u8(w, pfc_flags);
	wire_put_u32le(w, 0x00000010); /* little-endian, ASCII, IEEE */
	wire_put_u16le(w, 0);
	wire_put_u16le(w, 0);
	wire_put_u32le(w, call_id);
	return begin;
}

void rpc_pdu_end(struct wire_writer *w, size_t begin)
{
	rpc_pdu_set_length(w, begin, w->len - begin);
}

void rpc_pdu_set_length(struct wire_writer *w, size_t begin, size_t bytes)
{
	wire_set_u16le(w, begin + FRAG_LENGTH_AT, (uint16_t)bytes);
}

void rpc_pdu_set_auth_length(struct wire_writer *w, size_t begin, size_t bytes)
{
	wire_set_u16le(w, begin + AUTH_LENGTH_AT, (uint16_t)bytes);
}
