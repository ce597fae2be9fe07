/* SPDX-License-Identifier: MIT */
#include "smb2/pipe_io.h"

#define FSCTL_PIPE_TRANSCEIVE 0x0011C017
#define SMB2_0_IOCTL_IS_FSCTL 1

#define IOCTL_INPUT_AT (SMB2_HEADER_BYTES + 56)
#define WRITE_DATA_AT  (SMB2_HEADER_BYTES + 48)

static void put_file_id(struct wire_writer *w, const struct smb2_file_id *id)
{
	wire_put_u64le(w, id->persistent);
	wire_put_u64le(w, id->volatile_);
}

static void give_part(struct wire_reader *message, size_t offset, size_t bytes,
                      struct smb2_data *data)
{
	struct wire_reader part = wire_part(message, offset, bytes);

	data->data = part.at;
	data->bytes = wire_left(&part);
}

void smb2_transceive_request_encode(struct wire_writer *w, const struct smb2_file_id *id,
                                    const uint8_t *input, size_t bytes, uint32_t max_bytes)
{
	wire_put_u16le(w, 57); /* StructureSize */
	wire_put_u16le(w, 0);
	wire_put_u32le(w, FSCTL_PIPE_TRANSCEIVE);
	put_file_id(w, id);
	wire_put_u32le(w, IOCTL_INPUT_AT);
	wire_put_u32le(w, (uint32_t)bytes);
	wire_put_u32le(w, 0); /* MaxInputResponse */
	wire_put_u32le(w, 0); /* OutputOffset, OutputCount */
	wire_put_u32le(w, 0);
	wire_put_u32le(w, max_bytes);
	wire_put_u32le(w, SMB2_0_IOCTL_IS_FSCTL);
	wire_put_u32le(w, 0);
	wire_put_bytes(w, input, bytes);
}

void smb2_transceive_response_decode(struct wire_reader *message, struct smb2_data *output)
{
	uint32_t offset, bytes;

	wire_skip(message, SMB2_HEADER_BYTES);
	smb2_structure_size(message, 49);
	wire_skip(message, 2 + 4 + 16 + 4 + 4); /* reserved, CtlCode, FileId, Input */
	offset = wire_get_u32(message);
	bytes = wire_get_u32(message);
	give_part(message, offset, bytes, output);
}

void smb2_read_request_encode(struct wire_writer *w, const struct smb2_file_id *id,
                              uint32_t max_bytes)
{
	wire_put_u16le(w, 49); /* StructureSize */
	wire_put_u8(w, 0);     /* Padding: where we would like the data */
	wire_put_u8(w, 0);     /* Flags */
	wire_put_u32le(w, max_bytes);
	wire_put_u64le(w, 0); /* Offset: a pipe has none */
	put_file_id(w, id);
	wire_put_u32le(w, 0); /* MinimumCount */
	wire_put_u32le(w, 0); /* Channel */
	wire_put_u32le(w, 0); /* RemainingBytes */
	wire_put_u32le(w, 0); /* ReadChannelInfo */
	wire_put_u8(w, 0);    /* Buffer: at least one byte */
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
	give_part(message, offset, bytes, data);
}

void smb2_write_request_encode(struct wire_writer *w, const struct smb2_file_id *id,
                               const uint8_t *data, size_t bytes)
{
	wire_put_u16le(w, 49); /* StructureSize */
	wire_put_u16le(w, WRITE_DATA_AT);
	wire_put_u32le(w, (uint32_t)bytes);
	wire_put_u64le(w, 0); /* Offset: a pipe has none */
	put_file_id(w, id);
	wire_put_u32le(w, 0); /* Channel */
	wire_put_u32le(w, 0); /* RemainingBytes */
	wire_put_u32le(w, 0); /* WriteChannelInfo */
	wire_put_u32le(w, 0); /* Flags */
	wire_put_bytes(w, data, bytes);
}

void smb2_write_response_decode(struct wire_reader *message, uint32_t *bytes)
{
	wire_skip(message, SMB2_HEADER_BYTES);
	smb2_structure_size(message, 17);
	wire_skip(message, 2);
	*bytes = wire_get_u32(message);
}
