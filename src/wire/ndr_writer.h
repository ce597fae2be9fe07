/* SPDX-License-Identifier: MIT */
/* NDR 2.0, little-endian, appended to a wire_writer. */
#ifndef WIRE_NDR_WRITER_H
#define WIRE_NDR_WRITER_H

#include <stdint.h>
#include "wire/writer.h"

struct ndr_writer {
	struct wire_writer *wire; /* kept */
	size_t origin;            /* where the stub begins, from which alignment counts */
	uint32_t referent;        /* the last one that was put */
};

void ndr_writer_init(struct ndr_writer *w, struct wire_writer *wire);

/* Returns room for count bytes, aligned to 4, which are to be filled at once. NULL after a failure.
 */
uint8_t *ndr_put_space(struct ndr_writer *w, size_t count);

void ndr_put_u32(struct ndr_writer *w, uint32_t value);

/* Returns what stands for a unique pointer: a new referent, or 0 if what is NULL. */
uint32_t ndr_pointer(struct ndr_writer *w, const void *what);

void ndr_put_pointer(struct ndr_writer *w, const void *what);

/* Puts a conformant varying string of 16-bit characters with a terminator, C706 14.3.4.2. */
void ndr_put_wstring(struct ndr_writer *w, const char *utf8);

/* Puts a unique pointer and, if it is not NULL, the string behind it. */
void ndr_put_unique_wstring(struct ndr_writer *w, const char *utf8);

#endif
