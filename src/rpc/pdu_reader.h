/* SPDX-License-Identifier: MIT */
/* Whole PDUs out of a pipe's bytes, however they were cut. A PDU that lies whole in what was fed
 * is given in place; only one that was cut is copied together. */
#ifndef RPC_PDU_READER_H
#define RPC_PDU_READER_H

#include "rpc/pdu.h"

struct rpc_pdu_reader {
	uint16_t max_frag; /* bytes: the longest PDU after the negotiation */
	const uint8_t *at, *end;
	struct wire_writer partial; /* a PDU whose rest has not come */
	bool partial_returned;
	const char *error;         /* static text; it sticks */
	struct rpc_header refused; /* the PDU that is to blame, all zero where none is */
};

void rpc_pdu_reader_init(struct rpc_pdu_reader *p, uint16_t max_frag);
void rpc_pdu_reader_fini(struct rpc_pdu_reader *p);

/* The next bytes of the pipe, borrowed until the reader wants more. Feed only then. */
void rpc_pdu_reader_feed(struct rpc_pdu_reader *p, const void *data, size_t bytes);

/* The next PDU: true gives its header and a reader that stands behind it and ends with it, valid
 * until the next call. False: more bytes have to come first, or error is set. */
bool rpc_pdu_reader_next(struct rpc_pdu_reader *p, struct rpc_header *h, struct wire_reader *r);

/* Takes back what was fed and did not become a PDU yet, borrowed as it was. Returns how much. */
size_t rpc_pdu_reader_take_rest(struct rpc_pdu_reader *p, const uint8_t **rest);

#endif
