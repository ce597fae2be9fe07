/* SPDX-License-Identifier: MIT */
#include "wire/der.h"

#include <assert.h>

#define MAX_LENGTH_BYTES 4

/* 8.1.3. Leading zeros are accepted, because some peers write all lengths in the same number of
 * bytes. DER does not have the indefinite form, 0x80. */
static size_t der_get_length(struct wire_reader *r)
{
	uint8_t first = wire_get_u8(r);
	size_t length = 0;

	if (first < 0x80)
		return first;
	if (first == 0x80 || first > 0x80 + MAX_LENGTH_BYTES)
		wire_reader_fail(r, "a DER length has an unknown form");
	for (unsigned left = first & 0x7F; r->error == NULL && left > 0; left--)
		length = length << 8 | wire_get_u8(r);
	return length;
}

struct wire_reader der_enter(struct wire_reader *r, uint8_t tag)
{
	struct wire_reader inside;
	size_t bytes;
	const uint8_t *content;

	if (wire_get_u8(r) != tag)
		wire_reader_fail(r, "a DER element has an unexpected tag");
	bytes = der_get_length(r);
	content = wire_get_bytes(r, bytes);
	wire_reader_init(&inside, content, content != NULL ? bytes : 0);
	if (content == NULL)
		wire_reader_fail(&inside, "a DER element is cut off");
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
