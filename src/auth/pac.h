/* SPDX-License-Identifier: MIT */
/* Inside src/auth only: what the domain controller writes into a ticket about its owner,
 * KERB_VALIDATION_INFO of [MS-PAC] 2.5. Pure: bytes in, names and SIDs out. */
#ifndef AUTH_PAC_H
#define AUTH_PAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

#define PAC_MAX_UNITS  256 /* longer names are ignored */
#define PAC_NAME_BYTES (3 * PAC_MAX_UNITS + 1)

/* UTF-8; "" for a name that is missing or too long. */
struct pac_account {
	char user[PAC_NAME_BYTES], domain[PAC_NAME_BYTES]; /* the domain's NetBIOS name */
};

/* Called for each SID of the account and its groups; borrowed text of SID_TEXT_BYTES at most.
 * Returning false ends the decoding.
 */
typedef bool pac_take_sid(void *context, const char *sid);

/* Returns ERROR_INVALID_DATA for malformed information: the SIDs that take was given are void then.
 * ERROR_NOT_ENOUGH_MEMORY: take returned false. */
NET_API_STATUS pac_decode(const uint8_t *info, size_t bytes, struct pac_account *account,
                          pac_take_sid *take, void *context);

#endif
