/* SPDX-License-Identifier: MIT */
/* NDR 2.0, little-endian, appended to a wire_writer. */
#ifndef WIRE_NDR_WRITER_H
#define WIRE_NDR_WRITER_H

#include <stdint.h>
#include "wire/writer.h"

struct ndr_writer {
	struct wire_writer *wire; /* kept */
	size_t origin;            /* where the stub begins: alignment counts from there */
	uint32_t referent;        /* the last one given */
};

void ndr_writer_init(struct ndr_writer *w, struct wire_writer *wire);

void ndr_put_u32(struct ndr_writer *w, uint32_t value);

/* A unique pointer: a fresh referent, or zero when what it points at is absent. */
void ndr_put_pointer(struct ndr_writer *w, const void *what);

/* A conformant varying string, C706 14.3.4.2: 16-bit characters, the terminator counted. */
void ndr_put_wstring(struct ndr_writer *w, const char *utf8);

/* A unique pointer and, where it is not NULL, the string itself behind it. */
void ndr_put_unique_wstring(struct ndr_writer *w, const char *utf8);

#endif
