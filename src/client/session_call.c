/* SPDX-License-Identifier: MIT */
/* The methods: a request's fragments into the pipe, and its answer. */
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
	rpc_association_fragment(&c->rpc, &c->fragment, c->method->opnum, c->stub.data, c->stub.len,
	                         &c->stub_sent);
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

/* ---- NetrSessionEnum ---- */

static void feed_enum(struct conversation *c, const struct rpc_piece *piece)
{
	session_enum_decoder_feed(&c->decoder, piece->data, piece->bytes, piece->big_endian);
	if (c->decoder.err.status != NERR_Success)
		c->err = c->decoder.err; /* the rest of it does not matter */
}

static const struct conversation_method session_enum = { "NetrSessionEnum",
	                                                 SRVSVC_NETR_SESSION_ENUM, feed_enum };

/* ---- NetrSessionDel ---- */

/* A status and nothing more: what is longer than this is none. */
enum { DEL_ANSWER_MAX_BYTES = 64 };

static void feed_del(struct conversation *c, const struct rpc_piece *piece)
{
	if (c->del_answer.len + piece->bytes > DEL_ANSWER_MAX_BYTES) {
		step_fail(c, RPC_X_BAD_STUB_DATA, "the answer is too long");
		return;
	}
	wire_put_bytes(&c->del_answer, piece->data, piece->bytes);
	c->del_answer_is_big_endian = piece->big_endian;
}

static const struct conversation_method session_del = { "NetrSessionDel", SRVSVC_NETR_SESSION_DEL,
	                                                feed_del };

/* ---- both ---- */

static void begin(struct conversation *c, const struct conversation_method *method)
{
	assert(conversation_is_idle(c));
	c->method = method;
	c->stub_sent = 0;
	c->stub_to_come = 0;
	c->fragment_bytes = 0;
	c->answered = false;
	c->streams_rows = false;
	c->rows_given = 0;
	rpc_association_call(&c->rpc);
	if (c->stub.failed)
		step_fail(c, ERROR_NOT_ENOUGH_MEMORY, NULL);
	else
		step_enter(c, STEP_CALL);
}

static struct ndr_writer begin_stub(struct conversation *c)
{
	struct ndr_writer w;

	wire_writer_clear(&c->stub);
	ndr_writer_init(&w, &c->stub);
	return w;
}

void conversation_ask_enum(struct conversation *c, const struct session_enum_request *request,
                           bool streams_rows)
{
	struct ndr_writer w = begin_stub(c);

	session_enum_request_encode(&w, request);
	session_enum_decoder_fini(&c->decoder);
	session_enum_decoder_init(&c->decoder, session_level_find(request->level));
	begin(c, &session_enum);
	c->streams_rows = streams_rows;
}

void conversation_ask_del(struct conversation *c, const struct session_del_request *request)
{
	struct ndr_writer w = begin_stub(c);

	session_del_request_encode(&w, request);
	wire_writer_clear(&c->del_answer);
	begin(c, &session_del);
}

bool call_has_row(const struct conversation *c)
{
	return c->streams_rows && c->rows_given < session_enum_decoder_rows(&c->decoder);
}

bool conversation_next_row(struct conversation *c, struct netsession_row *row, char **scratch,
                           size_t *scratch_bytes)
{
	if (c->err.status != NERR_Success || !call_has_row(c))
		return false;
	if (!session_enum_decoder_row(&c->decoder, c->rows_given, row, scratch, scratch_bytes)) {
		step_fail(c, ERROR_NOT_ENOUGH_MEMORY, NULL);
		return false;
	}
	c->rows_given++;
	return true;
}

static void end(struct conversation *c)
{
	assert(c->answered);
	c->answered = false;
	c->streams_rows = false;
	c->step = STEP_READY;
}

NET_API_STATUS conversation_take_enum(struct conversation *c, struct session_enum_answer *answer,
                                      void **infos)
{
	NET_API_STATUS status = session_enum_decoder_finish(&c->decoder, answer, infos);

	end(c);
	if (status != NERR_Success)
		c->err = c->decoder.err;
	return status;
}

NET_API_STATUS conversation_take_del(struct conversation *c, NET_API_STATUS *answer)
{
	struct wire_reader r;

	wire_reader_init(&r, c->del_answer.data, c->del_answer.len);
	r.big_endian = c->del_answer_is_big_endian;
	*answer = session_del_answer_decode(&r);
	if (r.error != NULL || c->del_answer.failed)
		err_set(&c->err, RPC_X_BAD_STUB_DATA, c->method->name, r.error);
	end(c);
	return c->err.status;
}
