/* SPDX-License-Identifier: MIT */
/* NetBIOS names as the name service writes them: RFC 1001 14.1, RFC 1002 4.1. */
#ifndef WIRE_NBNS_NAME_H
#define WIRE_NBNS_NAME_H

#include <stdbool.h>
#include <stdint.h>

#define NBNS_NAME_MAX_BYTES 15 /* the 16th says what the name stands for */
#define NBNS_FILE_SERVER    0x20

/* Its length, two letters for each of 16 bytes, and the empty label: no scope is used. */
#define NBNS_ENCODED_BYTES 34

/* Whether host can be a computer's NetBIOS name: 1 to 15 ASCII letters, digits and Windows'
 * punctuation but the dot. Other characters mean what a code page says, and nobody knows which. */
bool nbns_name_fits(const char *host);

/* The name, in capitals and filled up with spaces, in first-level encoding. host fits. */
void nbns_name_encode(uint8_t to[NBNS_ENCODED_BYTES], const char *host, uint8_t suffix);

#endif
