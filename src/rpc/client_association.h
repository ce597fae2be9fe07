/* SPDX-License-Identifier: MIT */
/* The client's side of one association: one interface, one call at a time. Bytes in, bytes out,
 * over any transport. */
#ifndef RPC_CLIENT_ASSOCIATION_H
#define RPC_CLIENT_ASSOCIATION_H

#include "base/err.h"
#include "rpc/bind.h"
#include "rpc/call.h"
#include "rpc/pdu.h"

/* The longest stub of an answer. A million sessions at level 502 need 200 MB. */
#define RPC_MAX_STUB_BYTES ((size_t)512 << 20)

struct rpc_association {
	enum rpc_step { RPC_UNBOUND, RPC_BINDING, RPC_IDLE, RPC_CALLING, RPC_BROKEN } step;
	uint16_t max_xmit_frag; /* bytes: the longest fragment that the server receives */
	uint32_t call_id;
	bool calls_early;  /* a call follows the bind that is not answered yet */
	size_t stub_bytes; /* of the answer to the current call, so far */
	struct rpc_pdu_reader pdus;
	struct err err;
};

enum rpc_event {
	RPC_WANT_BYTES, /* all that was fed is used up */
	RPC_BOUND,      /* the bind succeeded */
	RPC_STUB,       /* a piece of the answer */
	RPC_FAILED,     /* the call failed, or the association if step is RPC_BROKEN: see err */
};

/* A piece of the stub of an answer, borrowed until the next rpc_association_next. */
struct rpc_piece {
	const uint8_t *data;
	size_t bytes;
	bool big_endian;
	bool last;
	uint32_t remaining_bytes; /* of the stub behind this piece; 0: none, or unknown */
};

void rpc_association_init(struct rpc_association *a);
void rpc_association_fini(struct rpc_association *a);

/* The longest fragment that this client sends or receives: as much as one READ of a pipe carries.
 */
#define RPC_MAX_FRAG_BYTES 65528u

/* Appends a bind to interface to w. max_frag_bytes is what the transport carries at once, at least
 * RPC_MIN_FRAG_BYTES: fragments of both directions shall be no longer. */
void rpc_association_bind(struct rpc_association *a, struct wire_writer *w,
                          const struct rpc_syntax *interface, uint32_t max_frag_bytes);

/* Begins a call while the bind is not answered; the server has to work on one after the other. Its
 * stub is at most RPC_EARLY_STUB_BYTES long, because the server has not said yet what it receives.
 */
#define RPC_EARLY_STUB_BYTES ((size_t)(RPC_MIN_FRAG_BYTES - RPC_CALL_HEADER_BYTES))
void rpc_association_call_early(struct rpc_association *a);

/* Begins a call. rpc_association_fragment then appends the fragments of its request to w, one at a
 * time, until *at, which begins at 0, is bytes. */
void rpc_association_call(struct rpc_association *a);
void rpc_association_fragment(struct rpc_association *a, struct wire_writer *w, uint16_t opnum,
                              const uint8_t *stub, size_t bytes, size_t *at);

/* Bytes of the server, borrowed until rpc_association_next returns RPC_WANT_BYTES. */
void rpc_association_feed(struct rpc_association *a, const void *data, size_t bytes);
enum rpc_event rpc_association_next(struct rpc_association *a, struct rpc_piece *piece);

#endif
