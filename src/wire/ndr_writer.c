/* SPDX-License-Identifier: MIT */
#include "wire/ndr_writer.h"

#include "base/text.h"

void ndr_writer_init(struct ndr_writer *w, struct wire_writer *wire)
{
	*w = (struct ndr_writer){ .wire = wire, .origin = wire->len, .referent = 0x00020000 };
}

/* Returns room for count bytes, aligned to 4; NULL after a failure. */
static uint8_t *ndr_put_space(struct ndr_writer *w, size_t count)
{
	size_t padding = (w->origin - w->wire->len) % 4;
	uint8_t *to = wire_put_space(w->wire, padding + count);

	if (to == NULL)
		return NULL;
	memset(to, 0, padding);
	return to + padding;
}

void ndr_put_u32(struct ndr_writer *w, uint32_t value)
{
	uint8_t *to = ndr_put_space(w, sizeof value);

	if (to != NULL)
		(void)wire_store_u32le(to, value);
}

void ndr_put_pointer(struct ndr_writer *w, const void *what)
{
	ndr_put_u32(w, what != NULL ? w->referent += 4 : 0);
}

void ndr_put_wstring(struct ndr_writer *w, const char *utf8)
{
	size_t units = text_utf16_units(utf8) + 1;
	uint8_t *to = ndr_put_space(w, 3 * sizeof(uint32_t) + 2 * units);

	if (to == NULL)
		return;
	to = wire_store_u32le(to, (uint32_t)units);
	to = wire_store_u32le(to, 0);
	to = wire_store_u32le(to, (uint32_t)units);
	to = wire_store_utf16le(to, utf8);
	memset(to, 0, sizeof(WCHAR));
}

void ndr_put_unique_wstring(struct ndr_writer *w, const char *utf8)
{
	ndr_put_pointer(w, utf8);
	if (utf8 != NULL)
		ndr_put_wstring(w, utf8);
}
