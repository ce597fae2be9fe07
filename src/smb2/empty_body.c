/* SPDX-License-Identifier: MIT */
#include "smb2/empty_body.h"

void smb2_empty_body_encode(struct wire_writer *w)
{
	wire_put_u16le(w, 4); /* StructureSize */
	wire_put_u16le(w, 0);
}

void smb2_empty_body_decode(struct wire_reader *message)
{
	wire_skip(message, SMB2_HEADER_BYTES);
	smb2_structure_size(message, 4);
	wire_skip(message, 2);
}
