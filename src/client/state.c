/* SPDX-License-Identifier: MIT */
#include "client/state.h"

#include <stdlib.h>
#include "client/steps.h"
#include "srvsvc/interface.h"

const struct client_interface conversation_srvsvc = {
	{ .uuid = SRVSVC_INTERFACE_UUID, .version = SRVSVC_INTERFACE_VERSION },
	SRVSVC_PIPE_NAME,
};

const struct client_interface conversation_local = {
	{ .uuid = LOCAL_INTERFACE_UUID, .version = LOCAL_INTERFACE_VERSION },
	LOCAL_INTERFACE_NAME,
};

void step_enter(struct client_state *c, unsigned step)
{
	c->step = step;
	if (c->carrier->steps[step].send != NULL)
		c->carrier->steps[step].send(c);
}

void step_fail(struct client_state *c, NET_API_STATUS status, const char *why)
{
	err_set(&c->err, status, client_state_step(c), why);
}

const char *client_state_step(const struct client_state *c)
{
	return c->step == STEP_CALL ? c->method->name : c->carrier->steps[c->step].doing;
}

bool client_state_is_idle(const struct client_state *c)
{
	return c->step == STEP_READY && c->err.status == NERR_Success &&
	       !client_state_is_spent(c) && c->carrier->is_at_rest(c);
}

bool client_state_has_tree(const struct client_state *c)
{
	return c->step >= STEP_OPEN_PIPE && c->open_taken > TAG_TREE_CONNECT && c->smb.tree_id != 0;
}

void client_state_explain_end(const struct client_state *c, struct err *err)
{
	err->step = client_state_step(c);
	if (c->validation != VALIDATION_SENT || err->status != ERROR_NETNAME_DELETED)
		return;
	/* 3.3.5.15.12: so does a server whom another NEGOTIATE reached than was sent. */
	*err = (struct err){ 0 };
	err_set(err, ERROR_DOWNGRADE_DETECTED, "VALIDATE_NEGOTIATE_INFO",
	        "the server hung up: it got another NEGOTIATE than was sent");
}

bool client_state_received_nothing(const struct client_state *c)
{
	return c->step == STEP_NEGOTIATE && smb2_frames_is_untouched(&c->smb.in);
}

static void client_state_begin(struct client_state *c, const char *host, uint16_t only_dialect)
{
	*c = (struct client_state){ .host = host,
		                    .interface = &conversation_srvsvc,
		                    .carrier = &smb2_carrier,
		                    .step = STEP_NEGOTIATE,
		                    .offered = { .only_dialect = only_dialect } };
	smb2_connection_init(&c->smb);
	rpc_association_init(&c->rpc);
}

void client_state_init(struct client_state *c, const char *host, enum client_opening opening)
{
	client_state_begin(c, host, 0);
	if (opening == CLIENT_PROBE_SMB1)
		smb2_connection_probe_smb1(&c->smb);
	else
		step_enter(c, STEP_NEGOTIATE);
}

void client_state_init_dialect(struct client_state *c, const char *host, uint16_t dialect)
{
	client_state_begin(c, host, dialect);
	step_enter(c, STEP_NEGOTIATE);
}

void client_state_init_local(struct client_state *c, const struct client_interface *interface)
{
	*c = (struct client_state){ .interface = interface, .carrier = &local_carrier };
	rpc_association_init(&c->rpc);
	step_enter(c, STEP_BIND);
}

const struct smb2_negotiate_response *client_state_negotiated(const struct client_state *c)
{
	return c->step > STEP_NEGOTIATE ? &c->negotiated : NULL;
}

void client_state_fini(struct client_state *c)
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
	for (size_t i = 0; i < CLIENT_MAX_READS; i++)
		wire_writer_fini(&c->early[i]);
}

uint8_t *client_state_space(struct client_state *c, size_t *room)
{
	return c->carrier->space(c, room);
}

void client_state_received(struct client_state *c, size_t bytes)
{
	c->carrier->received(c, bytes);
}

struct wire_writer *client_state_out(struct client_state *c)
{
	return c->carrier->out(c);
}

enum client_event client_state_next(struct client_state *c)
{
	do {
		if (c->err.status != NERR_Success)
			return CLIENT_EVENT_FAILED;
		if (c->challenged)
			return CLIENT_EVENT_TOKEN;
		if (c->validation != VALIDATION_SENT && call_has_row(c))
			return CLIENT_EVENT_ROWS;
		if (c->validation != VALIDATION_SENT && c->answered)
			return CLIENT_EVENT_ANSWER;
	} while (c->carrier->take(c));
	return c->step == STEP_READY ? CLIENT_EVENT_READY : CLIENT_EVENT_READ;
}
