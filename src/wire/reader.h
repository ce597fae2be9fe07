/* SPDX-License-Identifier: MIT */
/* A cursor over the bytes of a peer, which cannot leave its bounds. All bytes of peers are read
 * through it. */
#ifndef WIRE_READER_H
#define WIRE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The first failure sticks: every later read gives 0. So a decoder reads all fields, and checks
 * error once. */
struct wire_reader {
	const uint8_t *at, *start, *end;
	const char *error; /* static text; NULL: no read has failed */
	bool big_endian;   /* the byte order of the peer */
};

/* Borrows data as long as the reader is used. data may be NULL if bytes is 0. */
void wire_reader_init(struct wire_reader *r, const void *data, size_t bytes);
/* Records why, a static text, unless the reader has failed already. */
void wire_reader_fail(struct wire_reader *r, const char *why);

static inline size_t wire_left(const struct wire_reader *r)
{
	return (size_t)(r->end - r->at);
}

uint8_t wire_get_u8(struct wire_reader *r);
uint16_t wire_get_u16(struct wire_reader *r);
uint32_t wire_get_u32(struct wire_reader *r);
uint64_t wire_get_u64(struct wire_reader *r);

/* Returns the next bytes in place; NULL, and the reader fails, if there are not so many. */
const uint8_t *wire_get_bytes(struct wire_reader *r, size_t bytes);
void wire_skip(struct wire_reader *r, size_t bytes);
/* Skips to the next multiple of to, counted from the start of r. */
void wire_skip_padding(struct wire_reader *r, size_t to);

/* Returns a reader of the part that a peer describes by its offset from the start of r and its
 * length. Fails both readers if that part does not lie within r. */
struct wire_reader wire_part(struct wire_reader *r, size_t offset, size_t bytes);

#endif
