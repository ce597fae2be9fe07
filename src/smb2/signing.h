/* SPDX-License-Identifier: MIT */
/* Signatures of messages: [MS-SMB2] 3.1.4.1, 3.1.5.1. */
#ifndef SMB2_SIGNING_H
#define SMB2_SIGNING_H

#include <stdbool.h>
#include "crypto/crypto.h"
#include "smb2/header.h"
#include "smb2/negotiate.h"
#include "smb2/session.h"

/* Returns a session's key, which signs and verifies. preauth is the session's preauthentication
 * integrity hash; only dialect 3.1.1 uses it. NULL: out of memory, or OpenSSL's policy forbids the
 * algorithm. Free the key with crypto_mac_free. */
struct crypto_mac *smb2_signing_key_new(uint16_t dialect, enum smb2_signing_algorithm algorithm,
                                        const struct smb2_session_key *session_key,
                                        const uint8_t preauth[CRYPTO_SHA512_BYTES]);

/* message is one message from its header, which is whole, to its end; in a compound that includes
 * the padding. */
bool smb2_sign(struct crypto_mac *key, uint8_t *message, size_t bytes);
bool smb2_signature_holds(struct crypto_mac *key, const uint8_t *message, size_t bytes);

#endif
