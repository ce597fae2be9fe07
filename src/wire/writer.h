/* SPDX-License-Identifier: MIT */
/* Builds messages in one growing buffer. */
#ifndef WIRE_WRITER_H
#define WIRE_WRITER_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

/* Makes room for count more bytes when the memory is used up. */
uint8_t *wire_writer_grow(struct wire_writer *w, size_t count);

/* Returns room for count more bytes, which become part of the content and are to be filled at once.
 * NULL after a failure. */
static inline uint8_t *wire_put_space(struct wire_writer *w, size_t count)
{
	if (w->failed || w->cap - w->len < count)
		return wire_writer_grow(w, count);
	w->len += count;
	return w->data + w->len - count;
}

/* The room that wire_put_space returned last is filled up to end: drops the rest of it. */
static inline void wire_end_space(struct wire_writer *w, const uint8_t *end)
{
	w->len = (size_t)(end - w->data);
}

/* Stores a number. Returns where it ends. */
static inline uint8_t *wire_store_u32le(uint8_t *to, uint32_t value)
{
	value = htole32(value);
	memcpy(to, &value, sizeof value);
	return to + sizeof value;
}

void wire_put_u8(struct wire_writer *w, uint8_t value);
void wire_put_u16le(struct wire_writer *w, uint16_t value);
void wire_put_u32le(struct wire_writer *w, uint32_t value);
void wire_put_u64le(struct wire_writer *w, uint64_t value);
void wire_put_bytes(struct wire_writer *w, const void *bytes, size_t count);
void wire_put_zeros(struct wire_writer *w, size_t count);

/* Puts a text as UTF-16LE, without a terminator. */
void wire_put_utf16le(struct wire_writer *w, const char *utf8);
/* Stores a text of so many bytes so, which takes twice as many at most. Returns where it ends. */
uint8_t *wire_store_utf16le(uint8_t *to, const char *utf8, size_t bytes);

/* Puts zeros until len - origin is a multiple of to. */
void wire_put_padding(struct wire_writer *w, size_t origin, size_t to);

/* Overwrite what was put at an offset before. */
void wire_set_u16le(struct wire_writer *w, size_t at, uint16_t value);
void wire_set_u32le(struct wire_writer *w, size_t at, uint32_t value);

#endif
