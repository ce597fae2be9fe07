/* SPDX-License-Identifier: MIT */
#include "smb2/create.h"

#define NAME_AT (SMB2_HEADER_BYTES + 56)

#define SECURITY_IMPERSONATION 2
#define FILE_READ_DATA         0x00000001
#define FILE_WRITE_DATA        0x00000002
#define FILE_SHARE_READ_WRITE  0x00000003
#define FILE_OPEN              1

void smb2_create_pipe_request_encode(struct wire_writer *w, const char *pipe)
{
	size_t length_at, name_at;

	wire_put_u16le(w, 57); /* StructureSize */
	wire_put_u8(w, 0);     /* SecurityFlags */
	wire_put_u8(w, 0);     /* RequestedOplockLevel: none */
	wire_put_u32le(w, SECURITY_IMPERSONATION);
	wire_put_u64le(w, 0); /* SmbCreateFlags */
	wire_put_u64le(w, 0);
	wire_put_u32le(w, FILE_READ_DATA | FILE_WRITE_DATA);
	wire_put_u32le(w, 0); /* FileAttributes */
	wire_put_u32le(w, FILE_SHARE_READ_WRITE);
	wire_put_u32le(w, FILE_OPEN);
	wire_put_u32le(w, 0); /* CreateOptions */
	wire_put_u16le(w, NAME_AT);
	length_at = w->len;
	wire_put_u16le(w, 0);
	wire_put_u32le(w, 0); /* no create contexts */
	wire_put_u32le(w, 0);
	name_at = w->len;
	wire_put_utf16le(w, pipe);
	wire_set_u16le(w, length_at, (uint16_t)(w->len - name_at));
}

void smb2_create_response_decode(struct wire_reader *message, struct smb2_file_id *id)
{
	wire_skip(message, SMB2_HEADER_BYTES);
	smb2_structure_size(message, 89);
	wire_skip(message, 2 + 4);      /* OplockLevel, Flags, CreateAction */
	wire_skip(message, 4 * 8 + 16); /* times, AllocationSize, EndofFile */
	wire_skip(message, 4 + 4);      /* FileAttributes, Reserved2 */
	id->persistent = wire_get_u64(message);
	id->volatile_ = wire_get_u64(message);
}
