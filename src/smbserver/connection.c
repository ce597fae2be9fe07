/* SPDX-License-Identifier: MIT */
/* Messages out of the stream of bytes: 3.3.5.2. */
#include "smbserver/parts.h"

#include <stdlib.h>
#include <string.h>

struct smbserver *smbserver_new(struct smbserver_settings *settings,
                                const struct smbserver_host *host, void *context)
{
	struct smbserver *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	c->settings = settings;
	c->host = host;
	c->context = context;
	credits_init(&c->credits);
	return c;
}

void smbserver_free(struct smbserver *c)
{
	if (c == NULL)
		return;
	connection_fail(c, "it is closed"); /* nobody who waits is answered any more */
	while (c->sessions != NULL)
		session_end(c->sessions);
	waiting_tell(c);
	sessions_bury(c);
	smb2_frames_fini(&c->in);
	wire_writer_fini(&c->out);
	free(c);
}

uint8_t *smbserver_space(struct smbserver *c, size_t *room)
{
	return smb2_frames_space(&c->in, room);
}

void smbserver_received(struct smbserver *c, size_t bytes)
{
	smb2_frames_received(&c->in, bytes);
}

struct wire_writer *smbserver_out(struct smbserver *c)
{
	return &c->out;
}

const char *smbserver_error(const struct smbserver *c)
{
	return c->error;
}

void connection_fail(struct smbserver *c, const char *why)
{
	if (c->error == NULL)
		c->error = why;
}

bool connection_can_encrypt(const struct smbserver *c)
{
	return c->agreed.cipher != SMB2_CIPHER_NONE;
}

/* 0xFE SMB2, 0xFF SMB1, 0xFD encrypted. */
static bool starts_with(const uint8_t *message, size_t bytes, uint8_t first)
{
	return bytes >= 4 && message[0] == first && memcmp(message + 1, "SMB", 3) == 0;
}

/* 3.3.5.2.1.1: whatever is wrong with it ends the connection. */
static void take_sealed(struct smbserver *c, uint8_t *message, size_t bytes)
{
	struct smbserver_session *s;
	uint64_t id;

	if (!smb2_sealed_session_id(message, bytes, &id)) {
		connection_fail(c, "an encrypted message that is cut");
		return;
	}
	s = session_find(c, id);
	if (s == NULL || s->sealing == NULL)
		connection_fail(c, "an encrypted message of no session that has a key");
	else
		connection_fail(c, smb2_unseal(s->sealing, id, message, bytes, &message, &bytes));
	if (c->error == NULL && !starts_with(message, bytes, 0xFE))
		connection_fail(c, "what was encrypted is no SMB2 message");
	if (c->error == NULL)
		dispatch_message(c, message, bytes, s);
}

static void take_message(struct smbserver *c, uint8_t *message, size_t bytes)
{
	if (starts_with(message, bytes, 0xFE))
		dispatch_message(c, message, bytes, NULL);
	else if (starts_with(message, bytes, 0xFD))
		take_sealed(c, message, bytes);
	else if (starts_with(message, bytes, 0xFF))
		negotiate_smb1(c, message, bytes);
	else
		connection_fail(c, "what came is no SMB2 message");
}

enum smbserver_progress smbserver_work(struct smbserver *c)
{
	uint8_t *message;
	size_t bytes;

	if (c->error != NULL)
		return SMBSERVER_CLOSE;
	if (!smb2_frames_next(&c->in, &message, &bytes)) {
		connection_fail(c, c->in.error);
		if (c->in.begin == c->in.end) /* an idle client costs no buffer */
			smb2_frames_fini(&c->in);
		return c->error != NULL ? SMBSERVER_CLOSE : SMBSERVER_WANTS_BYTES;
	}
	take_message(c, message, bytes);
	sessions_bury(c);
	return c->error != NULL ? SMBSERVER_CLOSE : SMBSERVER_WORKED;
}
