/* SPDX-License-Identifier: MIT */
/* Builds messages in one growing buffer. */
#ifndef WIRE_WRITER_H
#define WIRE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero is an empty writer. If memory runs out, failed is set, and what is put afterwards is
 * dropped. */
struct wire_writer {
	uint8_t *data;
	size_t len, cap; /* bytes */
	bool failed;
};

void wire_writer_fini(struct wire_writer *w);
/* Drops the content and a failure, but keeps the memory. */
void wire_writer_clear(struct wire_writer *w);
/* Gives back memory behind the content. */
void wire_writer_trim(struct wire_writer *w);

void wire_put_u8(struct wire_writer *w, uint8_t value);
void wire_put_u16le(struct wire_writer *w, uint16_t value);
void wire_put_u32le(struct wire_writer *w, uint32_t value);
void wire_put_u64le(struct wire_writer *w, uint64_t value);
void wire_put_bytes(struct wire_writer *w, const void *bytes, size_t count);
void wire_put_zeros(struct wire_writer *w, size_t count);

/* Puts a text as UTF-16LE, without a terminator. */
void wire_put_utf16le(struct wire_writer *w, const char *utf8);

/* Puts zeros until len - origin is a multiple of to. */
void wire_put_padding(struct wire_writer *w, size_t origin, size_t to);

/* Overwrite what was put at an offset before. */
void wire_set_u16le(struct wire_writer *w, size_t at, uint16_t value);
void wire_set_u32le(struct wire_writer *w, size_t at, uint32_t value);

#endif
