/* SPDX-License-Identifier: MIT */
#include "smb2/validate_negotiate.h"

#include <string.h>
#include "smb2/ioctl.h"

/* Neither the request nor its answer is about a file, 2.2.31. */
static const struct smb2_file_id no_file = { SMB2_RELATED_ID_64, SMB2_RELATED_ID_64 };

void smb2_validate_request_encode(struct wire_writer *w,
                                  const struct smb2_negotiate_request *request)
{
	size_t input_at = smb2_ioctl_request_begin(w, FSCTL_VALIDATE_NEGOTIATE_INFO, &no_file,
	                                           SMB2_VALIDATE_RESPONSE_BYTES);

	smb2_negotiate_offer_encode(w, request);
	smb2_ioctl_request_end(w, input_at);
}

void smb2_validate_response_encode(struct wire_writer *w,
                                   const struct smb2_negotiate_response *negotiated)
{
	size_t output_at = smb2_ioctl_response_begin(w, FSCTL_VALIDATE_NEGOTIATE_INFO, &no_file);

	wire_put_u32le(w, negotiated->capabilities);
	wire_put_bytes(w, negotiated->server_guid, sizeof negotiated->server_guid);
	wire_put_u16le(w, negotiated->security_mode);
	wire_put_u16le(w, negotiated->dialect);
	smb2_ioctl_response_end(w, output_at);
}

void smb2_validate_response_check(struct wire_reader *message,
                                  const struct smb2_negotiate_response *negotiated)
{
	struct wire_reader output = smb2_ioctl_response_output(message);
	uint32_t capabilities = wire_get_u32(&output);
	const uint8_t *guid = wire_get_bytes(&output, SMB2_GUID_BYTES);
	uint16_t security_mode = wire_get_u16(&output), dialect = wire_get_u16(&output);

	if (output.error != NULL)
		wire_reader_fail(message, output.error);
	else if (capabilities != negotiated->capabilities ||
	         memcmp(guid, negotiated->server_guid, SMB2_GUID_BYTES) != 0 ||
	         security_mode != negotiated->security_mode || dialect != negotiated->dialect)
		wire_reader_fail(message, "NEGOTIATE was answered otherwise than the server says");
}
