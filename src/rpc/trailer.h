/* SPDX-License-Identifier: MIT */
/* sec_trailer and the token behind it, at the end of a PDU: [MS-RPCE] 2.2.2.11. */
#ifndef RPC_TRAILER_H
#define RPC_TRAILER_H

#include "rpc/pdu.h"

struct rpc_trailer {
	uint8_t type, level; /* of rpc/security.h */
	uint8_t pad_bytes;   /* between the body and the trailer */
	bool is_unaligned;   /* the trailer does not begin at a multiple of 4 bytes of its PDU */
	uint32_t context_id;
	const uint8_t *token; /* borrowed from the PDU */
	size_t token_bytes;
};

#define RPC_TRAILER_BYTES 8

/* Where it begins in a response, counted from the body's start; and in an answer to a bind: there
 * it is 4 to Windows and Samba, whatever the specification says. */
#define RPC_TRAILER_ALIGN     16
#define RPC_TRAILER_ALIGN_ACK 4

/* Reads the trailer of a PDU whose auth_length is not 0. r, which stands behind what is read of the
 * body so far, ends with the body and its padding then. r fails if the PDU has no room for all, or
 * if the trailer is not aligned to 4 bytes; t->is_unaligned reports the latter. */
void rpc_trailer_decode(struct wire_reader *r, const struct rpc_header *h, struct rpc_trailer *t);

/* Appends one to the PDU that begins at begin, its padding before it, and room for the token, whose
 * place it returns; the PDU is whole then. t->pad_bytes and t->token are not looked at. */
uint8_t *rpc_trailer_encode(struct wire_writer *w, size_t begin, size_t body_at, size_t align,
                            const struct rpc_trailer *t);

#endif
