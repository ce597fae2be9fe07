/* SPDX-License-Identifier: MIT */
/* The handlers of CREATE, CLOSE, FLUSH, READ and WRITE: 3.3.5.9 to 3.3.5.13. */
#include "smb2_server/internal.h"

#include "smb2/file.h"
#include "smb2/header.h"
#include "smb2/read_write.h"

/* The host has opened the pipe or refused. */
static uint32_t request_create_opened(struct smb2_server *c, struct request *r)
{
	uint32_t status = STATUS_SUCCESS;
	struct smb2_server_pipe *p = pipe_open_end(c, &status);

	if (p == NULL)
		return status;
	pipe_add(c, p, r->tree->id);
	r->file_id = p->id;
	smb2_create_pipe_response_encode(&c->out, &p->id);
	return STATUS_SUCCESS;
}

uint32_t request_handle_create(struct smb2_server *c, struct request *r)
{
	struct smb2_create_request asked;

	smb2_create_request_decode(&r->message, &asked);
	if (r->message.error != NULL)
		return STATUS_INVALID_PARAMETER;
	if (asked.impersonation_level >= SMB2_IMPERSONATION_DELEGATE) /* 3.3.5.9 */
		return STATUS_BAD_IMPERSONATION_LEVEL;
	if ((asked.options & FILE_DIRECTORY_FILE) != 0)
		return STATUS_INVALID_PARAMETER;
	if (asked.disposition > FILE_OVERWRITE_IF)
		return STATUS_INVALID_PARAMETER;
	if (r->session->pipe_count == MAX_PIPES)
		return STATUS_INSUFFICIENT_RESOURCES;
	r->resume = request_create_opened;
	return pipe_open_begin(c, r->session, asked.name);
}

uint32_t request_handle_close(struct smb2_server *c, struct request *r)
{
	struct smb2_close_request asked;
	uint32_t status;
	struct smb2_server_pipe *p;

	smb2_close_request_decode(&r->message, &asked);
	if (r->message.error != NULL)
		return STATUS_INVALID_PARAMETER;
	p = request_find_pipe(r, asked.id, &status);
	if (p == NULL)
		return status;
	pipe_close(c, p);
	smb2_close_response_encode(&c->out, asked.flags);
	return STATUS_SUCCESS;
}

uint32_t request_handle_flush(struct smb2_server *c, struct request *r)
{
	struct smb2_file_id id;
	uint32_t status;

	smb2_flush_request_decode(&r->message, &id);
	if (r->message.error != NULL)
		return STATUS_INVALID_PARAMETER;
	if (request_find_pipe(r, id, &status) == NULL)
		return status;
	smb2_empty_body_encode(&c->out);
	return STATUS_SUCCESS;
}

/* 3.3.5.12, 3.3.5.13: the flags are for files, and the channels for RDMA. */
static bool pipe_supports_transfer(const struct smb2_server *c, uint32_t channel, uint32_t flags)
{
	return c->dialect < SMB2_DIALECT_300 || (channel == SMB2_CHANNEL_NONE && flags == 0);
}

uint32_t request_handle_read(struct smb2_server *c, struct request *r)
{
	struct smb2_read_request asked;
	struct smb2_server_pipe *p;
	uint32_t status;

	smb2_read_request_decode(&r->message, &asked);
	if (r->message.error != NULL || asked.max_bytes > SMB2_MAX_PAYLOAD_BYTES ||
	    !pipe_supports_transfer(c, asked.channel, asked.flags & SMB2_READFLAG_READ_UNBUFFERED))
		return STATUS_INVALID_PARAMETER;
	p = request_find_pipe(r, asked.id, &status);
	if (p == NULL)
		return status;
	if (p->pending_count > 0 || p->state.readable_bytes == 0) {
		if (pipe_has_ended(p))
			return STATUS_PIPE_BROKEN;
		if (p->mode.is_non_blocking)
			return STATUS_PIPE_EMPTY;
		return pending_add(c, r, p, asked.max_bytes);
	}
	r->resume = pipe_read_resume;
	return pipe_read_begin(c, p, SMB2_READ, asked.max_bytes);
}

/* The host has handled the data. */
static uint32_t request_write_taken(struct smb2_server *c, struct request *r)
{
	if (r->pipe->state.is_broken)
		return STATUS_PIPE_BROKEN;
	smb2_write_response_encode(&c->out, r->count);
	return STATUS_SUCCESS;
}

uint32_t request_handle_write(struct smb2_server *c, struct request *r)
{
	struct smb2_write_request asked;
	uint32_t status;

	smb2_write_request_decode(&r->message, &asked);
	if (r->message.error != NULL || asked.data.bytes > SMB2_MAX_PAYLOAD_BYTES ||
	    !pipe_supports_transfer(
		    c, asked.channel,
		    asked.flags & (SMB2_WRITEFLAG_WRITE_THROUGH | SMB2_WRITEFLAG_WRITE_UNBUFFERED)))
		return STATUS_INVALID_PARAMETER;
	r->pipe = request_find_pipe(r, asked.id, &status);
	if (r->pipe == NULL)
		return status;
	r->count = (uint32_t)asked.data.bytes;
	r->resume = request_write_taken;
	return pipe_write_begin(c, r->pipe, asked.data.data, asked.data.bytes);
}
