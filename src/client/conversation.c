/* SPDX-License-Identifier: MIT */
#include "client/conversation.h"

#include <stdlib.h>
#include "client/steps.h"
#include "srvsvc/interface.h"

const struct conversation_interface conversation_srvsvc = {
	{ .uuid = SRVSVC_INTERFACE_UUID, .version = SRVSVC_INTERFACE_VERSION },
	SRVSVC_PIPE_NAME,
};

const struct conversation_interface conversation_local = {
	{ .uuid = LOCAL_INTERFACE_UUID, .version = LOCAL_INTERFACE_VERSION },
	LOCAL_INTERFACE_NAME,
};

void step_enter(struct conversation *c, unsigned step)
{
	c->step = step;
	if (c->carrier->steps[step].send != NULL)
		c->carrier->steps[step].send(c);
}

void step_fail(struct conversation *c, NET_API_STATUS status, const char *why)
{
	err_set(&c->err, status, conversation_doing(c), why);
}

const char *conversation_doing(const struct conversation *c)
{
	return c->step == STEP_CALL ? c->method->name : c->carrier->steps[c->step].doing;
}

bool conversation_is_idle(const struct conversation *c)
{
	return c->step == STEP_READY && c->err.status == NERR_Success &&
	       !conversation_is_spent(c) && c->carrier->is_at_rest(c);
}

bool conversation_has_tree(const struct conversation *c)
{
	return c->step >= STEP_OPEN_PIPE && c->open_taken > TAG_TREE_CONNECT && c->smb.tree_id != 0;
}

void conversation_explain_end(const struct conversation *c, struct err *err)
{
	err->step = conversation_doing(c);
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
		                    .interface = &conversation_srvsvc,
		                    .carrier = &smb2_carrier,
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

void conversation_init_local(struct conversation *c, const struct conversation_interface *interface)
{
	*c = (struct conversation){ .interface = interface, .carrier = &local_carrier };
	rpc_association_init(&c->rpc);
	step_enter(c, STEP_BIND);
}

const struct smb2_negotiate_response *conversation_negotiated(const struct conversation *c)
{
	return c->step > STEP_NEGOTIATE ? &c->negotiated : NULL;
}

void conversation_fini(struct conversation *c)
{
	smb2_connection_fini(&c->smb);
	free(c->plain.in);
	wire_writer_fini(&c->plain.out);
	rpc_association_fini(&c->rpc);
	session_enum_decoder_fini(&c->decoder);
	wire_writer_fini(&c->challenge);
	wire_writer_fini(&c->stub);
	wire_writer_fini(&c->fragment);
	wire_writer_fini(&c->answer);
	for (size_t i = 0; i < CONVERSATION_MAX_READS; i++)
		wire_writer_fini(&c->early[i]);
}

uint8_t *conversation_space(struct conversation *c, size_t *room)
{
	return c->carrier->space(c, room);
}

void conversation_received(struct conversation *c, size_t bytes)
{
	c->carrier->received(c, bytes);
}

struct wire_writer *conversation_out(struct conversation *c)
{
	return c->carrier->out(c);
}

enum conversation_event conversation_next(struct conversation *c)
{
	do {
		if (c->err.status != NERR_Success)
			return CONVERSATION_FAILED;
		if (c->challenged)
			return CONVERSATION_TOKEN;
		if (c->validation != VALIDATION_SENT && call_has_row(c))
			return CONVERSATION_ROWS;
		if (c->validation != VALIDATION_SENT && c->answered)
			return CONVERSATION_ANSWER;
	} while (c->carrier->take(c));
	return c->step == STEP_READY ? CONVERSATION_READY : CONVERSATION_READ;
}
