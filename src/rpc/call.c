/* SPDX-License-Identifier: MIT */
#include "rpc/call.h"

#include <assert.h>

#define FAULT_BYTES 32

size_t rpc_call_part_bytes(uint16_t max_frag)
{
	return (max_frag - RPC_CALL_HEADER_BYTES) & ~(size_t)7;
}

/* Begins the fragment that goes from at on. *part gives the stub bytes in it. */
static size_t rpc_fragment_begin(struct wire_writer *w, enum rpc_ptype ptype, uint32_t call_id,
                                 size_t bytes, size_t at, uint16_t max_frag, size_t *part)
{
	size_t begin, most = rpc_call_part_bytes(max_frag);
	uint8_t pfc_flags = 0;

	assert(at <= bytes && most > 0);
	*part = bytes - at;
	if (at == 0)
		pfc_flags |= RPC_PFC_FIRST_FRAG;
	if (*part <= most)
		pfc_flags |= RPC_PFC_LAST_FRAG;
	else
		*part = most;
	begin = rpc_pdu_begin(w, ptype, pfc_flags, call_id);
	wire_put_u32le(w, (uint32_t)(bytes - at)); /* [MS-RPCE] 2.2.2.6 */
	return begin;
}

static void rpc_fragment_end(struct wire_writer *w, size_t begin, const uint8_t *stub, size_t *at,
                             size_t part)
{
	if (part > 0) /* an empty stub may be NULL */
		wire_put_bytes(w, stub + *at, part);
	*at += part;
	rpc_pdu_end(w, begin);
}

void rpc_request_encode(struct wire_writer *w, uint32_t call_id, const struct rpc_request *request,
                        const uint8_t *stub, size_t bytes, size_t *at, uint16_t max_frag)
{
	size_t part,
		begin = rpc_fragment_begin(w, RPC_REQUEST, call_id, bytes, *at, max_frag, &part);

	wire_put_u16le(w, request->context_id);
	wire_put_u16le(w, request->opnum);
	rpc_fragment_end(w, begin, stub, at, part);
}

void rpc_request_decode(struct wire_reader *r, const struct rpc_header *h,
                        struct rpc_request *request)
{
	request->alloc_hint = wire_get_u32(r);
	request->context_id = wire_get_u16(r);
	request->opnum = wire_get_u16(r);
	if (h->pfc_flags & RPC_PFC_OBJECT_UUID)
		wire_skip(r, 16);
}

size_t rpc_response_head_encode(struct wire_writer *w, uint32_t call_id,
                                const struct rpc_response *response, size_t bytes, size_t at,
                                uint16_t max_frag)
{
	size_t part,
		begin = rpc_fragment_begin(w, RPC_RESPONSE, call_id, bytes, at, max_frag, &part);

	wire_put_u16le(w, response->context_id);
	wire_put_u16le(w, 0); /* cancel_count, reserved */
	rpc_pdu_set_length(w, begin, w->len - begin + part);
	return part;
}

void rpc_response_encode(struct wire_writer *w, uint32_t call_id,
                         const struct rpc_response *response, const uint8_t *stub, size_t bytes,
                         size_t *at, uint16_t max_frag)
{
	size_t part = rpc_response_head_encode(w, call_id, response, bytes, *at, max_frag);

	wire_put_bytes(w, stub + *at, part);
	*at += part;
}

void rpc_response_decode(struct wire_reader *r, struct rpc_response *response)
{
	response->alloc_hint = wire_get_u32(r);
	response->context_id = wire_get_u16(r);
	wire_skip(r, 2);
}

void rpc_fault_encode(struct wire_writer *w, uint32_t call_id, const struct rpc_fault *fault)
{
	uint8_t pfc_flags = RPC_PFC_FIRST_FRAG | RPC_PFC_LAST_FRAG;
	size_t begin;

	if (fault->was_not_executed)
		pfc_flags |= RPC_PFC_DID_NOT_EXECUTE;
	begin = rpc_pdu_begin(w, RPC_FAULT, pfc_flags, call_id);
	wire_put_u32le(w, FAULT_BYTES); /* [MS-RPCE] 2.2.2.8: no extended information behind it */
	wire_put_u16le(w, fault->context_id);
	wire_put_u16le(w, 0);
	wire_put_u32le(w, fault->status);
	wire_put_u32le(w, 0);
	rpc_pdu_end(w, begin);
}

void rpc_fault_decode(struct wire_reader *r, const struct rpc_header *h, struct rpc_fault *fault)
{
	fault->was_not_executed = (h->pfc_flags & RPC_PFC_DID_NOT_EXECUTE) != 0;
	wire_skip(r, 4);
	fault->context_id = wire_get_u16(r);
	wire_skip(r, 2);
	fault->status = wire_get_u32(r);
}
