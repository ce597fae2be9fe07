/* SPDX-License-Identifier: MIT */
#include "smb2/file_request.h"

void smb2_file_request_decode(struct wire_reader *message, uint16_t structure_bytes,
                              struct smb2_file_id *id)
{
	wire_skip(message, SMB2_HEADER_BYTES);
	smb2_structure_size(message, structure_bytes);
	wire_skip(message, 6);
	smb2_file_id_get(message, id);
}
