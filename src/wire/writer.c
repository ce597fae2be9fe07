/* SPDX-License-Identifier: MIT */
#include "wire/writer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "base/large_pages.h"
#include "base/text.h"

void wire_writer_fini(struct wire_writer *w)
{
	free(w->data);
	*w = (struct wire_writer){ 0 };
}

void wire_writer_trim(struct wire_writer *w)
{
	uint8_t *data = w->len > 0 ? realloc(w->data, w->len) : NULL;

	if (data == NULL)
		return;
	w->data = data;
	w->cap = w->len;
}

void wire_writer_clear(struct wire_writer *w)
{
	w->len = 0;
	w->failed = false;
}

uint8_t *wire_writer_grow(struct wire_writer *w, size_t count)
{
	size_t cap = w->cap > 0 ? w->cap : 256;
	uint8_t *data;

	if (w->failed)
		return NULL;
	while (cap - w->len < count && cap <= SIZE_MAX / 2)
		cap *= 2;
	data = cap - w->len < count ? NULL : realloc(w->data, cap);
	w->failed = data == NULL;
	if (w->failed)
		return NULL;
	large_pages_prefer(data, cap);
	w->data = data;
	w->cap = cap;
	w->len += count;
	return data + w->len - count;
}

static void wire_store_le(uint8_t *to, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		to[i] = (uint8_t)(value >> (8 * i));
}

static void wire_put_le(struct wire_writer *w, uint64_t value, unsigned bytes)
{
	uint8_t *to = wire_put_space(w, bytes);

	if (to != NULL)
		wire_store_le(to, value, bytes);
}

void wire_put_u8(struct wire_writer *w, uint8_t value)
{
	wire_put_le(w, value, 1);
}

void wire_put_u16le(struct wire_writer *w, uint16_t value)
{
	wire_put_le(w, value, 2);
}

void wire_put_u32le(struct wire_writer *w, uint32_t value)
{
	uint8_t *to = wire_put_space(w, sizeof value);

	if (to != NULL)
		(void)wire_store_u32le(to, value);
}

void wire_put_u64le(struct wire_writer *w, uint64_t value)
{
	wire_put_le(w, value, 8);
}

void wire_put_bytes(struct wire_writer *w, const void *bytes, size_t count)
{
	uint8_t *to = count > 0 ? wire_put_space(w, count) : NULL;

	if (to != NULL)
		memcpy(to, bytes, count);
}

void wire_put_zeros(struct wire_writer *w, size_t count)
{
	uint8_t *to = count > 0 ? wire_put_space(w, count) : NULL;

	if (to != NULL)
		memset(to, 0, count);
}

static uint8_t *wire_store_u16le(uint8_t *to, uint16_t value)
{
	to[0] = (uint8_t)value;
	to[1] = (uint8_t)(value >> 8);
	return to + 2;
}

/* Stores four characters of ASCII. */
static uint8_t *wire_store_four(uint8_t *to, uint32_t four)
{
	uint64_t units = le32toh(four);

	units = (units | units << 16) & 0x0000FFFF0000FFFF;
	units = (units | units << 8) & 0x00FF00FF00FF00FF;
	units = htole64(units);
	memcpy(to, &units, sizeof units);
	return to + sizeof units;
}

uint8_t *wire_store_utf16le(uint8_t *to, const char *utf8, size_t bytes)
{
	const char *end = utf8 + bytes;

	while (utf8 < end) {
		WCHAR units[2];
		uint32_t four;
		size_t count;

		if (end - utf8 >= (ptrdiff_t)sizeof four) {
			memcpy(&four, utf8, sizeof four);
			if ((four & 0x80808080) == 0) {
				to = wire_store_four(to, four);
				utf8 += sizeof four;
				continue;
			}
		}
		if ((unsigned char)*utf8 < 0x80) {
			to = wire_store_u16le(to, (unsigned char)*utf8++);
			continue;
		}
		count = text_utf16_encode(text_next(&utf8), units);
		for (size_t i = 0; i < count; i++)
			to = wire_store_u16le(to, (uint16_t)units[i]);
	}
	return to;
}

void wire_put_utf16le(struct wire_writer *w, const char *utf8)
{
	size_t bytes = strlen(utf8);
	uint8_t *to = wire_put_space(w, 2 * bytes);

	if (to != NULL)
		wire_end_space(w, wire_store_utf16le(to, utf8, bytes));
}

void wire_put_padding(struct wire_writer *w, size_t origin, size_t to)
{
	wire_put_zeros(w, (to - (w->len - origin) % to) % to);
}

static void wire_set_le(struct wire_writer *w, size_t at, uint64_t value, unsigned bytes)
{
	if (w->failed)
		return;
	assert(at + bytes <= w->len);
	wire_store_le(w->data + at, value, bytes);
}

void wire_set_u16le(struct wire_writer *w, size_t at, uint16_t value)
{
	wire_set_le(w, at, value, 2);
}

void wire_set_u32le(struct wire_writer *w, size_t at, uint32_t value)
{
	wire_set_le(w, at, value, 4);
}
