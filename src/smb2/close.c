/* SPDX-License-Identifier: MIT */
#include "smb2/close.h"

#include "smb2/pipe_info.h"

void smb2_close_request_decode(struct wire_reader *message, struct smb2_close_request *request)
{
	wire_skip(message, SMB2_HEADER_BYTES);
	smb2_structure_size(message, 24);
	request->flags = wire_get_u16(message);
	wire_skip(message, 4);
	smb2_file_id_get(message, &request->id);
}

void smb2_close_response_encode(struct wire_writer *w, uint16_t flags)
{
	bool has_attributes = (flags & SMB2_CLOSE_FLAG_POSTQUERY_ATTRIB) != 0;

	wire_put_u16le(w, 60); /* StructureSize */
	wire_put_u16le(w, has_attributes ? SMB2_CLOSE_FLAG_POSTQUERY_ATTRIB : 0);
	wire_put_u32le(w, 0);
	wire_put_zeros(w, 4 * 8); /* times: a pipe has none */
	wire_put_u64le(w, has_attributes ? SMB2_PIPE_ALLOCATION_BYTES : 0);
	wire_put_u64le(w, 0); /* EndofFile */
	wire_put_u32le(w, has_attributes ? FILE_ATTRIBUTE_NORMAL : 0);
}
