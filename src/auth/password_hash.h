/* SPDX-License-Identifier: MIT */
/* Inside src/auth only: the hash by which NTLM knows a password. */
#ifndef AUTH_PASSWORD_HASH_H
#define AUTH_PASSWORD_HASH_H

#include <stdint.h>
#include "base/err.h"

#define PASSWORD_HASH_BYTES 16

/* Computes NTOWFv1 ([MS-NLMP] 3.3.1): MD4 of the password, which is valid UTF-8, in UTF-16. Returns
 * 0, ERROR_NOT_ENOUGH_MEMORY or ERROR_NOT_SUPPORTED, which then stands in err. */
NET_API_STATUS password_hash_compute(const char *password, uint8_t to[PASSWORD_HASH_BYTES],
                                     const char *step, struct err *err);

/* Room for a hash in hexadecimal digits, and a NUL. */
#define PASSWORD_HASH_DIGITS (2 * PASSWORD_HASH_BYTES + 1)

void password_hash_print(const uint8_t hash[PASSWORD_HASH_BYTES], char to[PASSWORD_HASH_DIGITS]);

#endif
