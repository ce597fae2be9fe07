/* SPDX-License-Identifier: MIT */
/* NetrSessionEnum: the request's fragments into the pipe, and its answer. */
#include "client/steps.h"

#include <assert.h>
#include "smb2/status.h"
#include "smb2/validate_negotiate.h"
#include "srvsvc/interface.h"

/* Beside the first call, so that it costs no round trip: no answer is handed on before this one
 * has come. */
static void send_validation(struct conversation *c)
{
	struct wire_writer *w = smb2_connection_request(&c->smb, SMB2_IOCTL, TAG_VALIDATE);

	smb2_validate_request_encode(w, &c->offered);
	smb2_connection_flush(&c->smb);
	c->validation = VALIDATION_SENT;
}

/* 3.2.5.14.12. A server that does not know the question (below SMB 3.0) says so, signed. */
static void take_validation(struct conversation *c, struct smb2_reply *reply)
{
	c->validation = VALIDATION_NONE;
	if (reply->status != STATUS_SUCCESS && reply->status != STATUS_ACCESS_DENIED)
		return;
	if (reply->status == STATUS_SUCCESS)
		smb2_validate_response_check(&reply->message, &c->negotiated);
	if (reply->status != STATUS_SUCCESS || reply->message.error != NULL)
		err_set(&c->err, ERROR_DOWNGRADE_DETECTED, "VALIDATE_NEGOTIATE_INFO",
		        reply->message.error);
}

void call_send(struct conversation *c)
{
	struct wire_writer *w;

	if (c->validation == VALIDATION_DUE && smb2_connection_room(&c->smb) > 0) {
		send_validation(c);
		if (smb2_connection_room(&c->smb) == 0)
			return; /* the call follows when that is answered */
	}
	wire_writer_clear(&c->fragment);
	rpc_association_fragment(&c->rpc, &c->fragment, SRVSVC_NETR_SESSION_ENUM, c->stub.data,
	                         c->stub.len, &c->stub_sent);
	if (smb2_connection_room(&c->smb) == 0) {
		step_fail(c, ERROR_BAD_NET_RESP, "the server grants no credit");
	} else if (c->stub_sent < c->stub.len) {
		w = smb2_connection_request(&c->smb, SMB2_WRITE, TAG_CALL);
		smb2_write_request_encode(w, &c->pipe, c->fragment.data, c->fragment.len);
		smb2_connection_flush(&c->smb);
	} else {
		w = smb2_connection_request(&c->smb, SMB2_IOCTL, TAG_CALL);
		smb2_transceive_request_encode(w, &c->pipe, c->fragment.data, c->fragment.len,
		                               c->smb.max_transact_bytes);
		smb2_connection_flush(&c->smb);
	}
}

void call_receive(struct conversation *c, struct smb2_reply *reply)
{
	uint32_t written;

	if (reply->tag == TAG_VALIDATE) {
		take_validation(c, reply);
		if (c->err.status == NERR_Success && c->stub_sent == 0)
			call_send(c);
	} else if (reply->command == SMB2_READ) {
		pipe_take_read(c, reply);
	} else if (!pipe_carries_data(reply->status)) {
		step_refuse(c, conversation_doing(c), reply->status);
	} else if (reply->command == SMB2_IOCTL) {
		pipe_take_transceive(c, reply);
	} else {
		smb2_write_response_decode(&reply->message, &written);
		if (step_decoded(c, reply) && written != c->fragment.len)
			step_fail(c, ERROR_BAD_NET_RESP, "the pipe took a part of a fragment");
		if (c->err.status == NERR_Success)
			call_send(c);
	}
}

void conversation_ask(struct conversation *c, const struct session_enum_request *request)
{
	struct ndr_writer w;

	assert(c->step == STEP_READY && !conversation_is_spent(c));
	wire_writer_clear(&c->stub);
	ndr_writer_init(&w, &c->stub);
	session_enum_request_encode(&w, request);
	session_enum_decoder_fini(&c->decoder);
	session_enum_decoder_init(&c->decoder, session_level_find(request->level));
	c->stub_sent = 0;
	c->stub_to_come = 0;
	c->fragment_bytes = 0;
	c->answered = false;
	rpc_association_call(&c->rpc);
	if (c->stub.failed)
		step_fail(c, ERROR_NOT_ENOUGH_MEMORY, NULL);
	else
		step_enter(c, STEP_CALL);
}

NET_API_STATUS conversation_take_answer(struct conversation *c, struct session_enum_answer *answer,
                                        void **infos)
{
	NET_API_STATUS status = session_enum_decoder_finish(&c->decoder, answer, infos);

	assert(c->answered);
	if (status != NERR_Success)
		c->err = c->decoder.err;
	c->answered = false;
	c->step = STEP_READY;
	return status;
}
