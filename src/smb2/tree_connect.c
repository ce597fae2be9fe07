/* SPDX-License-Identifier: MIT */
#include "smb2/tree_connect.h"

#define PATH_AT (SMB2_HEADER_BYTES + 8)

void smb2_tree_connect_request_encode(struct wire_writer *w, const char *host, const char *share)
{
	size_t length_at, path_at;

	wire_put_u16le(w, 9); /* StructureSize */
	wire_put_u16le(w, 0); /* Flags */
	wire_put_u16le(w, PATH_AT);
	length_at = w->len;
	wire_put_u16le(w, 0);
	path_at = w->len;
	wire_put_utf16le(w, "\\\\");
	wire_put_utf16le(w, host);
	wire_put_utf16le(w, "\\");
	wire_put_utf16le(w, share);
	wire_set_u16le(w, length_at, (uint16_t)(w->len - path_at));
}

void smb2_tree_connect_response_decode(struct wire_reader *message,
                                       struct smb2_tree_connect_response *response)
{
	wire_skip(message, SMB2_HEADER_BYTES);
	smb2_structure_size(message, 16);
	response->share_type = wire_get_u8(message);
	wire_skip(message, 1);
	response->share_flags = wire_get_u32(message);
	wire_skip(message, 4 + 4); /* Capabilities, MaximalAccess */
}
