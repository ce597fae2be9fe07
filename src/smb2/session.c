/* SPDX-License-Identifier: MIT */
#include "smb2/session.h"

#define TOKEN_AT          (SMB2_HEADER_BYTES + 24)
#define RESPONSE_TOKEN_AT (SMB2_HEADER_BYTES + 8)

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

void smb2_session_setup_request_decode(struct wire_reader *message,
                                       struct smb2_session_setup_request *request)
{
	uint16_t offset, bytes;

	wire_skip(message, SMB2_HEADER_BYTES);
	smb2_structure_size(message, 25);
	request->flags = wire_get_u8(message);
	request->security_mode = wire_get_u8(message);
	request->capabilities = wire_get_u32(message);
	wire_skip(message, 4); /* Channel */
	offset = wire_get_u16(message);
	bytes = wire_get_u16(message);
	request->previous_session_id = wire_get_u64(message);
	smb2_data_get(message, offset, bytes, &request->token);
}

void smb2_session_setup_response_encode(struct wire_writer *w, uint16_t session_flags,
                                        const uint8_t *token, size_t token_bytes)
{
	wire_put_u16le(w, 9); /* StructureSize */
	wire_put_u16le(w, session_flags);
	wire_put_u16le(w, RESPONSE_TOKEN_AT);
	wire_put_u16le(w, (uint16_t)token_bytes);
	wire_put_bytes(w, token, token_bytes);
}

void smb2_session_setup_response_decode(struct wire_reader *message,
                                        struct smb2_session_setup_response *response)
{
	struct smb2_data token;
	uint16_t offset, bytes;

	wire_skip(message, SMB2_HEADER_BYTES);
	smb2_structure_size(message, 9);
	response->session_flags = wire_get_u16(message);
	offset = wire_get_u16(message);
	bytes = wire_get_u16(message);
	smb2_response_data_get(message, RESPONSE_TOKEN_AT, offset, bytes, &token);
	response->token = token.data;
	response->token_bytes = token.bytes;
}
