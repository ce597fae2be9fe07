/* SPDX-License-Identifier: MIT */
#include "smb2/error.h"

void smb2_error_response_encode(struct wire_writer *w)
{
	wire_put_u16le(w, 9); /* StructureSize */
	wire_put_u8(w, 0);    /* ErrorContextCount */
	wire_put_u8(w, 0);
	wire_put_u32le(w, 0); /* ByteCount */
	wire_put_u8(w, 0);    /* ErrorData: at least one byte */
}

void smb2_error_context_response_encode(struct wire_writer *w)
{
	wire_put_u16le(w, 9); /* StructureSize */
	wire_put_u8(w, 1);    /* ErrorContextCount */
	wire_put_u8(w, 0);
	wire_put_u32le(w, 8); /* ByteCount */
	wire_put_u32le(w, 0); /* ErrorDataLength */
	wire_put_u32le(w, 0); /* ErrorId: default */
}
