/* SPDX-License-Identifier: MIT */
/* NDR 2.0 out of a stub that is all there: requests, and short answers. The reader starts where
 * the stub does, and knows the byte order. */
#ifndef WIRE_NDR_READER_H
#define WIRE_NDR_READER_H

#include <stddef.h>
#include <stdint.h>
#include "wire/reader.h"

/* A 32-bit number at its natural alignment. */
uint32_t ndr_get_u32(struct wire_reader *r);

/* A count, read together with the least each of its elements weighs on the wire, so that no
 * allocation outgrows the input. */
uint32_t ndr_get_count(struct wire_reader *r, size_t min_element_bytes);

/* A conformant varying string of 16-bit characters, C706 14.3.4.2, as UTF-8 with its terminator
 * into to. A text of more than max_units is cut to max_units + 1, so that its reader can still
 * tell that it was too long; to takes NDR_TEXT_BYTES(max_units). */
#define NDR_TEXT_BYTES(max_units) (3 * ((size_t)(max_units) + 2))
void ndr_get_wstring(struct wire_reader *r, char *to, size_t max_units);

/* A unique pointer and, where it is not NULL, the string behind it. Returns to, or NULL. */
const char *ndr_get_unique_wstring(struct wire_reader *r, char *to, size_t max_units);

#endif
