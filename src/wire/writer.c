/* SPDX-License-Identifier: MIT */
#include "wire/writer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
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

/* Returns room for count more bytes, which become part of the content; NULL after a failure. */
static uint8_t *wire_writer_extend(struct wire_writer *w, size_t count)
{
	if (!w->failed && w->cap - w->len < count) {
		size_t cap = w->cap > 0 ? w->cap : 256;
		uint8_t *data;

		while (cap - w->len < count && cap <= SIZE_MAX / 2)
			cap *= 2;
		data = cap - w->len < count ? NULL : realloc(w->data, cap);
		if (data == NULL) {
			w->failed = true;
		} else {
			w->data = data;
			w->cap = cap;
		}
	}
	if (w->failed)
		return NULL;
	w->len += count;
	return w->data + w->len - count;
}

static void wire_store_le(uint8_t *to, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		to[i] = (uint8_t)(value >> (8 * i));
}

static void wire_put_le(struct wire_writer *w, uint64_t value, unsigned bytes)
{
	uint8_t *to = wire_writer_extend(w, bytes);

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
	wire_put_le(w, value, 4);
}

void wire_put_u64le(struct wire_writer *w, uint64_t value)
{
	wire_put_le(w, value, 8);
}

void wire_put_bytes(struct wire_writer *w, const void *bytes, size_t count)
{
	uint8_t *to = count > 0 ? wire_writer_extend(w, count) : NULL;

	if (to != NULL)
		memcpy(to, bytes, count);
}

void wire_put_zeros(struct wire_writer *w, size_t count)
{
	uint8_t *to = count > 0 ? wire_writer_extend(w, count) : NULL;

	if (to != NULL)
		memset(to, 0, count);
}

void wire_put_utf16le(struct wire_writer *w, const char *utf8)
{
	size_t ascii = text_ascii_bytes(utf8);
	uint8_t *to = ascii > 0 ? wire_writer_extend(w, 2 * ascii) : NULL;
	uint32_t code_point;

	for (size_t i = 0; to != NULL && i < ascii; i++) {
		to[2 * i] = (uint8_t)utf8[i];
		to[2 * i + 1] = 0;
	}
	utf8 += ascii;
	while ((code_point = text_next(&utf8)) != 0) {
		WCHAR units[2];
		size_t count = text_utf16_encode(code_point, units);

		for (size_t i = 0; i < count; i++)
			wire_put_u16le(w, (uint16_t)units[i]);
	}
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
