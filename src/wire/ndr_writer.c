/* SPDX-License-Identifier: MIT */
#include "wire/ndr_writer.h"

#include <windows.h>

void ndr_writer_init(struct ndr_writer *w, struct wire_writer *wire)
{
	*w = (struct ndr_writer){ .wire = wire, .origin = wire->len, .referent = 0x00020000 };
}

uint8_t *ndr_put_space(struct ndr_writer *w, size_t count)
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

uint32_t ndr_pointer(struct ndr_writer *w, const void *what)
{
	return what != NULL ? w->referent += 4 : 0;
}

void ndr_put_pointer(struct ndr_writer *w, const void *what)
{
	ndr_put_u32(w, ndr_pointer(w, what));
}

void ndr_put_wstring(struct ndr_writer *w, const char *utf8)
{
	size_t bytes = strlen(utf8);
	uint8_t *to = ndr_put_space(w, 3 * sizeof(uint32_t) + sizeof(WCHAR) * (bytes + 1)), *text,
		*end;
	uint32_t units;

	if (to == NULL)
		return;
	text = to + 3 * sizeof(uint32_t);
	end = wire_store_utf16le(text, utf8, bytes);
	memset(end, 0, sizeof(WCHAR));
	end += sizeof(WCHAR);
	units = (uint32_t)((size_t)(end - text) / sizeof(WCHAR));
	to = wire_store_u32le(to, units);
	to = wire_store_u32le(to, 0);
	(void)wire_store_u32le(to, units);
	wire_end_space(w->wire, end);
}

void ndr_put_unique_wstring(struct ndr_writer *w, const char *utf8)
{
	ndr_put_pointer(w, utf8);
	if (utf8 != NULL)
		ndr_put_wstring(w, utf8);
}
