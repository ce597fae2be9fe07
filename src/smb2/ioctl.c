/* SPDX-License-Identifier: MIT */
#include "smb2/ioctl.h"

#define SMB2_0_IOCTL_IS_FSCTL 1

#define BODY_BYTES     56
#define INPUT_COUNT_AT 28 /* in the body */

size_t smb2_ioctl_request_begin(struct wire_writer *w, uint32_t fsctl,
                                const struct smb2_file_id *id, uint32_t max_output_bytes)
{
	wire_put_u16le(w, 57); /* StructureSize */
	wire_put_u16le(w, 0);
	wire_put_u32le(w, fsctl);
	wire_put_u64le(w, id->persistent);
	wire_put_u64le(w, id->volatile_);
	wire_put_u32le(w, SMB2_HEADER_BYTES + BODY_BYTES); /* InputOffset */
	wire_put_u32le(w, 0);                              /* InputCount */
	wire_put_u32le(w, 0);                              /* MaxInputResponse */
	wire_put_u32le(w, 0);                              /* OutputOffset, OutputCount */
	wire_put_u32le(w, 0);
	wire_put_u32le(w, max_output_bytes);
	wire_put_u32le(w, SMB2_0_IOCTL_IS_FSCTL);
	wire_put_u32le(w, 0);
	return w->len;
}

void smb2_ioctl_request_end(struct wire_writer *w, size_t input_at)
{
	wire_set_u32le(w, input_at - BODY_BYTES + INPUT_COUNT_AT, (uint32_t)(w->len - input_at));
}

struct wire_reader smb2_ioctl_response_output(struct wire_reader *message)
{
	uint32_t offset, bytes;

	wire_skip(message, SMB2_HEADER_BYTES);
	smb2_structure_size(message, 49);
	wire_skip(message, 2 + 4 + 16 + 4 + 4); /* reserved, CtlCode, FileId, Input */
	offset = wire_get_u32(message);
	bytes = wire_get_u32(message);
	return wire_part(message, offset, bytes);
}
