/* SPDX-License-Identifier: MIT */
/* The part of DER (X.690) that SPNEGO and Kerberos messages use: tags of one byte. */
#ifndef WIRE_DER_H
#define WIRE_DER_H

#include "wire/reader.h"
#include "wire/writer.h"

enum {
	DER_OCTET_STRING = 0x04,
	DER_OBJECT_IDENTIFIER = 0x06,
	DER_ENUMERATED = 0x0A,
	DER_GENERALIZED_TIME = 0x18,
	DER_GENERAL_STRING = 0x1B,
	DER_SEQUENCE = 0x30,
	DER_APPLICATION_0 = 0x60,
	DER_APPLICATION_14 = 0x6E,
	DER_APPLICATION_30 = 0x7E,
	DER_CONTEXT_0 = 0xA0,
	DER_CONTEXT_1,
	DER_CONTEXT_2,
	DER_CONTEXT_3,
	DER_CONTEXT_4,
};

/* Returns a reader of the content of the next element, which r steps over. Fails both readers if
 * the element has another tag, or is cut off. */
struct wire_reader der_enter(struct wire_reader *r, uint8_t tag);

/* Returns the tag of the next element; 0 at the end. */
uint8_t der_peek(const struct wire_reader *r);

/* Returns the length of an element with so many bytes of content. */
size_t der_element_bytes(size_t bytes);
/* Puts the tag and the length of an element with so many bytes of content, less than 64 KiB. */
void der_put_header(struct wire_writer *w, uint8_t tag, size_t bytes);

#endif
