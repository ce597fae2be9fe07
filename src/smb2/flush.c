/* SPDX-License-Identifier: MIT */
#include "smb2/flush.h"

void smb2_flush_request_decode(struct wire_reader *message, struct smb2_file_id *id)
{
	wire_skip(message, SMB2_HEADER_BYTES);
	smb2_structure_size(message, 24);
	wire_skip(message, 2 + 4);
	smb2_file_id_get(message, id);
}
