/* SPDX-License-Identifier: MIT */
/* What a log-on that is complete can protect: PDUs of DCE/RPC, [MS-RPCE] 2.2.2.12, 3.3.1.5.2.2. It
 * does not block. */
#ifndef AUTH_PROTECTION_H
#define AUTH_PROTECTION_H

#include "auth/acceptor.h"

/* A PDU without its token. What is sealed is its body alone. */
struct auth_message {
	uint8_t *data;
	size_t bytes, body_at, body_bytes;
	bool signs_all; /* not its body alone, as both sides agreed; NTLM always does */
};

/* How long a token is that signs, or seals; 0: the initiator did not want that protection, or it is
 * not to be had. gss-ntlmssp seals what it signs, and no less: so NTLM does not seal here. */
size_t auth_protection_bytes(const struct auth_acceptor *a, bool seals);

/* Each false: it failed, or what came is not what was sent. A token that is given has room for
 * auth_protection_bytes. */
bool auth_protection_sign(struct auth_acceptor *a, const struct auth_message *m, uint8_t *token);
bool auth_protection_verify(struct auth_acceptor *a, const struct auth_message *m,
                            const uint8_t *token, size_t token_bytes);
/* In its place. */
bool auth_protection_seal(struct auth_acceptor *a, const struct auth_message *m, uint8_t *token);
bool auth_protection_unseal(struct auth_acceptor *a, const struct auth_message *m,
                            const uint8_t *token, size_t token_bytes);

#endif
