/* SPDX-License-Identifier: MIT */
/* Pipes: CREATE, CLOSE, FLUSH, READ and WRITE, 3.3.5.9 to 3.3.5.13. */
#include "smb2_server/internal.h"

#include <stdlib.h>
#include "smb2/file.h"
#include "smb2/header.h"
#include "smb2/read_write.h"

struct pipe *pipe_find(const struct smb2_server_session *s, const struct smb2_file_id *id)
{
	struct pipe *p = s->pipes;

	while (p != NULL &&
	       (p->id.persistent != id->persistent || p->id.volatile_ != id->volatile_))
		p = p->next;
	return p;
}

void pipe_close(struct smb2_server_session *s, struct pipe *p)
{
	struct pipe **at = &s->pipes;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	s->pipe_count--;
	pending_end_pipe(s, p, STATUS_CANCELLED);
	s->connection->host->pipe_close(p->of_host);
	free(p);
}

void pipe_close_all_of_tree(struct smb2_server_session *s, uint32_t tree_id)
{
	for (struct pipe *p = s->pipes, *next; p != NULL; p = next) {
		next = p->next;
		if (p->tree_id == tree_id)
			pipe_close(s, p);
	}
	s->connection->host->session_changed(s->connection->context, s);
}

struct pipe *request_find_pipe(struct request *r, struct smb2_file_id id, uint32_t *status)
{
	const struct request *before = r->before;
	struct pipe *p;

	if ((r->header.flags & SMB2_FLAGS_RELATED_OPERATIONS) != 0) { /* 3.3.5.2.7.2 */
		uint32_t inherited = before->is_of_file ? before->status : STATUS_INVALID_HANDLE;

		if (inherited >> 30 == 3) {
			*status = inherited;
			return NULL;
		}
		id = before->file_id;
	}
	r->file_id = id;
	p = pipe_find(r->session, &id);
	if (p != NULL && p->tree_id == r->tree->id)
		return p;
	*status = STATUS_FILE_CLOSED;
	return NULL;
}

uint32_t request_handle_create(struct smb2_server *c, struct request *r)
{
	struct smb2_server_session *s = r->session;
	struct smb2_create_request asked;
	uint32_t status = STATUS_INSUFFICIENT_RESOURCES;
	struct pipe *p;

	smb2_create_request_decode(&r->message, &asked);
	if (r->message.error != NULL)
		return STATUS_INVALID_PARAMETER;
	if (asked.impersonation_level >= SMB2_IMPERSONATION_DELEGATE) /* 3.3.5.9 */
		return STATUS_BAD_IMPERSONATION_LEVEL;
	if ((asked.options & FILE_DIRECTORY_FILE) != 0)
		return STATUS_INVALID_PARAMETER;
	if (asked.disposition > FILE_OVERWRITE_IF)
		return STATUS_INVALID_PARAMETER;
	if (s->pipe_count == MAX_PIPES || (p = calloc(1, sizeof *p)) == NULL)
		return STATUS_INSUFFICIENT_RESOURCES;
	p->of_host = c->host->pipe_open(c->context, s, asked.name, &status);
	if (p->of_host == NULL) {
		free(p);
		return status;
	}
	p->id.persistent = ++c->last_file_id;
	p->id.volatile_ = p->id.persistent;
	p->tree_id = r->tree->id;
	p->mode.reads_messages = true;
	p->next = s->pipes;
	s->pipes = p;
	s->pipe_count++;
	r->file_id = p->id;
	c->host->session_changed(c->context, s);
	smb2_create_pipe_response_encode(&c->out, &p->id);
	return STATUS_SUCCESS;
}

uint32_t request_handle_close(struct smb2_server *c, struct request *r)
{
	struct smb2_close_request asked;
	uint32_t status;
	struct pipe *p;

	smb2_close_request_decode(&r->message, &asked);
	if (r->message.error != NULL)
		return STATUS_INVALID_PARAMETER;
	p = request_find_pipe(r, asked.id, &status);
	if (p == NULL)
		return status;
	pipe_close(r->session, p);
	c->host->session_changed(c->context, r->session);
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

uint32_t pipe_read_data(struct smb2_server *c, struct pipe *p, uint32_t max_bytes)
{
	size_t left = 0;

	while (max_bytes > 0 && c->host->pipe_pending(p->of_host) > 0) {
		size_t bytes = c->host->pipe_read(p->of_host, &c->out, max_bytes, &left);

		if (bytes == 0)
			break;
		max_bytes -= (uint32_t)bytes;
		if (p->mode.reads_messages)
			break;
	}
	return p->mode.reads_messages && left > 0 ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

/* 3.3.5.12, 3.3.5.13: what files have is not for pipes, and what RDMA has is not for TCP. */
static bool pipe_supports_transfer(const struct smb2_server *c, uint32_t channel, uint32_t flags)
{
	return c->dialect < SMB2_DIALECT_300 || (channel == SMB2_CHANNEL_NONE && flags == 0);
}

uint32_t request_handle_read(struct smb2_server *c, struct request *r)
{
	struct smb2_read_request asked;
	uint32_t status;
	size_t data_at;
	struct pipe *p;

	smb2_read_request_decode(&r->message, &asked);
	if (r->message.error != NULL || asked.max_bytes > SMB2_MAX_PAYLOAD_BYTES ||
	    !pipe_supports_transfer(c, asked.channel, asked.flags & SMB2_READFLAG_READ_UNBUFFERED))
		return STATUS_INVALID_PARAMETER;
	p = request_find_pipe(r, asked.id, &status);
	if (p == NULL)
		return status;
	if (p->pending != NULL || c->host->pipe_pending(p->of_host) == 0) {
		if (pipe_is_broken(c, p))
			return STATUS_PIPE_BROKEN;
		if (p->mode.is_non_blocking)
			return STATUS_PIPE_EMPTY;
		return pending_add(c, r, p, asked.max_bytes);
	}
	data_at = smb2_read_response_begin(&c->out);
	status = pipe_read_data(c, p, asked.max_bytes);
	smb2_read_response_end(&c->out, data_at);
	return status;
}

uint32_t request_handle_write(struct smb2_server *c, struct request *r)
{
	struct smb2_write_request asked;
	uint32_t status;
	struct pipe *p;

	smb2_write_request_decode(&r->message, &asked);
	if (r->message.error != NULL || asked.data.bytes > SMB2_MAX_PAYLOAD_BYTES ||
	    !pipe_supports_transfer(
		    c, asked.channel,
		    asked.flags & (SMB2_WRITEFLAG_WRITE_THROUGH | SMB2_WRITEFLAG_WRITE_UNBUFFERED)))
		return STATUS_INVALID_PARAMETER;
	p = request_find_pipe(r, asked.id, &status);
	if (p == NULL)
		return status;
	if (!pipe_write_data(c, p, asked.data.data, asked.data.bytes))
		return STATUS_PIPE_BROKEN;
	smb2_write_response_encode(&c->out, (uint32_t)asked.data.bytes);
	return STATUS_SUCCESS;
}

bool pipe_is_broken(const struct smb2_server *c, const struct pipe *p)
{
	return p->is_broken || c->host->pipe_is_over(p->of_host);
}

bool pipe_write_data(struct smb2_server *c, struct pipe *p, const uint8_t *data, size_t bytes)
{
	if (!p->is_broken)
		p->is_broken = !c->host->pipe_write(p->of_host, data, bytes);
	return !p->is_broken;
}
