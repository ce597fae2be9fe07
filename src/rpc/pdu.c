/* SPDX-License-Identifier: MIT */
#include "rpc/pdu.h"

#include <assert.h>

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
		wire_reader_fail(r, "a fragment is shorter than its header");
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

void rpc_pdu_reader_init(struct rpc_pdu_reader *p, uint16_t max_frag)
{
	*p = (struct rpc_pdu_reader){ .max_frag = max_frag };
}

void rpc_pdu_reader_fini(struct rpc_pdu_reader *p)
{
	wire_writer_fini(&p->partial);
}

void rpc_pdu_reader_feed(struct rpc_pdu_reader *p, const void *data, size_t bytes)
{
	assert(p->at == p->end);
	p->at = data;
	p->end = p->at + bytes;
}

static size_t rpc_pdu_reader_left(const struct rpc_pdu_reader *p)
{
	return (size_t)(p->end - p->at);
}

/* Moves bytes to the partial PDU until that holds goal. */
static bool rpc_pdu_reader_collect(struct rpc_pdu_reader *p, size_t goal)
{
	size_t wanted = goal - p->partial.len,
	       take = wanted < rpc_pdu_reader_left(p) ? wanted : rpc_pdu_reader_left(p);

	wire_put_bytes(&p->partial, p->at, take);
	p->at += take;
	if (p->partial.failed)
		p->error = "out of memory";
	return take == wanted && p->error == NULL;
}

/* Windows accepts a bind or an alter_context of any length. Its token can be long, as Kerberos'
 * are. */
static bool rpc_pdu_reader_is_too_long(const struct rpc_pdu_reader *p, const struct rpc_header *h)
{
	bool negotiates = h->ptype == RPC_BIND || h->ptype == RPC_ALTER_CONTEXT;

	return !negotiates && h->frag_length > p->max_frag;
}

/* The length of the PDU that begins at data, whose header is all there; 0 sets error. */
static size_t rpc_pdu_reader_pdu_length(struct rpc_pdu_reader *p, const uint8_t *data)
{
	struct wire_reader r;
	struct rpc_header h;

	wire_reader_init(&r, data, RPC_HEADER_BYTES);
	rpc_header_decode(&r, &h);
	if (r.error == NULL && rpc_pdu_reader_is_too_long(p, &h))
		r.error = "a fragment is longer than negotiated";
	p->error = r.error;
	if (r.error != NULL)
		p->refused = h;
	return r.error == NULL ? h.frag_length : 0;
}

static bool rpc_pdu_reader_give(const uint8_t *pdu, size_t bytes, struct rpc_header *h,
                                struct wire_reader *r)
{
	wire_reader_init(r, pdu, bytes);
	rpc_header_decode(r, h);
	return true;
}

bool rpc_pdu_reader_next(struct rpc_pdu_reader *p, struct rpc_header *h, struct wire_reader *r)
{
	size_t length = 0;

	if (p->partial_returned) {
		wire_writer_clear(&p->partial);
		p->partial_returned = false;
	}
	if (p->error != NULL || rpc_pdu_reader_left(p) == 0)
		return false;
	if (p->partial.len == 0 && rpc_pdu_reader_left(p) >= RPC_HEADER_BYTES) {
		length = rpc_pdu_reader_pdu_length(p, p->at);
		if (length > 0 && length <= rpc_pdu_reader_left(p)) {
			p->at += length;
			return rpc_pdu_reader_give(p->at - length, length, h, r);
		}
	}
	if (p->partial.len < RPC_HEADER_BYTES && !rpc_pdu_reader_collect(p, RPC_HEADER_BYTES))
		return false;
	length = rpc_pdu_reader_pdu_length(p, p->partial.data);
	if (length == 0 || !rpc_pdu_reader_collect(p, length))
		return false;
	p->partial_returned = true;
	return rpc_pdu_reader_give(p->partial.data, length, h, r);
}

size_t rpc_pdu_reader_take_rest(struct rpc_pdu_reader *p, const uint8_t **rest)
{
	size_t bytes = rpc_pdu_reader_left(p);

	*rest = p->at;
	p->at = p->end;
	return bytes;
}
