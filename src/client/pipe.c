/* SPDX-License-Identifier: MIT */
/* An SMB2 pipe. A request goes in by WRITEs and one IOCTL; the first bytes of what comes out are
 * with the answer to that, the rest by READs of which several are in flight. */
#include "client/steps.h"

#include "smb2/status.h"
#include "smb2/ioctl.h"
#include "srvsvc/interface.h"

bool pipe_carries_data(uint32_t nt)
{
	return nt == STATUS_SUCCESS || nt == STATUS_BUFFER_OVERFLOW;
}

static void send_read(struct client_state *c)
{
	uint32_t tag = TAG_READ | (c->reads_sent++ & 0xFFFF);
	struct wire_writer *w = smb2_connection_request(&c->smb, SMB2_READ, tag);

	smb2_read_request_encode(w, &c->pipe, c->smb.max_read_bytes);
	smb2_connection_flush(&c->smb);
}

/* READs that the rest of the answer needs, one a fragment: as many as the server's alloc_hint
 * tells of, else one after another. One too many would wait for the next call's answer. */
static void send_reads(struct client_state *c)
{
	uint32_t in_flight = c->reads_sent - c->reads_taken, wanted = 1;

	if (c->stub_to_come > 0 && c->fragment_bytes > 0)
		wanted = (c->stub_to_come - 1) / c->fragment_bytes + 1;
	if (wanted > CLIENT_MAX_READS)
		wanted = CLIENT_MAX_READS;
	while (in_flight < wanted && smb2_connection_room(&c->smb) > 0) {
		send_read(c);
		in_flight++;
	}
	if (in_flight == 0)
		step_fail(c, ERROR_BAD_NET_RESP, "the server grants no credit");
}

static void take_pipe_data(struct client_state *c, const uint8_t *data, size_t bytes)
{
	association_feed(c, data, bytes);
	if (association_wants_more(c))
		send_reads(c);
}

/* READs may be answered in another order than they were sent: the pipe's bytes are in the order
 * of the requests. */
void pipe_take_read(struct client_state *c, struct smb2_reply *reply)
{
	uint32_t sequence = reply->tag & 0xFFFF, turn = c->reads_taken & 0xFFFF;
	struct wire_writer *slot = &c->early[sequence % CLIENT_MAX_READS];
	struct smb2_data data;

	if (!pipe_carries_data(reply->status)) {
		step_refuse(c, "READ " SRVSVC_PIPE_NAME, reply->status);
		return;
	}
	smb2_read_response_decode(&reply->message, &data);
	if (!step_decoded(c, reply))
		return;
	if (sequence != turn) {
		wire_writer_clear(slot);
		wire_put_bytes(slot, data.data, data.bytes);
		c->is_early[sequence % CLIENT_MAX_READS] = true;
		if (slot->failed)
			step_fail(c, ERROR_NOT_ENOUGH_MEMORY, NULL);
		return;
	}
	association_feed(c, data.data, data.bytes);
	for (turn = ++c->reads_taken; c->is_early[turn % CLIENT_MAX_READS];
	     turn = ++c->reads_taken) {
		slot = &c->early[turn % CLIENT_MAX_READS];
		c->is_early[turn % CLIENT_MAX_READS] = false;
		association_feed(c, slot->data, slot->len);
	}
	if (association_wants_more(c))
		send_reads(c);
}

void pipe_take_transceive(struct client_state *c, struct smb2_reply *reply)
{
	struct smb2_data output;

	smb2_transceive_response_decode(&reply->message, &output);
	if (step_decoded(c, reply))
		take_pipe_data(c, output.data, output.bytes);
}

/* ---- a call ---- */

/* Beside the first call, so that it costs no round trip: no answer is handed on before this one
 * has come. */
static void send_validation(struct client_state *c)
{
	struct wire_writer *w = smb2_connection_request(&c->smb, SMB2_IOCTL, TAG_VALIDATE);

	smb2_validate_request_encode(w, &c->offered);
	smb2_connection_flush(&c->smb);
	c->validation = VALIDATION_SENT;
}

/* 3.2.5.14.12. A server that does not know the question (below SMB 3.0) says so, signed. */
static void take_validation(struct client_state *c, struct smb2_reply *reply)
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

void pipe_call_send(struct client_state *c)
{
	struct wire_writer *w;

	if (c->validation == VALIDATION_DUE && smb2_connection_room(&c->smb) > 0) {
		send_validation(c);
		if (smb2_connection_room(&c->smb) == 0)
			return; /* the call follows when that is answered */
	}
	association_fragment(c);
	if (smb2_connection_room(&c->smb) == 0) {
		step_fail(c, ERROR_BAD_NET_RESP, "the server grants no credit");
	} else if (association_has_fragment(c)) {
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

void pipe_call_receive(struct client_state *c, struct smb2_reply *reply)
{
	uint32_t written;

	if (reply->tag == TAG_VALIDATE) {
		take_validation(c, reply);
		if (c->err.status == NERR_Success && c->stub_sent == 0)
			pipe_call_send(c);
	} else if (reply->command == SMB2_READ) {
		pipe_take_read(c, reply);
	} else if (!pipe_carries_data(reply->status)) {
		step_refuse(c, client_state_step(c), reply->status);
	} else if (reply->command == SMB2_IOCTL) {
		pipe_take_transceive(c, reply);
	} else {
		smb2_write_response_decode(&reply->message, &written);
		if (step_decoded(c, reply) && written != c->fragment.len)
			step_fail(c, ERROR_BAD_NET_RESP, "the pipe took a part of a fragment");
		if (c->err.status == NERR_Success)
			pipe_call_send(c);
	}
}

bool client_state_is_spent(const struct client_state *c)
{
	return c->reads_sent != c->reads_taken;
}
