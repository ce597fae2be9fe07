/* SPDX-License-Identifier: MIT */
#include "wire/ndr_reader.h"

#include "base/text.h"

uint32_t ndr_get_u32(struct wire_reader *r)
{
	wire_skip_padding(r, 4);
	return wire_get_u32(r);
}

uint32_t ndr_get_count(struct wire_reader *r, size_t min_element_bytes)
{
	uint32_t count = ndr_get_u32(r);

	if (count > wire_left(r) / min_element_bytes) {
		wire_reader_fail(r, "a count is larger than the stub can hold");
		return 0;
	}
	return count;
}

static WCHAR ndr_unit_at(const struct wire_reader *r, const uint8_t *text, uint32_t i)
{
	unsigned first = text[2 * (size_t)i], second = text[2 * (size_t)i + 1];

	return (WCHAR)(r->big_endian ? first << 8 | second : first | second << 8);
}

void ndr_get_wstring(struct wire_reader *r, char *to, size_t max_units)
{
	uint32_t max = ndr_get_u32(r), offset = ndr_get_u32(r), actual = ndr_get_count(r, 2);
	const uint8_t *text;

	*to = '\0';
	if (offset != 0 || actual > max || actual == 0)
		wire_reader_fail(r, "a conformant varying string is malformed");
	text = wire_get_bytes(r, 2 * (size_t)actual);
	if (text == NULL)
		return;
	if (ndr_unit_at(r, text, actual - 1) != 0)
		wire_reader_fail(r, "a string lacks its terminator");
	for (uint32_t i = 0; i + 1 < actual && i <= max_units; i++) {
		/* The next unit may be the other half of a pair; there is one, the terminator at
		 * least. */
		WCHAR character[3] = { ndr_unit_at(r, text, i), ndr_unit_at(r, text, i + 1) };

		if (character[0] == 0)
			return;
		if ((character[0] & 0xFC00) == 0xD800 && (character[1] & 0xFC00) == 0xDC00)
			i++;
		else
			character[1] = 0;
		to = text_utf8_from_utf16(to, character) - 1;
	}
}

const char *ndr_get_unique_wstring(struct wire_reader *r, char *to, size_t max_units)
{
	if (ndr_get_u32(r) == 0)
		return NULL;
	ndr_get_wstring(r, to, max_units);
	return to;
}
