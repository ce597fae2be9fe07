/* SPDX-License-Identifier: MIT */
/* Security identifiers: [MS-DTYP] 2.4.2. */
#ifndef BASE_SID_H
#define BASE_SID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SID_MAX_SUB_AUTHORITIES 15

struct sid {
	uint64_t authority; /* 48 bits */
	unsigned count;     /* 0: it is none */
	uint32_t sub_authorities[SID_MAX_SUB_AUTHORITIES];
};

/* "S-1-" of a 48-bit authority and 15 numbers, its terminator included. */
#define SID_TEXT_BYTES (4 + 15 + 15 * 11 + 1)

/* Decodes a SID as directories store it, 2.4.2.2. False: it is malformed. */
bool sid_decode(struct sid *sid, const uint8_t *bytes, size_t count);

/* Writes the form of 2.4.2.1: "S-1-5-21-...". Returns to. */
char *sid_text(const struct sid *sid, char to[SID_TEXT_BYTES]);

#endif
