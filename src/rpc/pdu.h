/* SPDX-License-Identifier: MIT */
/* Connection-oriented DCE/RPC PDUs (C706 12.6.3.1): their header, and how they are cut out of a
 * byte stream. */
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
	RPC_PFC_SUPPORT_HEADER_SIGN = 0x04, /* in bind and alter_context, [MS-RPCE] 2.2.2.3 */
	RPC_PFC_CONC_MPX = 0x10,
	RPC_PFC_DID_NOT_EXECUTE = 0x20,
	RPC_PFC_OBJECT_UUID = 0x80,
};

#define RPC_HEADER_BYTES 16

/* Every implementation can receive so long a fragment, C706 12.6.3.1 (MustRecvFragSize). */
#define RPC_MIN_FRAG_BYTES 1432

struct rpc_header {
	uint8_t version, version_minor;
	uint8_t ptype;
	uint8_t pfc_flags;
	uint16_t frag_length; /* bytes, this header included */
	uint16_t auth_length; /* bytes */
	uint32_t call_id;
};

/* Decodes the header, and sets the byte order of r to that of the header. */
void rpc_header_decode(struct wire_reader *r, struct rpc_header *h);

/* Begins a PDU at the end of w. Returns where the PDU begins; rpc_pdu_end takes that and sets the
 * length. */
size_t rpc_pdu_begin(struct wire_writer *w, enum rpc_ptype ptype, uint8_t pfc_flags,
                     uint32_t call_id);
void rpc_pdu_end(struct wire_writer *w, size_t begin);
void rpc_pdu_set_auth_length(struct wire_writer *w, size_t begin, size_t bytes);
/* For a PDU whose end does not follow in w. */
void rpc_pdu_set_length(struct wire_writer *w, size_t begin, size_t bytes);

/* ---- PDUs out of a byte stream ---- */

/* A PDU that is whole in the bytes that were fed is returned in place; only a PDU that is cut is
 * copied. */
struct rpc_pdu_reader {
	uint16_t max_frag; /* bytes: the longest PDU but bind and alter_context */
	const uint8_t *at, *end;
	struct wire_writer partial; /* the begin of a PDU that is cut */
	bool partial_returned;
	const char *error;         /* static text; the first one sticks */
	struct rpc_header refused; /* the PDU that caused error; all zero: none */
};

void rpc_pdu_reader_init(struct rpc_pdu_reader *p, uint16_t max_frag);
void rpc_pdu_reader_fini(struct rpc_pdu_reader *p);

/* The next bytes, borrowed until they are used up. To be called only when they are, as
 * rpc_pdu_reader_next has returned false. */
void rpc_pdu_reader_feed(struct rpc_pdu_reader *p, const void *data, size_t bytes);

/* Gives the header of the next PDU, and a reader that stands behind the header and ends with the
 * PDU, valid until the next call. False: more bytes are needed, or error is set. */
bool rpc_pdu_reader_next(struct rpc_pdu_reader *p, struct rpc_header *h, struct wire_reader *r);

/* Gives back the bytes that were fed and are not used up, borrowed as they were. Returns how many.
 */
size_t rpc_pdu_reader_take_rest(struct rpc_pdu_reader *p, const uint8_t **rest);

#endif
