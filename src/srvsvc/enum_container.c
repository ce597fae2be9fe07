/* SPDX-License-Identifier: MIT */
#include "srvsvc/enum_container.h"

void enum_container_decode_empty(struct wire_reader *r)
{
	uint32_t count;

	if (ndr_get_u32(r) == 0)
		return;
	count = ndr_get_u32(r);
	if (ndr_get_u32(r) != 0 && ndr_get_u32(r) != count)
		wire_reader_fail(r, "array size differs from EntriesRead");
	if (count != 0)
		wire_reader_fail(r, "entries in a request");
}
