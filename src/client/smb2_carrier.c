/* SPDX-License-Identifier: MIT */
/* The way to a pipe over SMB2, as a table of steps, each named after what it sends. */
#include "client/steps.h"

#include "smb2/status.h"

static const struct step steps[] = {
	[STEP_NEGOTIATE] = { "NEGOTIATE", negotiate_send, negotiate_receive },
	[STEP_LOG_ON] = { "SESSION_SETUP", session_setup_send, session_setup_receive },
	[STEP_OPEN_PIPE] = { "opening of the pipe srvsvc", open_pipe_send, open_pipe_receive },
	[STEP_READY] = { "pipe srvsvc", NULL, NULL },
	[STEP_CALL] = { "call", pipe_call_send, pipe_call_receive },
};

void step_refuse(struct conversation *c, const char *doing, uint32_t nt)
{
	err_set(&c->err, smb2_status_to_win32(nt), doing, smb2_status_name(nt));
	c->err.nt_status = nt;
}

bool step_decoded(struct conversation *c, const struct smb2_reply *reply)
{
	if (reply->message.error == NULL)
		return true;
	step_fail(c, ERROR_BAD_NET_RESP, reply->message.error);
	return false;
}

static bool take(struct conversation *c)
{
	struct smb2_reply reply;

	switch (smb2_connection_next(&c->smb, &reply)) {
	case SMB2_WANT_BYTES:
		return false;
	case SMB2_FAILED:
		step_fail(c, c->smb.err.status, c->smb.err.text);
		break;
	case SMB2_REPLY:
		if (steps[c->step].receive != NULL)
			steps[c->step].receive(c, &reply);
		break;
	}
	return true;
}

static bool is_at_rest(const struct conversation *c)
{
	return smb2_connection_outstanding(&c->smb) == 0;
}

static uint8_t *space(struct conversation *c, size_t *room)
{
	return smb2_frames_space(&c->smb.in, room);
}

static void received(struct conversation *c, size_t bytes)
{
	smb2_frames_received(&c->smb.in, bytes);
}

static struct wire_writer *out(struct conversation *c)
{
	return &c->smb.out;
}

const struct carrier smb2_carrier = { steps, take, is_at_rest, space, received, out };
