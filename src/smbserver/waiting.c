/* SPDX-License-Identifier: MIT */
/* Requests that wait for a pipe's data: asynchronous, [MS-SMB2] 3.3.4.2. */
#include "smbserver/parts.h"

#include <stdlib.h>
#include "smb2/error.h"
#include "smb2/ioctl.h"
#include "smb2/pipe_io.h"

uint32_t waiting_add(struct smbserver *c, const struct request *r, struct pipe *p,
                     uint32_t max_bytes)
{
	struct waiting **at = &p->waiting, *w;

	/* What follows in a chain would have to wait, too, 3.3.5.2.7: Samba says the same. */
	if (!r->is_last)
		return STATUS_INTERNAL_ERROR;
	if (p->waiting_count == MAX_WAITING || c->waiting_count == MAX_WAITING_IN_ALL ||
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
	p->waiting_count++;
	c->waiting_count++;
	return STATUS_PENDING;
}

static struct waiting *take(struct smbserver *c, struct pipe *p, struct waiting **at)
{
	struct waiting *w = *at;

	*at = w->next;
	p->waiting_count--;
	c->waiting_count--;
	return w;
}

static void answer(struct smbserver *c, struct pipe *p, const struct waiting *w)
{
	bool is_read = w->header.command == SMB2_READ;
	uint32_t status;
	size_t data_at;

	reply_begin(c, w->session, w->is_encrypted);
	data_at = is_read ? smb2_read_response_begin(&c->out)
	                  : smb2_ioctl_response_begin(&c->out, FSCTL_PIPE_TRANSCEIVE, &w->id);
	status = pipe_take(c, p, w->max_bytes);
	if (is_read)
		smb2_read_response_end(&c->out, data_at);
	else
		smb2_ioctl_response_end(&c->out, data_at);
	reply_end(c, &w->header, status, w->session);
}

void waiting_serve(struct smbserver_session *s, struct pipe *p)
{
	struct smbserver *c = s->connection;

	while (p->waiting != NULL && c->error == NULL && c->host->pipe_pending(p->of_host) > 0) {
		struct waiting *w = take(c, p, &p->waiting);

		answer(c, p, w);
		free(w);
	}
	if (p->waiting != NULL && pipe_is_broken(c, p)) {
		waiting_end(s, p, STATUS_PIPE_BROKEN);
		waiting_tell(c);
	}
}

/* Puts one behind those that are to be told. */
static void end_one(struct smbserver *c, struct waiting *w, uint32_t status)
{
	struct waiting **at = &c->ended;

	w->status = status;
	w->next = NULL;
	while (*at != NULL)
		at = &(*at)->next;
	*at = w;
}

void waiting_end(struct smbserver_session *s, struct pipe *p, uint32_t status)
{
	struct smbserver *c = s->connection;

	while (p->waiting != NULL)
		end_one(c, take(c, p, &p->waiting), status);
}

static bool is_meant(const struct waiting *w, const struct smb2_header *cancel)
{
	if ((cancel->flags & SMB2_FLAGS_ASYNC_COMMAND) != 0)
		return w->header.async_id == cancel->async_id;
	return w->header.message_id == cancel->message_id;
}

/* Takes what a CANCEL means out of a pipe's queue. */
static struct waiting *find_meant(struct smbserver *c, struct pipe *p,
                                  const struct smb2_header *cancel)
{
	for (struct waiting **at = &p->waiting; *at != NULL; at = &(*at)->next)
		if (is_meant(*at, cancel))
			return take(c, p, at);
	return NULL;
}

void waiting_cancel(struct smbserver *c, const struct request *r)
{
	struct smbserver_session *s = session_find(c, r->header.session_id);

	/* Nobody is answered, whatever is wrong with it. */
	if (s == NULL || s->state != SESSION_VALID || (s->must_encrypt && !r->is_encrypted) ||
	    (s->signing_key != NULL && !r->is_encrypted &&
	     !smb2_signature_holds(s->signing_key, r->bytes, r->length)))
		return;
	for (struct pipe *p = s->pipes; p != NULL; p = p->next) {
		struct waiting *w = find_meant(c, p, &r->header);

		if (w != NULL) {
			end_one(c, w, STATUS_CANCELLED);
			return;
		}
	}
}

void waiting_tell(struct smbserver *c)
{
	while (c->ended != NULL) {
		struct waiting *w = c->ended;

		c->ended = w->next;
		if (c->error == NULL) {
			reply_begin(c, w->session, w->is_encrypted);
			smb2_error_response_encode(&c->out);
			reply_end(c, &w->header, w->status, w->session);
		}
		free(w);
	}
}
