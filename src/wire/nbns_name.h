/* SPDX-License-Identifier: MIT */
/* NetBIOS names in messages of the name service: RFC 1001 14.1, RFC 1002 4.1. */
#ifndef WIRE_NBNS_NAME_H
#define WIRE_NBNS_NAME_H

#include <stdbool.h>
#include <stdint.h>

#define NBNS_NAME_MAX_BYTES 15 /* the 16th is the suffix: the type of the name */
#define NBNS_FILE_SERVER    0x20

/* A length, two letters for each of the 16 bytes, and the empty label, since no scope is used */
#define NBNS_ENCODED_BYTES 34

/* Whether host can be the NetBIOS name of a computer: 1 to 15 ASCII letters, digits, and the
 * punctuation that Windows allows, without the dot. Other characters depend on a code page, which
 * is unknown. */
bool nbns_name_fits(const char *host);

/* Writes host in capitals, padded with spaces, in first-level encoding. nbns_name_fits must be
 * true of it, or it is a name that no computer has as its own, such as "*SMBSERVER". */
void nbns_name_encode(uint8_t to[NBNS_ENCODED_BYTES], const char *host, uint8_t suffix);

#endif
