/* SPDX-License-Identifier: MIT */
/* The way to a pipe over SMB2, as a table of steps, each named after what it sends. */
#include "client/steps.h"

#include "smb2/status.h"

static const struct client_step steps[] = {
	[STEP_NEGOTIATE] = { "NEGOTIATE", negotiate_send, negotiate_receive },
	[STEP_LOG_ON] = { "SESSION_SETUP", session_setup_send, session_setup_receive },
	[STEP_OPEN_PIPE] = { "opening of the pipe srvsvc", open_pipe_send, open_pipe_receive },
	[STEP_READY] = { "pipe srvsvc", NULL, NULL },
	[STEP_CALL] = { "call", pipe_call_send, pipe_call_receive },
};

void step_refuse(struct client_state *c, const char *doing, uint32_t nt)
{
	err_set(&c->err, smb2_status_to_win32(nt), doing, smb2_status_name(nt));
	c->err.nt_status = nt;
}

bool step_decoded(struct client_state *c, const struct smb2_reply *reply)
{
	if (reply->message.error == NULL)
		return true;
	step_fail(c, ERROR_BAD_NET_RESP, reply->message.error);
	return false;
}

static bool transport_smb2_take(struct client_state *c)
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

static bool transport_smb2_is_idle(const struct client_state *c)
{
	return smb2_connection_outstanding(&c->smb) == 0;
}

static uint8_t *transport_smb2_space(struct client_state *c, size_t *room)
{
	return smb2_frames_space(&c->smb.in, room);
}

static void transport_smb2_received(struct client_state *c, size_t bytes)
{
	smb2_frames_received(&c->smb.in, bytes);
}

static struct wire_writer *transport_smb2_out(struct client_state *c)
{
	return &c->smb.out;
}

const struct client_transport smb2_carrier = { steps,
	                                       transport_smb2_take,
	                                       transport_smb2_is_idle,
	                                       transport_smb2_space,
	                                       transport_smb2_received,
	                                       transport_smb2_out };
