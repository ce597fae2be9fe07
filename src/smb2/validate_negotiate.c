/* SPDX-License-Identifier: MIT */
#include "smb2/validate_negotiate.h"

#include <string.h>
#include "smb2/ioctl.h"

#define FSCTL_VALIDATE_NEGOTIATE_INFO 0x00140204

#define RESPONSE_BYTES (4 + SMB2_GUID_BYTES + 2 + 2)

void smb2_validate_request_encode(struct wire_writer *w,
                                  const struct smb2_negotiate_request *request)
{
	const struct smb2_file_id none = { SMB2_RELATED_ID_64, SMB2_RELATED_ID_64 };
	size_t input_at = smb2_ioctl_request_begin(w, FSCTL_VALIDATE_NEGOTIATE_INFO, &none,
	                                           RESPONSE_BYTES);

	smb2_negotiate_offer_encode(w, request);
	smb2_ioctl_request_end(w, input_at);
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
