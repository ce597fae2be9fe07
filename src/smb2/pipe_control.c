/* SPDX-License-Identifier: MIT */
#include "smb2/pipe_control.h"

#define PIPE_WAIT_NAME_AT 14

void smb2_pipe_wait_request_decode(struct wire_reader *input, char name[SMB2_NAME_BYTES])
{
	struct wire_reader part;
	uint32_t bytes;

	wire_skip(input, 8); /* Timeout */
	bytes = wire_get_u32(input);
	wire_skip(input, 1 + 1); /* TimeoutSpecified, Padding */
	part = wire_part(input, PIPE_WAIT_NAME_AT, bytes);
	smb2_name_get(&part, name);
	if (part.error != NULL)
		wire_reader_fail(input, part.error);
}

void smb2_pipe_peek_encode(struct wire_writer *w, const struct smb2_pipe_peek *peek)
{
	wire_put_u32le(w, (uint32_t)peek->state);
	wire_put_u32le(w, peek->readable_bytes);
	wire_put_u32le(w, peek->messages);
	wire_put_u32le(w, peek->first_message_bytes);
}
