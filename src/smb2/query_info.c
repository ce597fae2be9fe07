/* SPDX-License-Identifier: MIT */
#include "smb2/query_info.h"

#define RESPONSE_BODY_BYTES 8
#define OUTPUT_COUNT_AT     4 /* in the body of a response */

void smb2_query_info_request_decode(struct wire_reader *message,
                                    struct smb2_query_info_request *request)
{
	wire_skip(message, SMB2_HEADER_BYTES);
	smb2_structure_size(message, 41);
	request->type = wire_get_u8(message);
	request->class = wire_get_u8(message);
	request->max_output_bytes = wire_get_u32(message);
	wire_skip(message, 2 + 2 + 4); /* the input, which 3.3.5.20 ignores */
	wire_skip(message, 4 + 4);     /* AdditionalInformation, Flags */
	smb2_file_id_get(message, &request->id);
}

size_t smb2_query_info_response_begin(struct wire_writer *w)
{
	wire_put_u16le(w, 9); /* StructureSize */
	wire_put_u16le(w, SMB2_HEADER_BYTES + RESPONSE_BODY_BYTES);
	wire_put_u32le(w, 0); /* OutputBufferLength */
	return w->len;
}

void smb2_query_info_response_end(struct wire_writer *w, size_t output_at)
{
	wire_set_u32le(w, output_at - RESPONSE_BODY_BYTES + OUTPUT_COUNT_AT,
	               (uint32_t)(w->len - output_at));
}
