/* SPDX-License-Identifier: MIT */
/* Both sides' PDUs out of a pipe's bytes, cut anywhere.
 * Input: flags (bit 0: a server reads, else a client; bit 1: call ids are made right; bit 2: no
 * second call is made), cuts, then the bytes of the pipe.
 * Must reach: rpc_association_bind rpc_association_call rpc_association_fragment
 *   rpc_association_feed rpc_association_next rpc_association_read_bind_ack
 *   rpc_association_read_bind_nak rpc_association_read_response rpc_association_read_fault
 *   rpc_bind_ack_decode rpc_bind_nak_decode rpc_response_decode rpc_fault_decode
 *   rpc_pdu_reader_next rpc_pdu_reader_collect rpc_pdu_reader_pdu_length rpc_pdu_reader_give
 *   rpc_header_decode rpc_bind_decode rpc_request_decode rpc_bind_encode rpc_fault_refusal
 *   rpc_bind_nak_refusal rpc_rejection_refusal
 * Holds: the events do not depend on how the pipe is cut; a stub is never longer than its bytes;
 * a failure has a status and a text; a bind with contexts that decodes can be encoded, and decodes
 * to the same again. */
#include "fuzz.h"
#include "rpc/client_association.h"
#include "rpc/bind.h"
#include "rpc/call.h"

#define SERVER      1
#define REPAIR      2
#define SINGLE_CALL 4

#define CALL_ID_AT     12
#define FRAG_LENGTH_AT 8

static uint16_t frag_length(const uint8_t *pdu)
{
	return (uint16_t)((pdu[4] & 0xF0) == 0
	                          ? pdu[FRAG_LENGTH_AT] << 8 | pdu[FRAG_LENGTH_AT + 1]
	                          : pdu[FRAG_LENGTH_AT + 1] << 8 | pdu[FRAG_LENGTH_AT]);
}

/* Gives each PDU the call id that is waited for when it comes. */
static void repair(uint8_t *pipe, size_t bytes)
{
	uint8_t call_id = 1;

	for (size_t at = 0; bytes - at >= RPC_HEADER_BYTES;) {
		uint8_t *pdu = pipe + at;
		size_t length = frag_length(pdu);

		memset(pdu + CALL_ID_AT, 0, 4);
		pdu[CALL_ID_AT + ((pdu[4] & 0xF0) == 0 ? 3 : 0)] = call_id;
		if ((pdu[3] & RPC_PFC_LAST_FRAG) != 0 || pdu[2] == RPC_FAULT)
			call_id++;
		if (length < RPC_HEADER_BYTES || length > bytes - at)
			return;
		at += length;
	}
}

static void make_call(struct rpc_association *a)
{
	static const uint8_t stub[4000];
	struct wire_writer w = { 0 };
	size_t at = 0, sent = 0;

	rpc_association_call(a);
	do {
		size_t begin = w.len;
		struct rpc_request request;
		struct rpc_header h;
		struct wire_reader r;

		rpc_association_fragment(a, &w, 12, stub, sizeof stub, &at);
		MUST(!w.failed && w.len - begin <= a->max_xmit_frag);
		wire_reader_init(&r, w.data + begin, w.len - begin);
		rpc_header_decode(&r, &h);
		rpc_request_decode(&r, &h, &request);
		MUST(r.error == NULL && h.frag_length == w.len - begin);
		MUST(h.call_id == a->call_id && request.opnum == 12);
		MUST(request.alloc_hint == sizeof stub - sent);
		sent += wire_left(&r);
		MUST(sent == at);
		MUST(((h.pfc_flags & RPC_PFC_LAST_FRAG) != 0) == (at == sizeof stub));
	} while (at < sizeof stub);
	wire_writer_fini(&w);
}

/* Writes down what happens in trace. */
static void client(const uint8_t *pipe, size_t bytes, const struct fuzz_cuts *cuts, size_t most,
                   unsigned flags, struct wire_writer *trace)
{
	static const struct rpc_syntax interface = { .version = 3 };
	struct wire_writer w = { 0 };
	struct rpc_association a;
	size_t stub_bytes = 0;

	rpc_association_init(&a);
	rpc_association_bind(&a, &w, &interface, RPC_MAX_FRAG_BYTES);
	for (size_t at = 0, end; at < bytes && a.step != RPC_BROKEN; at = end) {
		enum rpc_event event;
		struct rpc_piece piece;
		uint8_t *part;

		end = fuzz_cut_after(cuts, at, bytes);
		if (end - at > most)
			end = at + most;
		part = fuzz_piece(pipe + at, end - at);
		rpc_association_feed(&a, part, end - at);
		while ((event = rpc_association_next(&a, &piece)) != RPC_WANT_BYTES) {
			wire_put_u8(trace, (uint8_t)event);
			wire_put_u8(trace, (uint8_t)a.step);
			if (event == RPC_STUB) {
				wire_put_u32le(trace, (uint32_t)piece.bytes);
				wire_put_u32le(trace, piece.remaining_bytes);
				wire_put_u8(trace, piece.big_endian);
				wire_put_u8(trace, piece.last);
				wire_put_bytes(trace, piece.data, piece.bytes);
				stub_bytes += piece.bytes;
			}
			if (event == RPC_FAILED) {
				MUST(a.err.status != 0 && a.err.text[0] != 0 && a.err.step != NULL);
				wire_put_u32le(trace, a.err.status);
			}
			if (a.step == RPC_BROKEN)
				break;
			if (a.step == RPC_IDLE &&
			    (event == RPC_BOUND || (flags & SINGLE_CALL) == 0))
				make_call(&a);
		}
		free(part);
	}
	MUST(stub_bytes <= bytes);
	MUST(a.pdus.partial.cap <= 2 * 65536);
	rpc_association_fini(&a);
	wire_writer_fini(&w);
}

static void take_bind(struct wire_reader *r)
{
	struct rpc_bind bind, again;
	struct wire_writer w = { 0 };
	struct rpc_header h;
	struct wire_reader back;

	rpc_bind_decode(r, &bind);
	if (r->error != NULL || bind.context_count == 0)
		return; /* a client proposes a context */
	rpc_bind_encode(&w, 1, &bind);
	wire_reader_init(&back, w.data, w.len);
	rpc_header_decode(&back, &h);
	rpc_bind_decode(&back, &again);
	MUST(back.error == NULL && wire_left(&back) == 0 && h.frag_length == w.len);
	MUST(again.context_count == bind.context_count);
	MUST(again.max_recv_frag == bind.max_recv_frag && again.assoc_group == bind.assoc_group);
	for (size_t i = 0; i < bind.context_count; i++) {
		const struct rpc_presentation_context *a = &bind.contexts[i],
						      *b = &again.contexts[i];

		MUST(a->id == b->id && a->transfer_count == b->transfer_count);
		MUST(memcmp(&a->interface, &b->interface, sizeof a->interface) == 0);
		MUST(memcmp(a->transfers, b->transfers, sizeof a->transfers) == 0);
	}
	wire_writer_fini(&w);
}

static void server(const uint8_t *pipe, size_t bytes, const struct fuzz_cuts *cuts, size_t most,
                   struct wire_writer *trace)
{
	struct rpc_pdu_reader pdus;

	rpc_pdu_reader_init(&pdus, 5840);
	for (size_t at = 0, end; at < bytes && pdus.error == NULL; at = end) {
		struct rpc_header h;
		struct wire_reader r;
		uint8_t *part;

		end = fuzz_cut_after(cuts, at, bytes);
		if (end - at > most)
			end = at + most;
		part = fuzz_piece(pipe + at, end - at);
		rpc_pdu_reader_feed(&pdus, part, end - at);
		while (rpc_pdu_reader_next(&pdus, &h, &r)) {
			MUST(h.frag_length == RPC_HEADER_BYTES + wire_left(&r));
			wire_put_u8(trace, h.ptype);
			wire_put_u16le(trace, h.frag_length);
			wire_put_bytes(trace, r.at, wire_left(&r));
			if (h.ptype == RPC_BIND) {
				take_bind(&r);
			} else if (h.ptype == RPC_REQUEST) {
				struct rpc_request request;

				rpc_request_decode(&r, &h, &request);
				wire_put_u16le(trace, request.opnum);
			}
		}
		free(part);
	}
	MUST(pdus.partial.cap <= 2 * 5840);
	wire_put_u8(trace, pdus.error != NULL);
	rpc_pdu_reader_fini(&pdus);
}

static struct wire_writer run(const uint8_t *pipe, size_t bytes, const struct fuzz_cuts *cuts,
                              size_t most, unsigned flags)
{
	struct wire_writer trace = { 0 };

	if ((flags & SERVER) != 0)
		server(pipe, bytes, cuts, most, &trace);
	else
		client(pipe, bytes, cuts, most, flags, &trace);
	return trace;
}

static void compare(const struct wire_writer *a, const struct wire_writer *b)
{
	MUST(a->len == b->len);
	MUST(a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static const struct fuzz_cuts uncut;
	struct fuzz_input in = { data, bytes };
	unsigned flags = fuzz_u8(&in);
	struct fuzz_cuts cuts = fuzz_cuts(&in);
	size_t pipe_bytes;
	uint8_t *pipe = fuzz_rest(&in, &pipe_bytes);
	struct wire_writer whole, cut, crumbs;

	if ((flags & REPAIR) != 0)
		repair(pipe, pipe_bytes);
	whole = run(pipe, pipe_bytes, &uncut, SIZE_MAX, flags);
	cut = run(pipe, pipe_bytes, &cuts, SIZE_MAX, flags);
	crumbs = run(pipe, pipe_bytes, &uncut, 1, flags);
	compare(&whole, &cut);
	compare(&whole, &crumbs);
	wire_writer_fini(&whole);
	wire_writer_fini(&cut);
	wire_writer_fini(&crumbs);
	free(pipe);
	return 0;
}
