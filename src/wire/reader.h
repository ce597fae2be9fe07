/* SPDX-License-Identifier: MIT */
/* The only way to the bytes of a peer: a cursor that cannot leave its bounds. */
#ifndef WIRE_READER_H
#define WIRE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The first failure sticks: every later read gives zero, so a decoder reads on and asks for
 * error once. */
struct wire_reader {
	const uint8_t *at, *start, *end;
	const char *error; /* static text, NULL while all is well */
	bool big_endian;   /* the peer's order; little-endian unless it said otherwise */
};

/* Borrows data for the reader's life; NULL with 0 bytes is nothing at all. */
void wire_reader_init(struct wire_reader *r, const void *data, size_t bytes);
void wire_reader_fail(struct wire_reader *r, const char *why);

static inline size_t wire_left(const struct wire_reader *r)
{
	return (size_t)(r->end - r->at);
}

uint8_t wire_get_u8(struct wire_reader *r);
uint16_t wire_get_u16(struct wire_reader *r);
uint32_t wire_get_u32(struct wire_reader *r);
uint64_t wire_get_u64(struct wire_reader *r);

/* The next bytes in place, NULL when they are not all there. */
const uint8_t *wire_get_bytes(struct wire_reader *r, size_t bytes);
void wire_skip(struct wire_reader *r, size_t bytes);
/* Up to the next multiple of to, counted from the start of r. */
void wire_skip_padding(struct wire_reader *r, size_t to);

/* A reader over a part that the peer described by offset (from the start of r) and length.
 * Fails both readers when that part is not inside r. */
struct wire_reader wire_part(struct wire_reader *r, size_t offset, size_t bytes);

#endif
