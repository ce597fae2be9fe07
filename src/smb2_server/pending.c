/* SPDX-License-Identifier: MIT */
/* Pending requests: they wait for data of a pipe, and are answered asynchronously, [MS-SMB2]
 * 3.3.4.2. */
#include "smb2_server/internal.h"

#include <stdlib.h>
#include "smb2/header.h"

uint32_t pending_add(struct smb2_server *c, const struct request *r, struct smb2_server_pipe *p,
                     uint32_t max_bytes)
{
	struct pending_request *w;

	/* Later requests of a compound would have to wait as well, 3.3.5.2.7. Samba refuses that,
	 * too. */
	if (!r->is_last)
		return STATUS_INTERNAL_ERROR;
	if (p->pending_count == MAX_PENDING || c->pending_count == MAX_PENDING_IN_ALL ||
	    (w = calloc(1, sizeof *w)) == NULL)
		return STATUS_INSUFFICIENT_RESOURCES;
	w->header = r->header;
	w->header.async_id = ++c->last_async_id;
	w->session = r->session;
	w->is_encrypted = r->is_encrypted;
	w->max_bytes = max_bytes;
	STAILQ_INSERT_TAIL(&p->pending, w, link);
	p->pending_count++;
	c->pending_count++;
	return STATUS_PENDING;
}

static void pending_remove(struct smb2_server *c, struct smb2_server_pipe *p,
                           struct pending_request *w)
{
	STAILQ_REMOVE(&p->pending, w, pending_request, link);
	p->pending_count--;
	c->pending_count--;
}

struct pending_request *pending_take_first(struct smb2_server *c, struct smb2_server_pipe *p)
{
	struct pending_request *w = STAILQ_FIRST(&p->pending);

	pending_remove(c, p, w);
	return w;
}

static void pending_end(struct smb2_server *c, struct smb2_server_pipe *p,
                        struct pending_request *w, uint32_t status)
{
	pending_remove(c, p, w);
	w->status = status;
	STAILQ_INSERT_TAIL(&c->ended_requests, w, link);
}

void pending_end_all(struct smb2_server *c, struct smb2_server_pipe *p, uint32_t status)
{
	while (!STAILQ_EMPTY(&p->pending))
		pending_end(c, p, STAILQ_FIRST(&p->pending), status);
}

/* Without memory the request stays unanswered. */
void pending_end_setup(struct smb2_server *c, struct smb2_server_session *s)
{
	struct pending_request *w = calloc(1, sizeof *w);

	s->is_authenticating = false;
	if (w == NULL)
		return;
	w->header = s->setup;
	w->session = s;
	w->is_encrypted = s->setup_is_encrypted;
	w->status = STATUS_USER_SESSION_DELETED;
	STAILQ_INSERT_TAIL(&c->ended_requests, w, link);
}

static bool pending_matches_cancel(const struct pending_request *w,
                                   const struct smb2_header *cancel)
{
	if ((cancel->flags & SMB2_FLAGS_ASYNC_COMMAND) != 0)
		return w->header.async_id == cancel->async_id;
	return w->header.message_id == cancel->message_id;
}

void pending_cancel(struct smb2_server *c, struct smb2_server_session *s,
                    const struct smb2_header *cancel)
{
	struct smb2_server_pipe *p;
	struct pending_request *w;

	TAILQ_FOREACH(p, &s->pipes, link)
		STAILQ_FOREACH(w, &p->pending, link)
			if (pending_matches_cancel(w, cancel)) {
				pending_end(c, p, w, STATUS_CANCELLED);
				return;
			}
}

void pending_respond_ended(struct smb2_server *c)
{
	struct pending_request *w;

	while (c->error == NULL && (w = STAILQ_FIRST(&c->ended_requests)) != NULL) {
		STAILQ_REMOVE_HEAD(&c->ended_requests, link);
		response_begin(c, w->session, w->is_encrypted);
		smb2_error_response_encode(&c->out);
		response_end(c, &w->header, w->status, w->session);
		free(w);
	}
}

void pending_drop_ended(struct smb2_server *c)
{
	struct pending_request *w;

	while ((w = STAILQ_FIRST(&c->ended_requests)) != NULL) {
		STAILQ_REMOVE_HEAD(&c->ended_requests, link);
		free(w);
	}
}
