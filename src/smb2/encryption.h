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

/* A session's two keys, and the nonces used up. */
struct smb2_encryption;

/* Which end of the connection holds it. */
enum smb2_role { SMB2_CLIENT, SMB2_SERVER };

/* cipher is not SMB2_CIPHER_NONE; preauth is for dialect 3.1.1 alone. NULL: out of memory, or
 * OpenSSL's policy forbids the cipher. */
struct smb2_encryption *smb2_encryption_new(enum smb2_role role, uint16_t dialect,
                                            enum smb2_cipher cipher,
                                            const struct smb2_session_key *key,
                                            const uint8_t preauth[CRYPTO_SHA512_BYTES]);
void smb2_encryption_free(struct smb2_encryption *s);

/* Encrypts what stands in w from begin on and puts the transform header before it. */
bool smb2_encrypt(struct smb2_encryption *s, uint64_t session_id, struct wire_writer *w,
                  size_t begin);

/* The session of an encrypted message: whose keys are to be found. False: it is none, or is cut. */
bool smb2_encrypted_session_id(const uint8_t *message, size_t bytes, uint64_t *session_id);

/* Decrypts a message in place and gives the plain one within it. NULL or why it is not one of the
 * session's: static text. */
const char *smb2_decrypt(struct smb2_encryption *s, uint64_t session_id, uint8_t *message,
                         size_t bytes, uint8_t **plain, size_t *plain_bytes);

#endif
