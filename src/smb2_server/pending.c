/* SPDX-License-Identifier: MIT */
/* Requests that wait for a pipe's data: asynchronous, [MS-SMB2] 3.3.4.2. */
#include "smb2_server/internal.h"

#include <stdlib.h>
#include "smb2/header.h"
#include "smb2/ioctl.h"
#include "smb2/read_write.h"

uint32_t pending_add(struct smb2_server *c, const struct request *r, struct pipe *p,
                     uint32_t max_bytes)
{
	struct pending_request **at = &p->pending, *w;

	/* What follows in a chain would have to wait, too, 3.3.5.2.7: Samba says the same. */
	if (!r->is_last)
		return STATUS_INTERNAL_ERROR;
	if (p->pending_count == MAX_PENDING_PUBLISHERS || c->pending_count == MAX_PENDING_IN_ALL ||
	    (w = calloc(1, sizeof *w)) == NULL)
		return STATUS_INSUFFICIENT_RESOURCES;
	w->header = r->header;
	w->header.async_id = ++c->last_async_id;
	w->session = r->session;
	w->is_encrypted = r->is_encrypted;
	w->id = p->id;
	w->max_bytes = max_bytes;
	while (*at != NULL)
		at = &(*at)->next;
	*at = w;
	p->pending_count++;
	c->pending_count++;
	return STATUS_PENDING;
}

static struct pending_request *pending_remove(struct smb2_server *c, struct pipe *p,
                                              struct pending_request **at)
{
	struct pending_request *w = *at;

	*at = w->next;
	p->pending_count--;
	c->pending_count--;
	return w;
}

static void pending_answer(struct smb2_server *c, struct pipe *p, const struct pending_request *w)
{
	bool is_read = w->header.command == SMB2_READ;
	uint32_t status;
	size_t data_at;

	response_begin(c, w->session, w->is_encrypted);
	data_at = is_read ? smb2_read_response_begin(&c->out)
	                  : smb2_ioctl_response_begin(&c->out, FSCTL_PIPE_TRANSCEIVE, &w->id);
	status = pipe_read_data(c, p, w->max_bytes);
	if (is_read)
		smb2_read_response_end(&c->out, data_at);
	else
		smb2_ioctl_response_end(&c->out, data_at);
	response_end(c, &w->header, status, w->session);
}

void pending_serve_pipe(struct smb2_server_session *s, struct pipe *p)
{
	struct smb2_server *c = s->connection;

	while (p->pending != NULL && c->error == NULL && c->host->pipe_pending(p->of_host) > 0) {
		struct pending_request *w = pending_remove(c, p, &p->pending);

		pending_answer(c, p, w);
		free(w);
	}
	if (p->pending != NULL && pipe_is_broken(c, p)) {
		pending_end_pipe(s, p, STATUS_PIPE_BROKEN);
		pending_respond_ended(c);
	}
}

/* Puts one behind those that are to be told. */
static void pending_end_request(struct smb2_server *c, struct pending_request *w, uint32_t status)
{
	struct pending_request **at = &c->ended_requests;

	w->status = status;
	w->next = NULL;
	while (*at != NULL)
		at = &(*at)->next;
	*at = w;
}

void pending_end_pipe(struct smb2_server_session *s, struct pipe *p, uint32_t status)
{
	struct smb2_server *c = s->connection;

	while (p->pending != NULL)
		pending_end_request(c, pending_remove(c, p, &p->pending), status);
}

static bool pending_matches_cancel(const struct pending_request *w,
                                   const struct smb2_header *cancel)
{
	if ((cancel->flags & SMB2_FLAGS_ASYNC_COMMAND) != 0)
		return w->header.async_id == cancel->async_id;
	return w->header.message_id == cancel->message_id;
}

/* Takes what a CANCEL means out of a pipe's queue. */
static struct pending_request *pending_find_cancelled(struct smb2_server *c, struct pipe *p,
                                                      const struct smb2_header *cancel)
{
	for (struct pending_request **at = &p->pending; *at != NULL; at = &(*at)->next)
		if (pending_matches_cancel(*at, cancel))
			return pending_remove(c, p, at);
	return NULL;
}

void pending_cancel(struct smb2_server *c, const struct request *r)
{
	struct smb2_server_session *s = smb2_session_find(c, r->header.session_id);

	/* Nobody is answered, whatever is wrong with it. */
	if (s == NULL || s->state != SESSION_VALID || (s->must_encrypt && !r->is_encrypted) ||
	    (s->signing_key != NULL && !r->is_encrypted &&
	     !smb2_signature_holds(s->signing_key, r->bytes, r->length)))
		return;
	for (struct pipe *p = s->pipes; p != NULL; p = p->next) {
		struct pending_request *w = pending_find_cancelled(c, p, &r->header);

		if (w != NULL) {
			pending_end_request(c, w, STATUS_CANCELLED);
			return;
		}
	}
}

void pending_respond_ended(struct smb2_server *c)
{
	while (c->ended_requests != NULL) {
		struct pending_request *w = c->ended_requests;

		c->ended_requests = w->next;
		if (c->error == NULL) {
			response_begin(c, w->session, w->is_encrypted);
			smb2_error_response_encode(&c->out);
			response_end(c, &w->header, w->status, w->session);
		}
		free(w);
	}
}
