/* SPDX-License-Identifier: MIT */
#include "client/conversation.h"

#include "client/steps.h"
#include "smb2/status.h"

/* Each step sends what it can and takes the answers to that. It ends by entering another. */
static const struct {
	const char *doing;
	void (*send)(struct conversation *c);
	void (*receive)(struct conversation *c, struct smb2_reply *reply);
} steps[] = {
	[STEP_NEGOTIATE] = { "NEGOTIATE", negotiate_send, negotiate_receive },
	[STEP_LOG_ON] = { "SESSION_SETUP", session_setup_send, session_setup_receive },
	[STEP_OPEN_PIPE] = { "opening of the pipe srvsvc", open_pipe_send, open_pipe_receive },
	[STEP_READY] = { "pipe srvsvc", NULL, NULL },
	[STEP_CALL] = { "call", call_send, call_receive },
};

void step_enter(struct conversation *c, unsigned step)
{
	c->step = step;
	if (steps[step].send != NULL)
		steps[step].send(c);
}

void step_fail(struct conversation *c, NET_API_STATUS status, const char *why)
{
	err_set(&c->err, status, conversation_doing(c), why);
}

/* An answer that refuses: its NTSTATUS is the story. */
void step_refuse(struct conversation *c, const char *doing, uint32_t nt)
{
	err_set(&c->err, smb2_status_to_win32(nt), doing, smb2_status_name(nt));
	c->err.nt = nt;
}

/* Whether an answer decoded; the story of it if not. */
bool step_decoded(struct conversation *c, const struct smb2_reply *reply)
{
	if (reply->message.error == NULL)
		return true;
	step_fail(c, ERROR_BAD_NET_RESP, reply->message.error);
	return false;
}

const char *conversation_doing(const struct conversation *c)
{
	return c->step == STEP_CALL ? c->method->name : steps[c->step].doing;
}

bool conversation_is_idle(const struct conversation *c)
{
	return c->step == STEP_READY && c->err.status == NERR_Success &&
	       !conversation_is_spent(c) && smb2_connection_outstanding(&c->smb) == 0;
}

bool conversation_has_tree(const struct conversation *c)
{
	return c->step >= STEP_OPEN_PIPE && c->open_taken > TAG_TREE_CONNECT && c->smb.tree_id != 0;
}

void conversation_explain_end(const struct conversation *c, struct err *err)
{
	err->doing = conversation_doing(c);
	if (c->validation != VALIDATION_SENT || err->status != ERROR_NETNAME_DELETED)
		return;
	/* 3.3.5.15.12: so does a server whom another NEGOTIATE reached than was sent. */
	*err = (struct err){ 0 };
	err_set(err, ERROR_DOWNGRADE_DETECTED, "VALIDATE_NEGOTIATE_INFO",
	        "the server hung up: it got another NEGOTIATE than was sent");
}

bool conversation_heard_nothing(const struct conversation *c)
{
	return c->step == STEP_NEGOTIATE && smb2_frames_is_untouched(&c->smb.in);
}

static void begin(struct conversation *c, const char *host, uint16_t only_dialect)
{
	*c = (struct conversation){ .host = host,
		                    .step = STEP_NEGOTIATE,
		                    .offered = { .only_dialect = only_dialect } };
	smb2_connection_init(&c->smb);
	rpc_association_init(&c->rpc);
}

void conversation_init(struct conversation *c, const char *host, enum conversation_opening opening)
{
	begin(c, host, 0);
	if (opening == CONVERSATION_PROBE_SMB1)
		smb2_connection_probe_smb1(&c->smb);
	else
		step_enter(c, STEP_NEGOTIATE);
}

void conversation_init_only(struct conversation *c, const char *host, uint16_t dialect)
{
	begin(c, host, dialect);
	step_enter(c, STEP_NEGOTIATE);
}

const struct smb2_negotiate_response *conversation_negotiated(const struct conversation *c)
{
	return c->step > STEP_NEGOTIATE ? &c->negotiated : NULL;
}

void conversation_fini(struct conversation *c)
{
	smb2_connection_fini(&c->smb);
	rpc_association_fini(&c->rpc);
	session_enum_decoder_fini(&c->decoder);
	wire_writer_fini(&c->challenge);
	wire_writer_fini(&c->stub);
	wire_writer_fini(&c->fragment);
	wire_writer_fini(&c->del_answer);
	for (size_t i = 0; i < CONVERSATION_MAX_READS; i++)
		wire_writer_fini(&c->early[i]);
}

enum conversation_event conversation_next(struct conversation *c)
{
	for (;;) {
		struct smb2_reply reply;

		if (c->err.status != NERR_Success)
			return CONVERSATION_FAILED;
		if (c->challenged)
			return CONVERSATION_TOKEN;
		if (c->validation != VALIDATION_SENT && call_has_row(c))
			return CONVERSATION_ROWS;
		if (c->validation != VALIDATION_SENT && c->answered)
			return CONVERSATION_ANSWER;
		switch (smb2_connection_next(&c->smb, &reply)) {
		case SMB2_WANT_BYTES:
			return c->step == STEP_READY ? CONVERSATION_READY : CONVERSATION_READ;
		case SMB2_FAILED:
			step_fail(c, c->smb.err.status, c->smb.err.why);
			break;
		case SMB2_REPLY:
			if (steps[c->step].receive != NULL)
				steps[c->step].receive(c, &reply);
			break;
		}
	}
}
