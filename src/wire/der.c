/* SPDX-License-Identifier: MIT */
#include "wire/der.h"

#include <assert.h>

/* 8.1.3: a length of up to two bytes behind its first. */
static size_t get_length(struct wire_reader *r)
{
	uint8_t first = wire_get_u8(r);

	if (first < 0x80)
		return first;
	if (first == 0x81)
		return wire_get_u8(r);
	if (first == 0x82) {
		size_t high = wire_get_u8(r);

		return high << 8 | wire_get_u8(r);
	}
	wire_reader_fail(r, "a length that no token has");
	return 0;
}

struct wire_reader der_enter(struct wire_reader *r, uint8_t tag)
{
	struct wire_reader inside;
	size_t bytes;
	const uint8_t *content;

	if (wire_get_u8(r) != tag)
		wire_reader_fail(r, "another element than expected");
	bytes = get_length(r);
	content = wire_get_bytes(r, bytes);
	wire_reader_init(&inside, content, content != NULL ? bytes : 0);
	if (content == NULL)
		wire_reader_fail(&inside, "the element is cut off");
	return inside;
}

uint8_t der_peek(const struct wire_reader *r)
{
	struct wire_reader copy = *r;

	return wire_get_u8(&copy);
}

size_t der_element_bytes(size_t bytes)
{
	return bytes + (bytes < 0x80 ? 2 : bytes < 0x100 ? 3 : 4);
}

void der_put_header(struct wire_writer *w, uint8_t tag, size_t bytes)
{
	assert(bytes <= UINT16_MAX);
	wire_put_u8(w, tag);
	if (bytes >= 0x100) {
		wire_put_u8(w, 0x82);
		wire_put_u8(w, (uint8_t)(bytes >> 8));
	} else if (bytes >= 0x80) {
		wire_put_u8(w, 0x81);
	}
	wire_put_u8(w, (uint8_t)bytes);
}
