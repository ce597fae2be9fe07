/* SPDX-License-Identifier: MIT */
#include "smb2/header.h"

#include <string.h>
#include "base/text.h"

#define NEXT_COMMAND_AT 20 /* in the header */

static const uint8_t protocol_id[4] = { 0xFE, 'S', 'M', 'B' };

const char *smb2_command_name(uint16_t command)
{
	static const char *const names[] = {
#define NAME(NAME, NUMBER) [NUMBER] = #NAME,
		SMB2_COMMANDS(NAME)
#undef NAME
	};

	return command < SMB2_COMMAND_COUNT ? names[command] : NULL;
}

void smb2_header_encode(struct wire_writer *w, const struct smb2_header *h)
{
	wire_put_bytes(w, protocol_id, sizeof protocol_id);
	wire_put_u16le(w, SMB2_HEADER_BYTES);
	wire_put_u16le(w, h->credit_charge);
	wire_put_u32le(w, h->status);
	wire_put_u16le(w, h->command);
	wire_put_u16le(w, h->credits);
	wire_put_u32le(w, h->flags);
	wire_put_u32le(w, h->next_command);
	wire_put_u64le(w, h->message_id);
	if ((h->flags & SMB2_FLAGS_ASYNC_COMMAND) != 0) { /* 2.2.1.1 */
		wire_put_u64le(w, h->async_id);
	} else {                      /* 2.2.1.2 */
		wire_put_u32le(w, 0); /* reserved */
		wire_put_u32le(w, h->tree_id);
	}
	wire_put_u64le(w, h->session_id);
	wire_put_zeros(w, SMB2_SIGNATURE_BYTES);
}

void smb2_header_decode(struct wire_reader *r, struct smb2_header *h)
{
	const uint8_t *id = wire_get_bytes(r, sizeof protocol_id);

	if (id != NULL && memcmp(id, protocol_id, sizeof protocol_id) != 0)
		wire_reader_fail(r, "not an SMB2 message");
	smb2_structure_size(r, SMB2_HEADER_BYTES);
	h->credit_charge = wire_get_u16(r);
	h->status = wire_get_u32(r);
	h->command = wire_get_u16(r);
	h->credits = wire_get_u16(r);
	h->flags = wire_get_u32(r);
	h->next_command = wire_get_u32(r);
	h->message_id = wire_get_u64(r);
	h->async_id = 0;
	h->tree_id = 0;
	if ((h->flags & SMB2_FLAGS_ASYNC_COMMAND) != 0) {
		h->async_id = wire_get_u64(r);
	} else {
		wire_skip(r, 4); /* reserved: some clients put a process id there */
		h->tree_id = wire_get_u32(r);
	}
	h->session_id = wire_get_u64(r);
	wire_skip(r, SMB2_SIGNATURE_BYTES);
}

void smb2_header_set_next(struct wire_writer *w, size_t header_at, uint32_t next_command)
{
	wire_set_u32le(w, header_at + NEXT_COMMAND_AT, next_command);
}

void smb2_structure_size(struct wire_reader *r, uint16_t expected)
{
	if (wire_get_u16(r) != expected)
		wire_reader_fail(r, "a structure has the wrong size");
}

void smb2_data_get(struct wire_reader *message, size_t offset, size_t bytes, struct smb2_data *data)
{
	struct wire_reader part = wire_part(message, bytes > 0 ? offset : 0, bytes);

	data->data = part.at;
	data->bytes = wire_left(&part);
}

void smb2_response_data_get(struct wire_reader *message, size_t fields_end, size_t offset,
                            size_t bytes, struct smb2_data *data)
{
	if (bytes > 0 && offset < fields_end)
		wire_reader_fail(message, "the data of a response overlaps the fields before it");
	smb2_data_get(message, offset, bytes, data);
}

void smb2_file_id_put(struct wire_writer *w, const struct smb2_file_id *id)
{
	wire_put_u64le(w, id->persistent);
	wire_put_u64le(w, id->volatile_);
}

void smb2_file_id_get(struct wire_reader *r, struct smb2_file_id *id)
{
	id->persistent = wire_get_u64(r);
	id->volatile_ = wire_get_u64(r);
}

void smb2_name_get(struct wire_reader *part, char to[SMB2_NAME_BYTES])
{
	WCHAR units[SMB2_MAX_NAME_UNITS + 1];
	size_t count = wire_left(part) / 2;

	to[0] = '\0';
	if (wire_left(part) % 2 != 0 || count > SMB2_MAX_NAME_UNITS)
		wire_reader_fail(part, "a name is cut off, or longer than any");
	for (size_t i = 0; part->error == NULL && i < count; i++) {
		units[i] = wire_get_u16(part);
		if (units[i] == 0)
			wire_reader_fail(part, "a name contains a NUL");
	}
	if (part->error != NULL)
		return;
	units[count] = 0;
	if (text_utf16_is_valid(units))
		text_utf8_from_utf16(to, units);
	else
		wire_reader_fail(part, "a name contains half of a surrogate pair");
}

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
