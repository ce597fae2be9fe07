/* SPDX-License-Identifier: MIT */
/* Protection of DCE/RPC PDUs by a log-on that is complete: [MS-RPCE] 2.2.2.12, 3.3.1.5.2.2. Nothing
 * here blocks. */
#ifndef AUTH_PROTECTION_H
#define AUTH_PROTECTION_H

#include "auth/acceptor.h"

/* A PDU without its token. Only the body is sealed. */
struct auth_message {
	uint8_t *data;
	size_t bytes, body_at, body_bytes;
	bool signs_all; /* instead of the body only, as both sides agreed; NTLM always does */
};

/* The length of a token that signs, or seals. 0: the initiator did not ask for that protection, or
 * it is not available: gss-ntlmssp can only seal all that it signs, so NTLM does not seal here. */
size_t auth_protection_bytes(const struct auth_acceptor *a, bool seals);

/* Each returns false on failure, or when the message is not what the peer sent. A token to write to
 * has room for auth_protection_bytes. */
bool auth_protection_sign(struct auth_acceptor *a, const struct auth_message *m, uint8_t *token);
bool auth_protection_verify(struct auth_acceptor *a, const struct auth_message *m,
                            const uint8_t *token, size_t token_bytes);
/* In place. */
bool auth_protection_seal(struct auth_acceptor *a, const struct auth_message *m, uint8_t *token);
bool auth_protection_unseal(struct auth_acceptor *a, const struct auth_message *m,
                            const uint8_t *token, size_t token_bytes);

#endif
