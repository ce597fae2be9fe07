/* SPDX-License-Identifier: MIT */
/* The handlers of IOCTL, QUERY_INFO and SET_INFO: 3.3.5.15, 3.3.5.20, 3.3.5.21. */
#include "smb2_server/internal.h"

#include "smb2/ioctl.h"
#include "smb2/negotiate_choice.h"
#include "smb2/info.h"

/* What one READ or WRITE transfers at most. */
#define QUOTA_BYTES SMB2_MAX_PAYLOAD_BYTES

static const struct smb2_file_id no_file = { SMB2_RELATED_ID_64, SMB2_RELATED_ID_64 };

/* The host has handled the message. */
static uint32_t ioctl_transceive_written(struct smb2_server *c, struct request *r)
{
	if (r->pipe->state.is_broken)
		return STATUS_PIPE_BROKEN;
	if (r->pipe->state.readable_bytes == 0)
		return pending_add(c, r, r->pipe, r->count);
	r->resume = pipe_read_resume;
	return pipe_read_begin(c, r->pipe, SMB2_IOCTL, r->count);
}

/* 3.3.5.15.3, [MS-FSCC] 2.3.47: writes a message and waits for the message that answers it. */
static uint32_t ioctl_pipe_transceive(struct smb2_server *c, struct request *r,
                                      const struct smb2_ioctl_request *asked)
{
	uint32_t status;

	r->pipe = request_find_pipe(r, asked->id, &status);
	if (r->pipe == NULL)
		return status;
	if (r->pipe->pending_count > 0 || r->pipe->state.readable_bytes > 0)
		return STATUS_PIPE_BUSY;
	r->count = asked->max_output_bytes;
	r->resume = ioctl_transceive_written;
	return pipe_write_begin(c, r->pipe, asked->input.data, asked->input.bytes);
}

/* 3.3.5.15.4, [MS-FSCC] 2.3.46. Returns the number of readable bytes, but no data. */
static uint32_t ioctl_pipe_peek(struct smb2_server *c, struct request *r,
                                const struct smb2_ioctl_request *asked)
{
	uint32_t status;
	struct smb2_server_pipe *p = request_find_pipe(r, asked->id, &status);
	struct smb2_pipe_peek facts = { 0 };
	size_t output_at;

	if (p == NULL)
		return status;
	if (asked->max_output_bytes < SMB2_PIPE_PEEK_BYTES)
		return STATUS_BUFFER_TOO_SMALL;
	facts.state = pipe_has_ended(p) ? SMB2_PIPE_CLOSING : SMB2_PIPE_CONNECTED;
	facts.readable_bytes = (uint32_t)p->state.readable_bytes;
	output_at = smb2_ioctl_response_begin(&c->out, asked->fsctl, &p->id);
	smb2_pipe_peek_encode(&c->out, &facts);
	smb2_ioctl_response_end(&c->out, output_at);
	return facts.readable_bytes > 0 ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

/* The host has opened the pipe or refused: the pipe is closed again. */
static uint32_t ioctl_pipe_wait_opened(struct smb2_server *c, struct request *r)
{
	uint32_t status = STATUS_SUCCESS;
	struct smb2_server_pipe *p = pipe_open_end(c, &status);
	size_t output_at;

	(void)r;
	if (p == NULL)
		return status;
	pipe_discard(c, p);
	output_at = smb2_ioctl_response_begin(&c->out, FSCTL_PIPE_WAIT, &no_file);
	smb2_ioctl_response_end(&c->out, output_at);
	return STATUS_SUCCESS;
}

/* 3.3.5.15.10: a pipe that can be opened at all is always available. */
static uint32_t ioctl_pipe_wait(struct smb2_server *c, struct request *r,
                                const struct smb2_ioctl_request *asked)
{
	struct wire_reader input;
	char name[SMB2_NAME_BYTES];

	wire_reader_init(&input, asked->input.data, asked->input.bytes);
	smb2_pipe_wait_request_decode(&input, name);
	if (input.error != NULL)
		return STATUS_OBJECT_NAME_NOT_FOUND;
	r->resume = ioctl_pipe_wait_opened;
	return pipe_open_begin(c, r->session, name);
}

/* 3.3.5.15.12: a difference ends the connection, since somebody has changed the NEGOTIATE. */
static uint32_t ioctl_validate_negotiate(struct smb2_server *c, struct request *r,
                                         const struct smb2_ioctl_request *asked)
{
	struct smb2_negotiate_offer now;
	struct wire_reader input;

	(void)r;
	wire_reader_init(&input, asked->input.data, asked->input.bytes);
	smb2_negotiate_offer_decode(&input, &now);
	if (c->dialect == SMB2_DIALECT_311 || input.error != NULL ||
	    asked->max_output_bytes < SMB2_VALIDATE_RESPONSE_BYTES ||
	    !smb2_negotiate_offer_equal(&c->offered, &now)) {
		smb2_server_fail(c, "VALIDATE_NEGOTIATE_INFO differs from NEGOTIATE");
		return NO_RESPONSE;
	}
	smb2_validate_response_encode(&c->out, &c->agreed);
	return STATUS_SUCCESS;
}

/* The FSCTLs that are supported, and those that are refused with a status of their own. */
static const struct control {
	uint32_t fsctl;
	bool is_of_pipe; /* else of no file */
	uint32_t (*handle)(struct smb2_server *c, struct request *r,
	                   const struct smb2_ioctl_request *asked);
	uint32_t status; /* without a handler */
} controls[] = {
	{ FSCTL_PIPE_TRANSCEIVE, true, ioctl_pipe_transceive, 0 },
	{ FSCTL_PIPE_PEEK, true, ioctl_pipe_peek, 0 },
	{ FSCTL_PIPE_WAIT, false, ioctl_pipe_wait, 0 },
	{ FSCTL_VALIDATE_NEGOTIATE_INFO, false, ioctl_validate_negotiate, 0 },
	/* 3.3.5.15.2: no DFS here. */
	{ FSCTL_DFS_GET_REFERRALS, false, NULL, STATUS_FS_DRIVER_REQUIRED },
	{ FSCTL_DFS_GET_REFERRALS_EX, false, NULL, STATUS_FS_DRIVER_REQUIRED },
	/* 3.3.5.15.11: no multichannel here. */
	{ FSCTL_QUERY_NETWORK_INTERFACE_INFO, false, NULL, STATUS_NOT_SUPPORTED },
};

static const struct control *ioctl_find_control(uint32_t fsctl)
{
	for (size_t i = 0; i < sizeof controls / sizeof *controls; i++)
		if (controls[i].fsctl == fsctl)
			return &controls[i];
	return NULL;
}

static bool ioctl_is_without_file(const struct smb2_file_id *id)
{
	return id->persistent == SMB2_RELATED_ID_64 && id->volatile_ == SMB2_RELATED_ID_64;
}

uint32_t request_handle_ioctl(struct smb2_server *c, struct request *r)
{
	struct smb2_ioctl_request asked;
	const struct control *control;
	uint32_t status = STATUS_INVALID_DEVICE_REQUEST;

	smb2_ioctl_request_decode(&r->message, &asked);
	if (r->message.error != NULL || asked.input.bytes > SMB2_MAX_PAYLOAD_BYTES ||
	    asked.max_output_bytes > SMB2_MAX_PAYLOAD_BYTES ||
	    asked.max_input_bytes > SMB2_MAX_PAYLOAD_BYTES)
		return STATUS_INVALID_PARAMETER;
	if (asked.flags != SMB2_0_IOCTL_IS_FSCTL)
		return STATUS_NOT_SUPPORTED;
	control = ioctl_find_control(asked.fsctl);
	if (control == NULL) { /* that the pipe does not exist is reported first */
		(void)request_find_pipe(r, asked.id, &status);
		return status;
	}
	if (!control->is_of_pipe && !ioctl_is_without_file(&asked.id)) /* 3.3.5.15 */
		return STATUS_INVALID_PARAMETER;
	return control->handle != NULL ? control->handle(c, r, &asked) : control->status;
}

uint32_t request_handle_query_info(struct smb2_server *c, struct request *r)
{
	struct smb2_query_info_request asked;
	struct smb2_pipe_facts facts = { 0 };
	uint32_t status;
	size_t output_at;
	struct smb2_server_pipe *p;

	smb2_query_info_request_decode(&r->message, &asked);
	if (r->message.error != NULL || asked.max_output_bytes > SMB2_MAX_PAYLOAD_BYTES)
		return STATUS_INVALID_PARAMETER;
	p = request_find_pipe(r, asked.id, &status);
	if (p == NULL)
		return status;
	if (asked.type != SMB2_INFO_FILE)
		return STATUS_NOT_SUPPORTED;
	facts.index = p->id.persistent;
	facts.access = MAXIMAL_ACCESS;
	facts.mode = p->mode;
	facts.state = pipe_has_ended(p) ? SMB2_PIPE_CLOSING : SMB2_PIPE_CONNECTED;
	facts.instances = r->session->pipe_count;
	facts.readable_bytes = (uint32_t)p->state.readable_bytes;
	facts.quota_bytes = QUOTA_BYTES;
	output_at = smb2_query_info_response_begin(&c->out);
	status = smb2_pipe_info_encode(&c->out, asked.class, asked.max_output_bytes, &facts);
	smb2_query_info_response_end(&c->out, output_at);
	/* 3.3.5.20.1 */
	r->wants_error_context = status == STATUS_INFO_LENGTH_MISMATCH &&
	                         c->dialect == SMB2_DIALECT_311;
	return status;
}

uint32_t request_handle_set_info(struct smb2_server *c, struct request *r)
{
	struct smb2_set_info_request asked;
	uint32_t status;
	struct smb2_server_pipe *p;

	smb2_set_info_request_decode(&r->message, &asked);
	if (r->message.error != NULL || asked.input.bytes == 0 ||
	    asked.input.bytes > SMB2_MAX_PAYLOAD_BYTES) /* 3.3.5.21 */
		return STATUS_INVALID_PARAMETER;
	p = request_find_pipe(r, asked.id, &status);
	if (p == NULL)
		return status;
	if (asked.type != SMB2_INFO_FILE)
		return STATUS_NOT_SUPPORTED;
	status = smb2_pipe_mode_decode(asked.class, &asked.input, &p->mode);
	if (status == STATUS_SUCCESS)
		smb2_set_info_response_encode(&c->out);
	return status;
}
