/* SPDX-License-Identifier: MIT */
#include "smb2/ioctl.h"

#include <string.h>

#define BODY_BYTES     56
#define INPUT_COUNT_AT 28 /* in the body */

#define RESPONSE_BODY_BYTES 48
#define OUTPUT_COUNT_AT     36 /* in the body of a response */

const char *smb2_fsctl_name(uint32_t fsctl)
{
	static const struct {
		uint32_t fsctl;
		const char *name;
	} names[] = {
#define NAME(NAME, NUMBER) { NUMBER, "FSCTL_" #NAME },
		SMB2_FSCTLS(NAME)
#undef NAME
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].fsctl == fsctl)
			return names[i].name;
	return NULL;
}

size_t smb2_ioctl_request_begin(struct wire_writer *w, uint32_t fsctl,
                                const struct smb2_file_id *id, uint32_t max_output_bytes)
{
	wire_put_u16le(w, 57); /* StructureSize */
	wire_put_u16le(w, 0);
	wire_put_u32le(w, fsctl);
	smb2_file_id_put(w, id);
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

void smb2_ioctl_request_decode(struct wire_reader *message, struct smb2_ioctl_request *request)
{
	uint32_t input_at, input_bytes;

	wire_skip(message, SMB2_HEADER_BYTES);
	smb2_structure_size(message, 57);
	wire_skip(message, 2);
	request->fsctl = wire_get_u32(message);
	smb2_file_id_get(message, &request->id);
	input_at = wire_get_u32(message);
	input_bytes = wire_get_u32(message);
	request->max_input_bytes = wire_get_u32(message);
	wire_skip(message, 4 + 4); /* OutputOffset, OutputCount */
	request->max_output_bytes = wire_get_u32(message);
	request->flags = wire_get_u32(message);
	wire_skip(message, 4);
	/* 3.3.5.15 */
	if (input_bytes > 0 && (input_at < SMB2_HEADER_BYTES + BODY_BYTES || input_at % 8 != 0))
		wire_reader_fail(message, "the input of an IOCTL is misplaced");
	smb2_data_get(message, input_at, input_bytes, &request->input);
}

size_t smb2_ioctl_response_begin(struct wire_writer *w, uint32_t fsctl,
                                 const struct smb2_file_id *id)
{
	wire_put_u16le(w, 49); /* StructureSize */
	wire_put_u16le(w, 0);
	wire_put_u32le(w, fsctl);
	smb2_file_id_put(w, id);
	wire_put_u32le(w, SMB2_HEADER_BYTES + RESPONSE_BODY_BYTES); /* InputOffset */
	wire_put_u32le(w, 0);                                       /* InputCount */
	wire_put_u32le(w, SMB2_HEADER_BYTES + RESPONSE_BODY_BYTES); /* OutputOffset */
	wire_put_u32le(w, 0);                                       /* OutputCount */
	wire_put_u32le(w, 0);                                       /* Flags */
	wire_put_u32le(w, 0);
	return w->len;
}

void smb2_ioctl_response_end(struct wire_writer *w, size_t output_at)
{
	wire_set_u32le(w, output_at - RESPONSE_BODY_BYTES + OUTPUT_COUNT_AT,
	               (uint32_t)(w->len - output_at));
}

struct wire_reader smb2_ioctl_response_output(struct wire_reader *message, uint32_t fsctl)
{
	uint32_t offset, bytes;
	struct smb2_data data;
	struct wire_reader output;

	wire_skip(message, SMB2_HEADER_BYTES);
	smb2_structure_size(message, 49);
	wire_skip(message, 2);
	if (wire_get_u32(message) != fsctl)
		wire_reader_fail(message, "the response is to another FSCTL than was sent");
	wire_skip(message, 16 + 4 + 4); /* FileId, Input */
	offset = wire_get_u32(message);
	bytes = wire_get_u32(message);
	smb2_response_data_get(message, SMB2_HEADER_BYTES + RESPONSE_BODY_BYTES, offset, bytes,
	                       &data);
	wire_reader_init(&output, data.data, data.bytes);
	if (message->error != NULL)
		wire_reader_fail(&output, message->error);
	return output;
}

void smb2_transceive_request_encode(struct wire_writer *w, const struct smb2_file_id *id,
                                    const uint8_t *input, size_t bytes, uint32_t max_bytes)
{
	size_t input_at = smb2_ioctl_request_begin(w, FSCTL_PIPE_TRANSCEIVE, id, max_bytes);

	wire_put_bytes(w, input, bytes);
	smb2_ioctl_request_end(w, input_at);
}

void smb2_transceive_response_decode(struct wire_reader *message, struct smb2_data *output)
{
	struct wire_reader part = smb2_ioctl_response_output(message, FSCTL_PIPE_TRANSCEIVE);

	output->data = part.at;
	output->bytes = wire_left(&part);
}

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

/* The FileId of a request, and of its response, that is about no file, 2.2.31. */
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
	struct wire_reader output = smb2_ioctl_response_output(message,
	                                                       FSCTL_VALIDATE_NEGOTIATE_INFO);
	uint32_t capabilities = wire_get_u32(&output);
	const uint8_t *guid = wire_get_bytes(&output, SMB2_GUID_BYTES);
	uint16_t security_mode = wire_get_u16(&output), dialect = wire_get_u16(&output);

	if (output.error != NULL)
		wire_reader_fail(message, output.error);
	else if (capabilities != negotiated->capabilities ||
	         memcmp(guid, negotiated->server_guid, SMB2_GUID_BYTES) != 0 ||
	         security_mode != negotiated->security_mode || dialect != negotiated->dialect)
		wire_reader_fail(
			message,
			"the response to NEGOTIATE was changed on the way: the server sent another one");
}
