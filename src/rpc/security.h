/* SPDX-License-Identifier: MIT */
/* Authentication and protection of calls: [MS-RPCE] 2.2.1.1.7, 2.2.1.1.8, 3.3.1.5.2. */
#ifndef RPC_SECURITY_H
#define RPC_SECURITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rpc_auth_type {
	RPC_AUTH_NONE = 0,
	RPC_AUTH_SPNEGO = 9,
	RPC_AUTH_NTLM = 10,
	RPC_AUTH_KERBEROS = 16,
};

enum rpc_auth_level {
	RPC_LEVEL_NONE = 1,
	RPC_LEVEL_CONNECT = 2,
	RPC_LEVEL_CALL = 3,
	RPC_LEVEL_PACKET = 4, /* treated as RPC_LEVEL_INTEGRITY */
	RPC_LEVEL_INTEGRITY = 5,
	RPC_LEVEL_PRIVACY = 6,
};

/* A PDU without its token. Sealing encrypts its body only. */
struct rpc_message {
	uint8_t *data;
	size_t bytes, body_at, body_bytes;
	bool signs_all; /* header and trailer too: both ends support header signing */
};

/* What a server uses to protect calls once a caller is authenticated, as it would use a cipher:
 * these functions compute, and do nothing else. context is that of rpc_server_set_security. */
struct rpc_security_provider {
	/* Whether callers may authenticate like this. */
	bool (*supports)(void *context, uint8_t auth_type, uint8_t auth_level);
	/* The length of a token that signs or seals; 0: that was not agreed on, or is impossible.
	 */
	size_t (*token_bytes)(void *context, bool seals);
	bool (*sign)(void *context, const struct rpc_message *m, uint8_t *token);
	bool (*verify)(void *context, const struct rpc_message *m, const uint8_t *token,
	               size_t token_bytes);
	/* These work in place. */
	bool (*seal)(void *context, const struct rpc_message *m, uint8_t *token);
	bool (*unseal)(void *context, const struct rpc_message *m, const uint8_t *token,
	               size_t token_bytes);
};

enum rpc_auth_progress { RPC_AUTH_CONTINUES, RPC_AUTH_COMPLETE, RPC_AUTH_FAILED };

#endif
