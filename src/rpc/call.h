/* SPDX-License-Identifier: MIT */
/* request, response and fault: C706 12.6.4.7, 12.6.4.9, 12.6.4.10. */
#ifndef RPC_CALL_H
#define RPC_CALL_H

#include "rpc/pdu.h"

struct rpc_request {
	uint32_t alloc_hint; /* bytes of stub from here on, 0: not told */
	uint16_t context_id;
	uint16_t opnum;
};

struct rpc_response {
	uint32_t alloc_hint; /* bytes of stub from here on, 0: not told */
	uint16_t context_id;
};

struct rpc_fault {
	uint16_t context_id;
	uint32_t status; /* nca_... of C706 N.2, or a Win32 error */
};

#define RPC_CALL_HEADER_BYTES 24 /* of a request without an object, and of a response */

/* Encode the next fragment of a call whose whole stub is given: as much from *at on as
 * max_frag bytes hold, and moves *at there. The last one is encoded when *at reaches bytes;
 * an empty stub is one fragment. */
void rpc_request_encode(struct wire_writer *w, uint32_t call_id, const struct rpc_request *request,
                        const uint8_t *stub, size_t bytes, size_t *at, uint16_t max_frag);
void rpc_response_encode(struct wire_writer *w, uint32_t call_id,
                         const struct rpc_response *response, const uint8_t *stub, size_t bytes,
                         size_t *at, uint16_t max_frag);
void rpc_fault_encode(struct wire_writer *w, uint32_t call_id, const struct rpc_fault *fault);

/* Decode what follows the header. Of a request and a response, r stands at the stub then. */
void rpc_request_decode(struct wire_reader *r, const struct rpc_header *h,
                        struct rpc_request *request);
void rpc_response_decode(struct wire_reader *r, struct rpc_response *response);
void rpc_fault_decode(struct wire_reader *r, struct rpc_fault *fault);

#endif
