/* SPDX-License-Identifier: MIT */
#include "smb2/session_setup.h"

#define TOKEN_AT (SMB2_HEADER_BYTES + 24)

void smb2_session_setup_request_encode(struct wire_writer *w, const uint8_t *token,
                                       size_t token_bytes)
{
	wire_put_u16le(w, 25); /* StructureSize */
	wire_put_u8(w, 0);     /* Flags */
	wire_put_u8(w, SMB2_NEGOTIATE_SIGNING_REQUIRED);
	wire_put_u32le(w, 0); /* Capabilities */
	wire_put_u32le(w, 0); /* Channel */
	wire_put_u16le(w, TOKEN_AT);
	wire_put_u16le(w, (uint16_t)token_bytes);
	wire_put_u64le(w, 0); /* PreviousSessionId */
	wire_put_bytes(w, token, token_bytes);
}

void smb2_session_setup_response_decode(struct wire_reader *message,
                                        struct smb2_session_setup_response *response)
{
	struct wire_reader token;
	uint16_t offset, bytes;

	wire_skip(message, SMB2_HEADER_BYTES);
	smb2_structure_size(message, 9);
	response->session_flags = wire_get_u16(message);
	offset = wire_get_u16(message);
	bytes = wire_get_u16(message);
	token = wire_part(message, offset, bytes);
	response->token = token.at;
	response->token_bytes = wire_left(&token);
}
