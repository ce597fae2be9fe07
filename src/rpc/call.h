/* SPDX-License-Identifier: MIT */
/* request, response and fault: C706 12.6.4.7, 12.6.4.9, 12.6.4.10. */
#ifndef RPC_CALL_H
#define RPC_CALL_H

#include "rpc/pdu.h"

struct rpc_request {
	uint32_t alloc_hint; /* bytes of stub from here on; 0: unknown */
	uint16_t context_id;
	uint16_t opnum;
};

struct rpc_response {
	uint32_t alloc_hint; /* bytes of stub from here on; 0: unknown */
	uint16_t context_id;
};

struct rpc_fault {
	uint16_t context_id;
	uint32_t status; /* nca_... of C706 N.2, or a Win32 error */
	bool was_not_executed;
};

/* The faults that this server sends: C706 N.2, and those that Windows and Samba add. */
enum rpc_fault_status {
	RPC_FAULT_OP_RNG_ERROR = 0x1C010002,
	RPC_FAULT_UNKNOWN_IF = 0x1C010003,
	RPC_FAULT_PROTO_ERROR = 0x1C01000B,
	RPC_FAULT_REMOTE_NO_MEMORY = 0x1C00001B,
	RPC_FAULT_ACCESS_DENIED = 5,
	RPC_FAULT_BAD_STUB_DATA = 1783,    /* RPC_X_BAD_STUB_DATA */
	RPC_FAULT_NO_CALL_ACTIVE = 1725,   /* RPC_S_NO_CALL_ACTIVE */
	RPC_FAULT_SECURITY_PACKAGE = 1825, /* RPC_S_SEC_PKG_ERROR */
};

#define RPC_CALL_HEADER_BYTES 24 /* of a response, and of a request without an object UUID */

/* The bytes of stub in a fragment of max_frag bytes, unless it is the last one: a multiple of 8, so
 * that no NDR primitive is cut. */
size_t rpc_call_part_bytes(uint16_t max_frag);

/* Append the next fragment of a call with this stub: as much from *at on as fits into max_frag
 * bytes. *at advances, and is bytes after the last fragment. An empty stub is one fragment. */
void rpc_request_encode(struct wire_writer *w, uint32_t call_id, const struct rpc_request *request,
                        const uint8_t *stub, size_t bytes, size_t *at, uint16_t max_frag);
void rpc_response_encode(struct wire_writer *w, uint32_t call_id,
                         const struct rpc_response *response, const uint8_t *stub, size_t bytes,
                         size_t *at, uint16_t max_frag);
/* The same without the bytes of the stub: the caller sends them, from stub + at on. Returns how
 * many they are. */
size_t rpc_response_head_encode(struct wire_writer *w, uint32_t call_id,
                                const struct rpc_response *response, size_t bytes, size_t at,
                                uint16_t max_frag);
void rpc_fault_encode(struct wire_writer *w, uint32_t call_id, const struct rpc_fault *fault);

/* Decode what follows the header. After a request or a response, r stands at the stub. */
void rpc_request_decode(struct wire_reader *r, const struct rpc_header *h,
                        struct rpc_request *request);
void rpc_response_decode(struct wire_reader *r, struct rpc_response *response);
void rpc_fault_decode(struct wire_reader *r, const struct rpc_header *h, struct rpc_fault *fault);

#endif
