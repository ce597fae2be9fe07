/* SPDX-License-Identifier: MIT */
/* The part of DER (X.690) that SPNEGO's messages need: tags of one byte. */
#ifndef WIRE_DER_H
#define WIRE_DER_H

#include "wire/reader.h"
#include "wire/writer.h"

enum {
	DER_OCTET_STRING = 0x04,
	DER_OBJECT_IDENTIFIER = 0x06,
	DER_ENUMERATED = 0x0A,
	DER_GENERAL_STRING = 0x1B,
	DER_SEQUENCE = 0x30,
	DER_APPLICATION_0 = 0x60,
	DER_APPLICATION_14 = 0x6E,
	DER_CONTEXT_0 = 0xA0,
	DER_CONTEXT_1,
	DER_CONTEXT_2,
	DER_CONTEXT_3,
	DER_CONTEXT_4,
};

/* What is inside the element that comes next, which r steps over. Fails both readers where it has
 * another tag, or is not all there. */
struct wire_reader der_enter(struct wire_reader *r, uint8_t tag);

/* The next element's tag, 0 at the end. */
uint8_t der_peek(const struct wire_reader *r);

/* How long an element with so much inside it is. */
size_t der_element_bytes(size_t bytes);
/* The tag and the length of an element with so much inside it, less than 64 KiB. */
void der_put_header(struct wire_writer *w, uint8_t tag, size_t bytes);

#endif
