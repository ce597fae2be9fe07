/* SPDX-License-Identifier: MIT */
/* bind, bind_ack and bind_nak, and alter_context and alter_context_resp, which differ from bind and
 * bind_ack in their type only: C706 12.6.4.1 to 12.6.4.5, [MS-RPCE] 2.2.2.5. */
#ifndef RPC_BIND_H
#define RPC_BIND_H

#include "rpc/pdu.h"

struct rpc_syntax {
	struct {
		uint32_t time_low;
		uint16_t time_mid, time_hi;
		uint8_t rest[8];
	} uuid;
	uint16_t version, version_minor;
};

/* NDR 2.0: 8a885d04-1ceb-11c9-9fe8-08002b104860, version 2.0. */
extern const struct rpc_syntax rpc_ndr_syntax;

#define RPC_MAX_CONTEXTS  32
#define RPC_MAX_TRANSFERS 8

struct rpc_presentation_context {
	uint16_t id;
	struct rpc_syntax interface;
	struct rpc_syntax transfers[RPC_MAX_TRANSFERS];
	uint8_t transfer_count;
};

struct rpc_bind {
	uint16_t max_xmit_frag, max_recv_frag; /* bytes */
	uint32_t assoc_group;
	struct rpc_presentation_context contexts[RPC_MAX_CONTEXTS];
	uint8_t context_count;
	bool is_too_long; /* more contexts or transfer syntaxes than these */
};

enum rpc_result {
	RPC_ACCEPTANCE = 0,
	RPC_USER_REJECTION = 1,
	RPC_PROVIDER_REJECTION = 2,
	RPC_NEGOTIATE_ACK = 3, /* [MS-RPCE] 2.2.2.4 */
};

/* Why a provider rejects a context: C706 12.6.3.1. */
enum rpc_provider_reason {
	RPC_ABSTRACT_SYNTAX_NOT_SUPPORTED = 1,
	RPC_TRANSFER_SYNTAXES_NOT_SUPPORTED = 2,
	RPC_CONTEXT_LIMIT_EXCEEDED = 3,
};

/* Why a bind is refused as a whole: C706 12.6.3.1, [MS-RPCE] 2.2.2.5. */
enum rpc_nak_reason {
	RPC_NAK_NOT_SPECIFIED = 0,
	RPC_NAK_LOCAL_LIMIT_EXCEEDED = 2,
	RPC_NAK_PROTOCOL_VERSION_NOT_SUPPORTED = 4,
	RPC_NAK_AUTHENTICATION_TYPE_NOT_RECOGNIZED = 8,
	RPC_NAK_INVALID_CHECKSUM = 9, /* for every failure of a security provider */
};

struct rpc_context_result {
	uint16_t result; /* enum rpc_result */
	uint16_t reason; /* of a provider rejection; in a negotiate_ack, the features */
	struct rpc_syntax transfer;
};

struct rpc_bind_ack {
	uint8_t pfc_flags;                     /* encoded only: beside first and last fragment */
	uint16_t max_xmit_frag, max_recv_frag; /* bytes */
	uint32_t assoc_group;
	const char *secondary_address; /* encoded only, not in an alter_context_resp:
	                                * "\\PIPE\\srvsvc" */
	struct rpc_context_result results[RPC_MAX_CONTEXTS];
	uint8_t result_count;
};

bool rpc_syntax_same_uuid(const struct rpc_syntax *a, const struct rpc_syntax *b);
/* Whether UUID and version are the same. */
bool rpc_syntax_equal(const struct rpc_syntax *a, const struct rpc_syntax *b);

/* A syntax takes 20 bytes. */
void rpc_syntax_encode(struct wire_writer *w, const struct rpc_syntax *s);

/* Encoders append a whole PDU. Decoders read what follows the header, at which r stands. */
void rpc_bind_encode(struct wire_writer *w, uint32_t call_id, const struct rpc_bind *bind);
void rpc_bind_decode(struct wire_reader *r, struct rpc_bind *bind);
void rpc_bind_ack_encode(struct wire_writer *w, uint32_t call_id, const struct rpc_bind_ack *ack);
void rpc_alter_context_resp_encode(struct wire_writer *w, uint32_t call_id,
                                   const struct rpc_bind_ack *ack);
void rpc_bind_ack_decode(struct wire_reader *r, struct rpc_bind_ack *ack);
void rpc_bind_nak_encode(struct wire_writer *w, uint32_t call_id, uint16_t reason);
void rpc_bind_nak_decode(struct wire_reader *r, uint16_t *reason);

#endif
