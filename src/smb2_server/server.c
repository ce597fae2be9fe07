/* SPDX-License-Identifier: MIT */
/* Messages out of the stream of bytes: 3.3.5.2. */
#include "smb2_server/internal.h"

#include <stdlib.h>
#include <string.h>

struct smb2_server *smb2_server_new(struct smb2_server_settings *settings,
                                    const struct smb2_server_host *host, void *context)
{
	struct smb2_server *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	c->settings = settings;
	c->host = host;
	c->context = context;
	credits_init(&c->credits);
	return c;
}

void smb2_server_free(struct smb2_server *c)
{
	if (c == NULL)
		return;
	smb2_server_fail(c, "it is closed"); /* nobody who waits is answered any more */
	while (c->sessions != NULL)
		smb2_session_end(c->sessions);
	pending_respond_ended(c);
	smb2_session_free_ended(c);
	smb2_frames_fini(&c->in);
	wire_writer_fini(&c->out);
	free(c);
}

uint8_t *smb2_server_space(struct smb2_server *c, size_t *room)
{
	return smb2_frames_space(&c->in, room);
}

void smb2_server_received(struct smb2_server *c, size_t bytes)
{
	smb2_frames_received(&c->in, bytes);
}

struct wire_writer *smb2_server_out(struct smb2_server *c)
{
	return &c->out;
}

const char *smb2_server_error(const struct smb2_server *c)
{
	return c->error;
}

void smb2_server_fail(struct smb2_server *c, const char *why)
{
	if (c->error == NULL)
		c->error = why;
}

bool smb2_server_can_encrypt(const struct smb2_server *c)
{
	return c->agreed.cipher != SMB2_CIPHER_NONE;
}

/* 0xFE SMB2, 0xFF SMB1, 0xFD encrypted. */
static bool message_has_protocol_id(const uint8_t *message, size_t bytes, uint8_t first)
{
	return bytes >= 4 && message[0] == first && memcmp(message + 1, "SMB", 3) == 0;
}

/* 3.3.5.2.1.1: whatever is wrong with it ends the connection. */
static void message_dispatch_encrypted(struct smb2_server *c, uint8_t *message, size_t bytes)
{
	struct smb2_server_session *s;
	uint64_t id;

	if (!smb2_encrypted_session_id(message, bytes, &id)) {
		smb2_server_fail(c, "an encrypted message that is cut");
		return;
	}
	s = smb2_session_find(c, id);
	if (s == NULL || s->sealing == NULL)
		smb2_server_fail(c, "an encrypted message of no session that has a key");
	else
		smb2_server_fail(c, smb2_decrypt(s->sealing, id, message, bytes, &message, &bytes));
	if (c->error == NULL && !message_has_protocol_id(message, bytes, 0xFE))
		smb2_server_fail(c, "what was encrypted is no SMB2 message");
	if (c->error == NULL)
		message_dispatch_requests(c, message, bytes, s);
}

static void message_dispatch_any(struct smb2_server *c, uint8_t *message, size_t bytes)
{
	if (message_has_protocol_id(message, bytes, 0xFE))
		message_dispatch_requests(c, message, bytes, NULL);
	else if (message_has_protocol_id(message, bytes, 0xFD))
		message_dispatch_encrypted(c, message, bytes);
	else if (message_has_protocol_id(message, bytes, 0xFF))
		negotiate_from_smb1(c, message, bytes);
	else
		smb2_server_fail(c, "what came is no SMB2 message");
}

enum smb2_server_progress smb2_server_work(struct smb2_server *c)
{
	uint8_t *message;
	size_t bytes;

	if (c->error != NULL)
		return SMB2_SERVER_CLOSE;
	if (!smb2_frames_next(&c->in, &message, &bytes)) {
		smb2_server_fail(c, c->in.error);
		if (c->in.begin == c->in.end) /* an idle client costs no buffer */
			smb2_frames_fini(&c->in);
		return c->error != NULL ? SMB2_SERVER_CLOSE : SMB2_SERVER_WANTS_BYTES;
	}
	message_dispatch_any(c, message, bytes);
	smb2_session_free_ended(c);
	return c->error != NULL ? SMB2_SERVER_CLOSE : SMB2_SERVER_WORKED;
}
