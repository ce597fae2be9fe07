/* SPDX-License-Identifier: MIT */
#include "smb2/tree.h"

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

void smb2_tree_connect_request_decode(struct wire_reader *message,
                                      struct smb2_tree_connect_request *request)
{
	uint16_t offset, bytes;
	struct wire_reader path;

	wire_skip(message, SMB2_HEADER_BYTES);
	smb2_structure_size(message, 9);
	wire_skip(message, 2); /* Flags: the extension they announce only moves the path, 2.2.9.1 */
	offset = wire_get_u16(message);
	bytes = wire_get_u16(message);
	path = wire_part(message, offset, bytes);
	smb2_name_get(&path, request->path);
	if (path.error != NULL)
		wire_reader_fail(message, path.error);
}

void smb2_tree_connect_response_encode(struct wire_writer *w,
                                       const struct smb2_tree_connect_response *response)
{
	wire_put_u16le(w, 16); /* StructureSize */
	wire_put_u8(w, response->share_type);
	wire_put_u8(w, 0);
	wire_put_u32le(w, response->share_flags);
	wire_put_u32le(w, 0); /* Capabilities */
	wire_put_u32le(w, response->maximal_access);
}

void smb2_tree_connect_response_decode(struct wire_reader *message,
                                       struct smb2_tree_connect_response *response)
{
	wire_skip(message, SMB2_HEADER_BYTES);
	smb2_structure_size(message, 16);
	response->share_type = wire_get_u8(message);
	wire_skip(message, 1);
	response->share_flags = wire_get_u32(message);
	wire_skip(message, 4); /* Capabilities */
	response->maximal_access = wire_get_u32(message);
}
