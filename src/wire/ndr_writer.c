/* SPDX-License-Identifier: MIT */
#include "wire/ndr_writer.h"

#include "base/text.h"

void ndr_writer_init(struct ndr_writer *w, struct wire_writer *wire)
{
	*w = (struct ndr_writer){ .wire = wire, .origin = wire->len, .referent = 0x00020000 };
}

void ndr_put_u32(struct ndr_writer *w, uint32_t value)
{
	wire_put_padding(w->wire, w->origin, 4);
	wire_put_u32le(w->wire, value);
}

void ndr_put_pointer(struct ndr_writer *w, const void *what)
{
	ndr_put_u32(w, what != NULL ? w->referent += 4 : 0);
}

void ndr_put_wstring(struct ndr_writer *w, const char *utf8)
{
	uint32_t units = (uint32_t)text_utf16_units(utf8) + 1;

	ndr_put_u32(w, units);
	ndr_put_u32(w, 0);
	ndr_put_u32(w, units);
	wire_put_utf16le(w->wire, utf8);
	wire_put_u16le(w->wire, 0);
}

void ndr_put_unique_wstring(struct ndr_writer *w, const char *utf8)
{
	ndr_put_pointer(w, utf8);
	if (utf8 != NULL)
		ndr_put_wstring(w, utf8);
}
