/* SPDX-License-Identifier: MIT */
#include "smb2/name.h"

#include "base/text.h"

void smb2_put_name(struct wire_writer *w, const char *utf8)
{
	uint32_t code_point;

	while ((code_point = text_next(&utf8)) != 0) {
		WCHAR units[2];
		size_t count = text_utf16_encode(code_point, units);

		for (size_t i = 0; i < count; i++)
			wire_put_u16le(w, (uint16_t)units[i]);
	}
}
