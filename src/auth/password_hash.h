/* SPDX-License-Identifier: MIT */
/* Inside src/auth only: the hash by which NTLM knows a password. */
#ifndef AUTH_PASSWORD_HASH_H
#define AUTH_PASSWORD_HASH_H

#include "crypto/crypto.h"

/* Computes NTOWFv1 ([MS-NLMP] 3.3.1): MD4 of the password, which is UTF-8, in UTF-16. False: out of
 * memory. */
bool password_hash_compute(struct crypto_md4 *md4, const char *password,
                           uint8_t to[CRYPTO_MD4_BYTES]);

/* Room for a hash in hexadecimal digits, and a NUL. */
#define PASSWORD_HASH_DIGITS (2 * CRYPTO_MD4_BYTES + 1)

void password_hash_print(const uint8_t hash[CRYPTO_MD4_BYTES], char to[PASSWORD_HASH_DIGITS]);

#endif
