/* SPDX-License-Identifier: MIT */
/* Inside src/auth only: what a domain's controller says of a ticket's owner, KERB_VALIDATION_INFO
 * of [MS-PAC] 2.5. Pure: bytes in, names and SIDs out. */
#ifndef AUTH_PAC_H
#define AUTH_PAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

#define PAC_MAX_UNITS  256 /* a longer name is none */
#define PAC_NAME_BYTES (3 * PAC_MAX_UNITS + 1)
/* "S-1-" of a 48-bit authority and 15 numbers, its terminator included. */
#define PAC_SID_BYTES (4 + 15 + 15 * 11 + 1)

/* UTF-8; "" for a name that is missing or too long. */
struct pac_account {
	char user[PAC_NAME_BYTES], domain[PAC_NAME_BYTES]; /* the domain's NetBIOS name */
};

/* Called for each SID that the account goes by, borrowed text: its own, its groups'. False ends
 * it. */
typedef bool pac_take_sid(void *context, const char *sid);

/* ERROR_INVALID_DATA: it is malformed, and what take was told of it is void.
 * ERROR_NOT_ENOUGH_MEMORY: take returned false. */
NET_API_STATUS pac_decode(const uint8_t *info, size_t bytes, struct pac_account *account,
                          pac_take_sid *take, void *context);

#endif
