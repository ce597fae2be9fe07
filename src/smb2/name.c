/* SPDX-License-Identifier: MIT */
#include "smb2/name.h"

#include "base/text.h"

void smb2_name_get(struct wire_reader *part, char to[SMB2_NAME_BYTES])
{
	WCHAR units[SMB2_MAX_NAME_UNITS + 1];
	size_t count = wire_left(part) / 2;

	to[0] = '\0';
	if (wire_left(part) % 2 != 0 || count > SMB2_MAX_NAME_UNITS)
		wire_reader_fail(part, "a name that is cut, or longer than any");
	for (size_t i = 0; part->error == NULL && i < count; i++) {
		units[i] = wire_get_u16(part);
		if (units[i] == 0)
			wire_reader_fail(part, "a NUL in a name");
	}
	if (part->error != NULL)
		return;
	units[count] = 0;
	if (text_utf16_is_valid(units))
		text_utf8_from_utf16(to, units);
	else
		wire_reader_fail(part, "half of a surrogate pair in a name");
}
