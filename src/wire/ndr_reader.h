/* SPDX-License-Identifier: MIT */
/* NDR 2.0 out of a whole stub: requests and short answers. The reader starts where the stub does,
 * and knows its byte order. */
#ifndef WIRE_NDR_READER_H
#define WIRE_NDR_READER_H

#include <stddef.h>
#include <stdint.h>
#include "wire/reader.h"

/* A 32-bit number at its natural alignment. */
uint32_t ndr_get_u32(struct wire_reader *r);

/* A count of elements that take at least min_element_bytes each on the wire. Fails r if the stub
 * cannot hold so many: no allocation outgrows the input. */
uint32_t ndr_get_count(struct wire_reader *r, size_t min_element_bytes);

/* Reads a conformant varying string of 16-bit characters (C706 14.3.4.2) to to, which has
 * NDR_TEXT_BYTES(max_units), as UTF-8 with a terminator. A text of more than max_units is cut to
 * max_units + 1 units, so that the caller can see that it was too long. */
#define NDR_TEXT_BYTES(max_units) (3 * ((size_t)(max_units) + 2))
void ndr_get_wstring(struct wire_reader *r, char *to, size_t max_units);

/* Reads a unique pointer and, if it is not NULL, the string behind it. Returns to, or NULL. */
const char *ndr_get_unique_wstring(struct wire_reader *r, char *to, size_t max_units);

#endif
