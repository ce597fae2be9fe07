/* SPDX-License-Identifier: MIT */
/* Inside src/auth only: what a Kerberos token shows without a key. Pure. */
#ifndef AUTH_KERBEROS_MESSAGE_H
#define AUTH_KERBEROS_MESSAGE_H

#include <stdint.h>
#include "crypto/crypto.h"

/* The clock of the server that sent a KRB-ERROR (RFC 4120 5.9.1, in a token of RFC 4121 4.1), in
 * seconds since 1970. 0: the token is something else. */
int64_t kerberos_error_time(struct crypto_span token);

#endif
