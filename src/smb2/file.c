/* SPDX-License-Identifier: MIT */
#include "smb2/file.h"

#include "smb2/info.h"

#define NAME_AT (SMB2_HEADER_BYTES + 56)

#define SECURITY_IMPERSONATION 2
#define FILE_SHARE_READ_WRITE  0x00000003
#define FILE_OPENED            1 /* CreateAction */

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

/* Checks the list of create contexts, 2.2.13.2: each has a name and data that lie within it. */
static void smb2_create_check_contexts(struct wire_reader *contexts)
{
	size_t at = 0;
	uint32_t next = contexts->error == NULL && wire_left(contexts) > 0;

	while (next != 0 && contexts->error == NULL) {
		size_t left = (size_t)(contexts->end - contexts->start) - at;
		struct wire_reader context = wire_part(contexts, at, left);
		uint16_t name_at, name_bytes, data_at;
		uint32_t data_bytes;

		next = wire_get_u32(&context);
		name_at = wire_get_u16(&context);
		name_bytes = wire_get_u16(&context);
		wire_skip(&context, 2);
		data_at = wire_get_u16(&context);
		data_bytes = wire_get_u32(&context);
		(void)wire_part(&context, name_at, name_bytes);
		(void)wire_part(&context, data_bytes > 0 ? data_at : 0, data_bytes);
		if (context.error != NULL || next % 8 != 0 || next > left)
			wire_reader_fail(contexts, "a create context is malformed");
		at += next;
	}
}

void smb2_create_request_decode(struct wire_reader *message, struct smb2_create_request *request)
{
	struct wire_reader name, contexts;
	uint16_t name_at, name_bytes;
	uint32_t contexts_at, contexts_bytes;

	wire_skip(message, SMB2_HEADER_BYTES);
	smb2_structure_size(message, 57);
	wire_skip(message, 1 + 1); /* SecurityFlags, RequestedOplockLevel */
	request->impersonation_level = wire_get_u32(message);
	wire_skip(message, 8 + 8); /* SmbCreateFlags, Reserved */
	request->desired_access = wire_get_u32(message);
	wire_skip(message, 4 + 4); /* FileAttributes, ShareAccess */
	request->disposition = wire_get_u32(message);
	request->options = wire_get_u32(message);
	name_at = wire_get_u16(message);
	name_bytes = wire_get_u16(message);
	contexts_at = wire_get_u32(message);
	contexts_bytes = wire_get_u32(message);
	name = wire_part(message, name_bytes > 0 ? name_at : 0, name_bytes);
	smb2_name_get(&name, request->name);
	contexts = wire_part(message, contexts_bytes > 0 ? contexts_at : 0, contexts_bytes);
	smb2_create_check_contexts(&contexts);
	if (name_bytes > 0 && name_at < NAME_AT) /* 3.3.5.9 */
		wire_reader_fail(message, "the name overlaps the fields before it");
	if (name.error != NULL || contexts.error != NULL)
		wire_reader_fail(message, name.error != NULL ? name.error : contexts.error);
}

void smb2_create_pipe_response_encode(struct wire_writer *w, const struct smb2_file_id *id)
{
	wire_put_u16le(w, 89); /* StructureSize */
	wire_put_u8(w, 0);     /* OplockLevel: none */
	wire_put_u8(w, 0);     /* Flags */
	wire_put_u32le(w, FILE_OPENED);
	wire_put_zeros(w, 4 * 8); /* times: a pipe has none */
	wire_put_u64le(w, SMB2_PIPE_ALLOCATION_BYTES);
	wire_put_u64le(w, 0); /* EndofFile */
	wire_put_u32le(w, FILE_ATTRIBUTE_NORMAL);
	wire_put_u32le(w, 0);
	smb2_file_id_put(w, id);
	wire_put_u32le(w, 0); /* no create contexts */
	wire_put_u32le(w, 0);
}

void smb2_create_response_decode(struct wire_reader *message, struct smb2_file_id *id)
{
	wire_skip(message, SMB2_HEADER_BYTES);
	smb2_structure_size(message, 89);
	wire_skip(message, 2 + 4);      /* OplockLevel, Flags, CreateAction */
	wire_skip(message, 4 * 8 + 16); /* times, AllocationSize, EndofFile */
	wire_skip(message, 4 + 4);      /* FileAttributes, Reserved2 */
	smb2_file_id_get(message, id);
	if (id->persistent == SMB2_RELATED_ID_64 && id->volatile_ == SMB2_RELATED_ID_64)
		wire_reader_fail(message, "the server gave the pipe no id");
}

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

void smb2_flush_request_decode(struct wire_reader *message, struct smb2_file_id *id)
{
	wire_skip(message, SMB2_HEADER_BYTES);
	smb2_structure_size(message, 24);
	wire_skip(message, 2 + 4);
	smb2_file_id_get(message, id);
}

void smb2_file_request_decode(struct wire_reader *message, uint16_t structure_bytes,
                              struct smb2_file_id *id)
{
	wire_skip(message, SMB2_HEADER_BYTES);
	smb2_structure_size(message, structure_bytes);
	wire_skip(message, 6);
	smb2_file_id_get(message, id);
}
