/* SPDX-License-Identifier: MIT */
/* Bytes in, events out. 3.3.5.2 */
#include "smb2_server/internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct smb2_server *smb2_server_new(struct smb2_server_settings *settings)
{
	struct smb2_server *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	c->settings = settings;
	TAILQ_INIT(&c->sessions);
	TAILQ_INIT(&c->ended_sessions);
	TAILQ_INIT(&c->closed_pipes);
	STAILQ_INIT(&c->ended_requests);
	credits_init(&c->credits);
	return c;
}

void smb2_server_close(struct smb2_server *c)
{
	smb2_server_fail(c,
	                 "the host has closed the connection"); /* no response is sent any more */
	c->is_closed = true;
	free(c->message);
	c->message = NULL;
	c->has_question = false;
	free(c->serving);
	c->serving = NULL;
	if (c->opening != NULL) {
		pipe_discard(c, c->opening);
		c->opening = NULL;
	}
	while (!TAILQ_EMPTY(&c->sessions))
		smb2_session_end(c, TAILQ_FIRST(&c->sessions));
	pending_drop_ended(c);
}

void smb2_server_free(struct smb2_server *c)
{
	struct smb2_server_event event;

	if (c == NULL)
		return;
	smb2_server_close(c);
	while (smb2_server_next_event(c, &event))
		;
	smb2_frames_fini(&c->in);
	wire_writer_fini(&c->out);
	free(c);
}

uint8_t *smb2_server_space(struct smb2_server *c, size_t *room)
{
	assert(c->message == NULL); /* making space invalidates the message */
	return smb2_frames_space(&c->in, room);
}

void smb2_server_received(struct smb2_server *c, size_t bytes, uint64_t now)
{
	c->now = now;
	smb2_frames_received(&c->in, bytes);
}

void smb2_server_sent(struct smb2_server *c)
{
	assert(!c->compound.is_open);
	wire_writer_fini(&c->out); /* an idle client costs no buffer */
}

/* ---- messages ---- */

/* 0xFE SMB2, 0xFF SMB1, 0xFD encrypted. */
static bool message_has_protocol_id(const uint8_t *message, size_t bytes, uint8_t first)
{
	return bytes >= 4 && message[0] == first && memcmp(message + 1, "SMB", 3) == 0;
}

/* 3.3.5.2.1.1: every error in an encrypted message ends the connection. */
static void message_begin_encrypted(struct smb2_server *c, uint8_t *message, size_t bytes)
{
	struct smb2_server_session *s;
	uint64_t id;

	if (!smb2_encrypted_session_id(message, bytes, &id)) {
		smb2_server_fail(c, "the encrypted message is too short");
		return;
	}
	s = smb2_session_find(c, id);
	if (s == NULL || s->encryption == NULL)
		smb2_server_fail(c, "the encrypted message is of no session with a key");
	else
		smb2_server_fail(c,
		                 smb2_decrypt(s->encryption, id, message, bytes, &message, &bytes));
	if (c->error == NULL && !message_has_protocol_id(message, bytes, 0xFE))
		smb2_server_fail(c, "the encrypted message does not contain an SMB2 message");
	if (c->error == NULL)
		message_begin(c, message, bytes, s);
}

/* RFC 1002 5.2.2: a client at port 139 asks for a session first. Samba accepts that at every port,
 * and whatever name is called, as this server does. */
static void session_packet_answer(struct smb2_server *c, enum session_packet type,
                                  const uint8_t *data, size_t bytes)
{
	struct wire_reader r;

	wire_reader_init(&r, data, bytes);
	session_request_decode(&r);
	if (type != SESSION_REQUEST)
		smb2_server_fail(c, "the client sent a NetBIOS session packet of a server");
	else if (c->has_netbios_session || c->dialect != 0)
		smb2_server_fail(c, "the client requested a NetBIOS session within another one");
	else if (r.error != NULL)
		smb2_server_fail(c, r.error);
	else
		session_positive_response_encode(&c->out);
	c->has_netbios_session = true;
}

/* Begins the next message. False: it has not been received completely. */
static bool message_begin_next(struct smb2_server *c)
{
	enum session_packet type;
	uint8_t *message;
	size_t bytes;

	c->in.max_message_bytes = c->dialect == 0 || c->dialect == SMB2_DIALECT_WILDCARD
	                                  ? SMB2_MAX_NEGOTIATE_BYTES
	                                  : 0;
	if (!smb2_frames_next(&c->in, &type, &message, &bytes)) {
		smb2_server_fail(c, c->in.error);
		if (c->in.begin == c->in.end) /* an idle client costs no buffer */
			smb2_frames_fini(&c->in);
		return c->error != NULL;
	}
	if (type != SESSION_MESSAGE)
		session_packet_answer(c, type, message, bytes);
	else if (message_has_protocol_id(message, bytes, 0xFE))
		message_begin(c, message, bytes, NULL);
	else if (message_has_protocol_id(message, bytes, 0xFD))
		message_begin_encrypted(c, message, bytes);
	else if (message_has_protocol_id(message, bytes, 0xFF))
		negotiate_from_smb1(c, message, bytes);
	else
		smb2_server_fail(c, "the message is not an SMB2 message");
	return true;
}

/* ---- events ---- */

static bool event_of_session(struct smb2_server_session *s, bool *news,
                             enum smb2_server_event_type type, struct smb2_server_event *event)
{
	if (!*news)
		return false;
	*news = false;
	event->type = type;
	event->session = s;
	event->previous_id = s->previous_id;
	return true;
}

static bool event_of_open_session(struct smb2_server *c, struct smb2_server_event *event)
{
	struct smb2_server_session *s;

	TAILQ_FOREACH(s, &c->sessions, link)
		if (event_of_session(s, &s->was_used, SMB2_SERVER_SESSION_USED, event) ||
		    event_of_session(s, &s->was_established, SMB2_SERVER_SESSION_ESTABLISHED,
		                     event) ||
		    event_of_session(s, &s->was_changed, SMB2_SERVER_SESSION_CHANGED, event) ||
		    event_of_session(s, &s->names_previous, SMB2_SERVER_CLOSE_PREVIOUS_SESSION,
		                     event))
			return true;
	return false;
}

static bool event_of_closed_pipe(struct smb2_server *c, struct smb2_server_event *event)
{
	struct smb2_server_pipe *p = TAILQ_FIRST(&c->closed_pipes);

	while (p != NULL && (p->is_given || p->tag == NULL)) {
		TAILQ_REMOVE(&c->closed_pipes, p, link);
		free(p);
		p = TAILQ_FIRST(&c->closed_pipes);
	}
	if (p == NULL)
		return false;
	p->is_given = true;
	event->type = SMB2_SERVER_PIPE_CLOSED;
	event->session = p->session;
	event->pipe = p;
	return true;
}

static bool event_of_ended_session(struct smb2_server *c, struct smb2_server_event *event)
{
	struct smb2_server_session *s;

	TAILQ_FOREACH(s, &c->ended_sessions, link) {
		if (!s->is_given &&
		    event_of_session(s, &s->was_used, SMB2_SERVER_SESSION_USED, event))
			return true; /* by its LOGOFF */
		if (!s->is_given) {
			s->is_given = true;
			event->type = SMB2_SERVER_SESSION_CLOSED;
			event->session = s;
			return true;
		}
	}
	return false;
}

/* Makes one step of progress. False: the server waits for the client or the host. */
static bool server_advance(struct smb2_server *c)
{
	if (c->message != NULL)
		message_advance(c);
	else if (c->serving != NULL)
		pipe_serve_resume(c);
	else if (!STAILQ_EMPTY(&c->ended_requests))
		pending_respond_ended(c);
	/* Data first: a call that closes its own session is answered, too. */
	else if (!pipe_serve_pending(c) && !smb2_session_end_marked(c))
		return c->out.len == 0 && message_begin_next(c);
	return true;
}

bool smb2_server_next_event(struct smb2_server *c, struct smb2_server_event *event)
{
	do {
		*event = (struct smb2_server_event){ 0 };
		if (event_of_open_session(c, event) || event_of_closed_pipe(c, event) ||
		    event_of_ended_session(c, event))
			return true;
		smb2_session_free_ended(c);
		if (c->is_closed)
			return false;
		if (c->error != NULL) {
			event->type = SMB2_SERVER_DISCONNECT;
			event->reason = c->error;
			return true;
		}
		if (c->has_question) {
			c->has_question = false;
			*event = c->question;
			return true;
		}
	} while (server_advance(c));
	event->type = SMB2_SERVER_SEND;
	event->data = c->out.data;
	event->bytes = c->out.len;
	return c->out.len > 0;
}
