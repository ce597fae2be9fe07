/* SPDX-License-Identifier: MIT */
#include "smb2/set_info.h"

void smb2_set_info_request_decode(struct wire_reader *message,
                                  struct smb2_set_info_request *request)
{
	uint32_t bytes;
	uint16_t offset;

	wire_skip(message, SMB2_HEADER_BYTES);
	smb2_structure_size(message, 33);
	request->type = wire_get_u8(message);
	request->class = wire_get_u8(message);
	bytes = wire_get_u32(message);
	offset = wire_get_u16(message);
	wire_skip(message, 2 + 4); /* Reserved, AdditionalInformation */
	smb2_file_id_get(message, &request->id);
	smb2_data_get(message, offset, bytes, &request->input);
}

void smb2_set_info_response_encode(struct wire_writer *w)
{
	wire_put_u16le(w, 2); /* StructureSize */
}
