/* SPDX-License-Identifier: MIT */
#include "smb2/read_write.h"

#define READ_BODY_BYTES 16
#define READ_COUNT_AT   4 /* in the body of a response */
#define READ_DATA_AT    (SMB2_HEADER_BYTES + READ_BODY_BYTES)
#define WRITE_DATA_AT   (SMB2_HEADER_BYTES + 48)

#define WRITE_MAX_DATA_AT 0x100 /* 3.3.5.13 */

void smb2_read_request_encode(struct wire_writer *w, const struct smb2_file_id *id,
                              uint32_t max_bytes)
{
	wire_put_u16le(w, 49); /* StructureSize */
	wire_put_u8(w, 0);     /* Padding: the preferred place of the data */
	wire_put_u8(w, 0);     /* Flags */
	wire_put_u32le(w, max_bytes);
	wire_put_u64le(w, 0); /* Offset: a pipe has none */
	smb2_file_id_put(w, id);
	wire_put_u32le(w, 0); /* MinimumCount */
	wire_put_u32le(w, 0); /* Channel */
	wire_put_u32le(w, 0); /* RemainingBytes */
	wire_put_u32le(w, 0); /* ReadChannelInfo */
	wire_put_u8(w, 0);    /* Buffer: at least one byte */
}

void smb2_read_request_decode(struct wire_reader *message, struct smb2_read_request *request)
{
	wire_skip(message, SMB2_HEADER_BYTES);
	smb2_structure_size(message, 49);
	wire_skip(message, 1); /* Padding: the preferred place of the data */
	request->flags = wire_get_u8(message);
	request->max_bytes = wire_get_u32(message);
	wire_skip(message, 8); /* Offset: a pipe has none */
	smb2_file_id_get(message, &request->id);
	request->min_bytes = wire_get_u32(message);
	request->channel = wire_get_u32(message);
	wire_skip(message, 4 + 4); /* RemainingBytes, ReadChannelInfo */
}

size_t smb2_read_response_begin(struct wire_writer *w)
{
	wire_put_u16le(w, 17); /* StructureSize */
	wire_put_u8(w, READ_DATA_AT);
	wire_put_u8(w, 0);
	wire_put_u32le(w, 0); /* DataLength */
	wire_put_u32le(w, 0); /* DataRemaining */
	wire_put_u32le(w, 0); /* Flags */
	return w->len;
}

void smb2_read_response_end(struct wire_writer *w, size_t data_at)
{
	wire_set_u32le(w, data_at - READ_BODY_BYTES + READ_COUNT_AT, (uint32_t)(w->len - data_at));
}

void smb2_read_response_decode(struct wire_reader *message, struct smb2_data *data)
{
	uint8_t offset;
	uint32_t bytes;

	wire_skip(message, SMB2_HEADER_BYTES);
	smb2_structure_size(message, 17);
	offset = wire_get_u8(message);
	wire_skip(message, 1);
	bytes = wire_get_u32(message);
	smb2_response_data_get(message, READ_DATA_AT, offset, bytes, data);
}

void smb2_write_request_encode(struct wire_writer *w, const struct smb2_file_id *id,
                               const uint8_t *data, size_t bytes)
{
	wire_put_u16le(w, 49); /* StructureSize */
	wire_put_u16le(w, WRITE_DATA_AT);
	wire_put_u32le(w, (uint32_t)bytes);
	wire_put_u64le(w, 0); /* Offset: a pipe has none */
	smb2_file_id_put(w, id);
	wire_put_u32le(w, 0); /* Channel */
	wire_put_u32le(w, 0); /* RemainingBytes */
	wire_put_u32le(w, 0); /* WriteChannelInfo */
	wire_put_u32le(w, 0); /* Flags */
	wire_put_bytes(w, data, bytes);
}

void smb2_write_request_decode(struct wire_reader *message, struct smb2_write_request *request)
{
	uint16_t offset;
	uint32_t bytes;

	wire_skip(message, SMB2_HEADER_BYTES);
	smb2_structure_size(message, 49);
	offset = wire_get_u16(message);
	bytes = wire_get_u32(message);
	wire_skip(message, 8); /* Offset: a pipe has none */
	smb2_file_id_get(message, &request->id);
	request->channel = wire_get_u32(message);
	wire_skip(message, 4 + 4); /* RemainingBytes, WriteChannelInfo */
	request->flags = wire_get_u32(message);
	if (offset > WRITE_MAX_DATA_AT)
		wire_reader_fail(message, "the data of a WRITE begins too far behind the header");
	smb2_data_get(message, offset, bytes, &request->data);
}

void smb2_write_response_encode(struct wire_writer *w, uint32_t bytes)
{
	wire_put_u16le(w, 17); /* StructureSize */
	wire_put_u16le(w, 0);
	wire_put_u32le(w, bytes);
	wire_put_u32le(w, 0); /* Remaining */
	wire_put_u32le(w, 0); /* WriteChannelInfo */
}

void smb2_write_response_decode(struct wire_reader *message, uint32_t *bytes)
{
	wire_skip(message, SMB2_HEADER_BYTES);
	smb2_structure_size(message, 17);
	wire_skip(message, 2);
	*bytes = wire_get_u32(message);
}
