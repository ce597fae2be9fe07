/* SPDX-License-Identifier: MIT */
/* The client's side of one association: one interface, one call at a time. Bytes in, bytes out;
 * what carries them is somebody else's business. */
#ifndef RPC_CLIENT_ASSOCIATION_H
#define RPC_CLIENT_ASSOCIATION_H

#include "base/err.h"
#include "rpc/bind.h"
#include "rpc/call.h"
#include "rpc/pdu.h"

/* An answer's stub may be this long in all. A million sessions at level 502 need 200 MB. */
#define RPC_MAX_STUB_BYTES ((size_t)512 << 20)

struct rpc_association {
	enum rpc_step { RPC_UNBOUND, RPC_BINDING, RPC_IDLE, RPC_CALLING, RPC_BROKEN } step;
	uint16_t max_xmit_frag; /* bytes, as the server can receive */
	uint32_t call_id;
	size_t stub_bytes; /* of the running call's answer so far */
	struct rpc_pdu_reader pdus;
	struct err err;
};

enum rpc_event {
	RPC_WANT_BYTES, /* nothing more in what was fed */
	RPC_BOUND,      /* the bind succeeded */
	RPC_STUB,       /* a piece of the answer */
	RPC_FAILED,     /* the call, or the association when step is RPC_BROKEN: see err */
};

/* A piece of an answer's stub, borrowed until the next rpc_association_next. */
struct rpc_piece {
	const uint8_t *data;
	size_t bytes;
	bool big_endian;
	bool last;
	uint32_t remaining_bytes; /* stub bytes of the answer behind this piece, 0: none or not told
	                           */
};

void rpc_association_init(struct rpc_association *a);
void rpc_association_fini(struct rpc_association *a);

/* Appends a bind to interface. */
void rpc_association_bind(struct rpc_association *a, struct wire_writer *w,
                          const struct rpc_syntax *interface);

/* Begins a call. Its request is then encoded by rpc_association_fragment, one fragment a call,
 * until *at, which starts at 0, has reached bytes. */
void rpc_association_call(struct rpc_association *a);
void rpc_association_fragment(struct rpc_association *a, struct wire_writer *w, uint16_t opnum,
                              const uint8_t *stub, size_t bytes, size_t *at);

/* What the pipe gave, borrowed until rpc_association_next says RPC_WANT_BYTES. */
void rpc_association_feed(struct rpc_association *a, const void *data, size_t bytes);
enum rpc_event rpc_association_next(struct rpc_association *a, struct rpc_piece *piece);

#endif
