/* SPDX-License-Identifier: MIT */
/* Encrypted messages: [MS-SMB2] 2.2.41, 3.1.4.3, 3.2.5.1.1.1. */
#ifndef SMB2_ENCRYPTION_H
#define SMB2_ENCRYPTION_H

#include <stdbool.h>
#include "crypto/crypto.h"
#include "smb2/header.h"
#include "smb2/negotiate.h"
#include "smb2/session.h"

#define SMB2_TRANSFORM_HEADER_BYTES 52

/* The two keys of a session, and the nonces that were used. */
struct smb2_encryption;

/* The end of the connection that encrypts and decrypts. */
enum smb2_role { SMB2_CLIENT, SMB2_SERVER };

/* cipher must not be SMB2_CIPHER_NONE. preauth is the session's preauthentication integrity hash;
 * only dialect 3.1.1 uses it. NULL: out of memory, or OpenSSL's policy forbids the cipher. */
struct smb2_encryption *smb2_encryption_new(enum smb2_role role, uint16_t dialect,
                                            enum smb2_cipher cipher,
                                            const struct smb2_session_key *key,
                                            const uint8_t preauth[CRYPTO_SHA512_BYTES]);
void smb2_encryption_free(struct smb2_encryption *s);

/* Encrypts the content of w from begin on in place, and inserts the transform header before it.
 * False: OpenSSL failed, or out of memory. */
bool smb2_encrypt(struct smb2_encryption *s, uint64_t session_id, struct wire_writer *w,
                  size_t begin);

/* Gives the session id of an encrypted message, whose keys decrypt it. False: the message is not
 * encrypted, or is cut off. */
bool smb2_encrypted_session_id(const uint8_t *message, size_t bytes, uint64_t *session_id);

/* Decrypts message in place and gives the plain message within it. Returns NULL, or a static text
 * that says why the message is none of this session. */
const char *smb2_decrypt(struct smb2_encryption *s, uint64_t session_id, uint8_t *message,
                         size_t bytes, uint8_t **plain, size_t *plain_bytes);

#endif
