/* SPDX-License-Identifier: MIT */
/* Builds messages in one growing buffer. */
#ifndef WIRE_WRITER_H
#define WIRE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero is an empty writer. Running out of memory sticks in failed; what is put afterwards
 * is dropped. */
struct wire_writer {
	uint8_t *data;
	size_t len, cap; /* bytes */
	bool failed;
};

void wire_writer_fini(struct wire_writer *w);
/* Forgets the content and a failure, keeps the memory. */
void wire_writer_clear(struct wire_writer *w);

void wire_put_u8(struct wire_writer *w, uint8_t value);
void wire_put_u16le(struct wire_writer *w, uint16_t value);
void wire_put_u32le(struct wire_writer *w, uint32_t value);
void wire_put_u64le(struct wire_writer *w, uint64_t value);
void wire_put_bytes(struct wire_writer *w, const void *bytes, size_t count);
void wire_put_zeros(struct wire_writer *w, size_t count);

/* A text as UTF-16LE, without a terminator. */
void wire_put_utf16le(struct wire_writer *w, const char *utf8);

/* Zeros until len - origin is a multiple of to. */
void wire_put_padding(struct wire_writer *w, size_t origin, size_t to);

/* Overwrite what was put before, at an offset that this writer reached. */
void wire_set_u16le(struct wire_writer *w, size_t at, uint16_t value);
void wire_set_u32le(struct wire_writer *w, size_t at, uint32_t value);

#endif
