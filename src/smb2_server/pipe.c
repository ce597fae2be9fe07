/* SPDX-License-Identifier: MIT */
/* Open pipes, and what is read from them. */
#include "smb2_server/internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "smb2/ioctl.h"
#include "smb2/read_write.h"

/* ---- opening and closing ---- */

struct smb2_server_pipe *pipe_find(const struct smb2_server_session *s,
                                   const struct smb2_file_id *id)
{
	struct smb2_server_pipe *p;

	TAILQ_FOREACH(p, &s->pipes, link)
		if (p->id.persistent == id->persistent && p->id.volatile_ == id->volatile_)
			return p;
	return NULL;
}

uint32_t pipe_open_begin(struct smb2_server *c, struct smb2_server_session *s, const char *name)
{
	struct smb2_server_pipe *p = calloc(1, sizeof *p + strlen(name) + 1);

	if (p == NULL)
		return STATUS_INSUFFICIENT_RESOURCES;
	strcpy(p->name, name);
	p->session = s;
	p->open_status = STATUS_INSUFFICIENT_RESOURCES;
	STAILQ_INIT(&p->pending);
	c->opening = p;
	return smb2_server_ask(c, (struct smb2_server_event){ .type = SMB2_SERVER_PIPE_OPEN,
	                                                      .session = s,
	                                                      .pipe = p,
	                                                      .name = p->name });
}

struct smb2_server_pipe *pipe_open_end(struct smb2_server *c, uint32_t *status)
{
	struct smb2_server_pipe *p = c->opening;

	c->opening = NULL;
	if (p->tag != NULL)
		return p;
	*status = p->open_status;
	free(p);
	return NULL;
}

void pipe_add(struct smb2_server *c, struct smb2_server_pipe *p, uint32_t tree_id)
{
	p->id.persistent = ++c->last_file_id;
	p->id.volatile_ = p->id.persistent;
	p->tree_id = tree_id;
	p->mode.reads_messages = true;
	TAILQ_INSERT_HEAD(&p->session->pipes, p, link);
	p->session->pipe_count++;
	p->session->was_changed = true;
}

void pipe_discard(struct smb2_server *c, struct smb2_server_pipe *p)
{
	TAILQ_INSERT_TAIL(&c->closed_pipes, p, link);
}

void pipe_close(struct smb2_server *c, struct smb2_server_pipe *p)
{
	TAILQ_REMOVE(&p->session->pipes, p, link);
	p->session->pipe_count--;
	p->session->was_changed = true;
	pending_end_all(c, p, STATUS_CANCELLED);
	pipe_discard(c, p);
}

bool pipe_has_ended(const struct smb2_server_pipe *p)
{
	return p->state.has_ended || p->state.is_broken;
}

struct smb2_server_pipe *request_find_pipe(struct request *r, struct smb2_file_id id,
                                           uint32_t *status)
{
	const struct request *before = r->before;
	struct smb2_server_pipe *p;

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

/* ---- data ---- */

uint32_t pipe_write_begin(struct smb2_server *c, struct smb2_server_pipe *p, const uint8_t *data,
                          size_t bytes)
{
	if (p->state.is_broken)
		return STATUS_PIPE_BROKEN;
	return smb2_server_ask(c, (struct smb2_server_event){ .type = SMB2_SERVER_PIPE_WRITE,
	                                                      .session = p->session,
	                                                      .pipe = p,
	                                                      .data = data,
	                                                      .bytes = bytes });
}

/* Asks the host for another message if there is room for one, or else completes the response. */
static uint32_t pipe_read_more(struct smb2_server *c)
{
	struct pipe_reading *reading = &c->reading;
	struct smb2_server_pipe *p = reading->pipe;
	bool is_overflow;

	if (reading->max_bytes > 0 && p->state.readable_bytes > 0) {
		reading->asked_at = c->out.len;
		return smb2_server_ask(
			c, (struct smb2_server_event){ .type = SMB2_SERVER_PIPE_READ,
		                                       .session = p->session,
		                                       .pipe = p,
		                                       .to = &c->out,
		                                       .max_bytes = reading->max_bytes });
	}
	is_overflow = p->mode.reads_messages && reading->message_left > 0;
	if (reading->command == SMB2_READ)
		smb2_read_response_end(&c->out, reading->data_at);
	else
		smb2_ioctl_response_end(&c->out, reading->data_at);
	return is_overflow ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

uint32_t pipe_read_begin(struct smb2_server *c, struct smb2_server_pipe *p, uint16_t command,
                         uint32_t max_bytes)
{
	c->reading = (struct pipe_reading){ .pipe = p, .command = command, .max_bytes = max_bytes };
	c->reading.data_at = command == SMB2_READ ? smb2_read_response_begin(&c->out)
	                                          : smb2_ioctl_response_begin(
							    &c->out, FSCTL_PIPE_TRANSCEIVE, &p->id);
	return pipe_read_more(c);
}

uint32_t pipe_read_resume(struct smb2_server *c, struct request *r)
{
	struct pipe_reading *reading = &c->reading;
	size_t bytes = c->out.len - reading->asked_at;

	(void)r;
	assert(bytes <= reading->max_bytes);
	reading->message_left = reading->pipe->state.message_left;
	reading->max_bytes -= (uint32_t)bytes;
	if (bytes == 0 || reading->pipe->mode.reads_messages)
		reading->max_bytes = 0; /* one message, or none */
	return pipe_read_more(c);
}

/* ---- for pending requests ---- */

static void pipe_serve_go_on(struct smb2_server *c, uint32_t status)
{
	struct pending_request *w = c->serving;

	if (status == WAITS_FOR_HOST)
		return;
	c->serving = NULL;
	response_end(c, &w->header, status, w->session);
	free(w);
}

void pipe_serve_resume(struct smb2_server *c)
{
	pipe_serve_go_on(c, pipe_read_resume(c, NULL));
}

static bool pipe_serve_first(struct smb2_server *c, struct smb2_server_pipe *p)
{
	struct pending_request *w;

	if (STAILQ_EMPTY(&p->pending) || (p->state.readable_bytes == 0 && !pipe_has_ended(p)))
		return false;
	if (p->state.readable_bytes == 0) {
		pending_end_all(c, p, STATUS_PIPE_BROKEN);
		return true;
	}
	w = c->serving = pending_take_first(c, p);
	response_begin(c, w->session, w->is_encrypted);
	pipe_serve_go_on(c, pipe_read_begin(c, p, w->header.command, w->max_bytes));
	return true;
}

bool pipe_serve_pending(struct smb2_server *c)
{
	struct smb2_server_session *s;
	struct smb2_server_pipe *p;

	if (c->pending_count == 0)
		return false;
	TAILQ_FOREACH(s, &c->sessions, link)
		TAILQ_FOREACH(p, &s->pipes, link)
			if (pipe_serve_first(c, p))
				return true;
	return false;
}

/* ---- the host's side ---- */

void smb2_server_pipe_opened(struct smb2_server_pipe *p, void *tag)
{
	p->tag = tag;
}

void smb2_server_pipe_refused(struct smb2_server_pipe *p, uint32_t nt)
{
	p->open_status = nt;
}

void *smb2_server_pipe_tag(const struct smb2_server_pipe *p)
{
	return p->tag;
}

void smb2_server_pipe_update(struct smb2_server_pipe *p, const struct smb2_server_pipe_state *state)
{
	bool was_broken = p->state.is_broken;

	p->state = *state;
	p->state.is_broken = p->state.is_broken || was_broken;
}
