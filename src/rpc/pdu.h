/* SPDX-License-Identifier: MIT */
/* What all connection-oriented DCE/RPC PDUs have in common: C706 12.6.3.1. */
#ifndef RPC_PDU_H
#define RPC_PDU_H

#include <stdbool.h>
#include <stdint.h>
#include "wire/reader.h"
#include "wire/writer.h"

enum rpc_ptype {
	RPC_REQUEST = 0,
	RPC_RESPONSE = 2,
	RPC_FAULT = 3,
	RPC_BIND = 11,
	RPC_BIND_ACK = 12,
	RPC_BIND_NAK = 13,
	RPC_ALTER_CONTEXT = 14,
	RPC_ALTER_CONTEXT_RESP = 15,
	RPC_AUTH3 = 16, /* [MS-RPCE] 2.2.2.10 */
	RPC_CO_CANCEL = 18,
	RPC_ORPHANED = 19,
};

enum rpc_pfc_flags {
	RPC_PFC_FIRST_FRAG = 0x01,
	RPC_PFC_LAST_FRAG = 0x02,
	RPC_PFC_PENDING_CANCEL = 0x04,
	RPC_PFC_SUPPORT_HEADER_SIGN = 0x04, /* of a bind and its like, [MS-RPCE] 2.2.2.3 */
	RPC_PFC_CONC_MPX = 0x10,
	RPC_PFC_DID_NOT_EXECUTE = 0x20,
	RPC_PFC_OBJECT_UUID = 0x80,
};

#define RPC_HEADER_BYTES 16

/* The least that every implementation can receive, C706 12.6.3.1 (MustRecvFragSize). */
#define RPC_MIN_FRAG_BYTES 1432

struct rpc_header {
	uint8_t version, version_minor;
	uint8_t ptype;
	uint8_t pfc_flags;
	uint16_t frag_length; /* bytes, this header included */
	uint16_t auth_length; /* bytes */
	uint32_t call_id;
};

/* Reads the header and gives r the byte order that it states. */
void rpc_header_decode(struct wire_reader *r, struct rpc_header *h);

/* Begins a PDU at the end of w and returns where; rpc_pdu_end fills in its length. */
size_t rpc_pdu_begin(struct wire_writer *w, enum rpc_ptype ptype, uint8_t pfc_flags,
                     uint32_t call_id);
void rpc_pdu_end(struct wire_writer *w, size_t begin);
void rpc_pdu_set_auth_length(struct wire_writer *w, size_t begin, size_t bytes);
/* Of a PDU whose end is written elsewhere. */
void rpc_pdu_set_length(struct wire_writer *w, size_t begin, size_t bytes);

/* Whole PDUs out of a pipe's bytes, however they were cut. A PDU that lies whole in what was fed
 * is given in place; only one that was cut is copied together. */

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
