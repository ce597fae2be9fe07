/* SPDX-License-Identifier: MIT */
#include "wire/reader.h"

void wire_reader_init(struct wire_reader *r, const void *data, size_t bytes)
{
	static const uint8_t nothing[1]; /* adding to NULL is undefined */

	*r = (struct wire_reader){ .start = data != NULL ? data : nothing };
	r->at = r->start;
	r->end = r->start + bytes;
}

void wire_reader_fail(struct wire_reader *r, const char *why)
{
	if (r->error == NULL)
		r->error = why;
	r->at = r->end;
}

const uint8_t *wire_get_bytes(struct wire_reader *r, size_t bytes)
{
	const uint8_t *p = r->at;

	if (r->error != NULL || wire_left(r) < bytes) {
		wire_reader_fail(r, "the message is cut off");
		return NULL;
	}
	r->at += bytes;
	return p;
}

void wire_skip(struct wire_reader *r, size_t bytes)
{
	(void)wire_get_bytes(r, bytes);
}

void wire_skip_padding(struct wire_reader *r, size_t to)
{
	size_t odd = (size_t)(r->at - r->start) % to;

	wire_skip(r, odd > 0 ? to - odd : 0);
}

static uint64_t wire_get_integer(struct wire_reader *r, unsigned bytes)
{
	const uint8_t *p = wire_get_bytes(r, bytes);
	uint64_t value = 0;

	for (unsigned i = 0; p != NULL && i < bytes; i++)
		value = value << 8 | p[r->big_endian ? i : bytes - 1 - i];
	return value;
}

uint8_t wire_get_u8(struct wire_reader *r)
{
	return (uint8_t)wire_get_integer(r, 1);
}

uint16_t wire_get_u16(struct wire_reader *r)
{
	return (uint16_t)wire_get_integer(r, 2);
}

uint32_t wire_get_u32(struct wire_reader *r)
{
	return (uint32_t)wire_get_integer(r, 4);
}

uint64_t wire_get_u64(struct wire_reader *r)
{
	return wire_get_integer(r, 8);
}

struct wire_reader wire_part(struct wire_reader *r, size_t offset, size_t bytes)
{
	struct wire_reader part;
	size_t whole = (size_t)(r->end - r->start);

	if (r->error == NULL && (offset > whole || bytes > whole - offset))
		wire_reader_fail(r, "a part lies outside the message");
	if (r->error != NULL) {
		wire_reader_init(&part, r->end, 0);
		part.error = r->error;
		return part;
	}
	wire_reader_init(&part, r->start + offset, bytes);
	part.big_endian = r->big_endian;
	return part;
}
