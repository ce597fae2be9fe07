/* SPDX-License-Identifier: MIT */
/* What comes out of the pipe: the first bytes with the answer to an IOCTL, the rest by READs of
 * which several are in flight. */
#include "client/steps.h"

#include "smb2/status.h"
#include "srvsvc/interface.h"

bool pipe_carries_data(uint32_t nt)
{
	return nt == STATUS_SUCCESS || nt == STATUS_BUFFER_OVERFLOW;
}

static void send_read(struct conversation *c)
{
	uint32_t tag = TAG_READ | (c->reads_sent++ & 0xFFFF);
	struct wire_writer *w = smb2_connection_request(&c->smb, SMB2_READ, tag);

	smb2_read_request_encode(w, &c->pipe, c->smb.max_read_bytes);
	smb2_connection_flush(&c->smb);
}

/* READs that the rest of the answer needs, one a fragment: as many as the server's alloc_hint
 * tells of, else one after another. One too many would wait for the next call's answer. */
static void send_reads(struct conversation *c)
{
	uint32_t in_flight = c->reads_sent - c->reads_taken, wanted = 1;

	if (c->stub_to_come > 0 && c->fragment_bytes > 0)
		wanted = (c->stub_to_come - 1) / c->fragment_bytes + 1;
	if (wanted > CONVERSATION_MAX_READS)
		wanted = CONVERSATION_MAX_READS;
	while (in_flight < wanted && smb2_connection_room(&c->smb) > 0) {
		send_read(c);
		in_flight++;
	}
	if (in_flight == 0)
		step_fail(c, ERROR_BAD_NET_RESP, "the server grants no credit");
}

static void take_piece(struct conversation *c, const struct rpc_piece *piece)
{
	c->method->feed(c, piece);
	c->stub_to_come = piece->to_come;
	if (piece->bytes > c->fragment_bytes)
		c->fragment_bytes = (uint32_t)piece->bytes;
	c->answered = piece->last && c->err.status == NERR_Success;
}

/* Nothing may be on its way any more: its answer would be taken for one of the call's. */
static void enter_ready(struct conversation *c)
{
	if (smb2_connection_outstanding(&c->smb) > 0)
		step_fail(c, ERROR_BAD_NET_RESP, "an answer before the one that it depends on");
	else
		step_enter(c, STEP_READY);
}

/* Bytes of the pipe, in their order. */
static void feed(struct conversation *c, const uint8_t *data, size_t bytes)
{
	struct rpc_piece piece;

	if (c->err.status != NERR_Success || bytes == 0)
		return;
	rpc_association_feed(&c->rpc, data, bytes);
	while (c->err.status == NERR_Success)
		switch (rpc_association_next(&c->rpc, &piece)) {
		case RPC_WANT_BYTES:
			return;
		case RPC_BOUND:
			enter_ready(c);
			break;
		case RPC_STUB:
			take_piece(c, &piece);
			break;
		case RPC_FAILED:
			c->err = c->rpc.err;
			break;
		}
}

static bool wants_more(const struct conversation *c)
{
	return c->err.status == NERR_Success &&
	       (c->rpc.step == RPC_BINDING || c->rpc.step == RPC_CALLING);
}

static void take_pipe_data(struct conversation *c, const uint8_t *data, size_t bytes)
{
	feed(c, data, bytes);
	if (wants_more(c))
		send_reads(c);
}

/* READs may be answered in another order than they were sent: the pipe's bytes are in the order
 * of the requests. */
void pipe_take_read(struct conversation *c, struct smb2_reply *reply)
{
	uint32_t sequence = reply->tag & 0xFFFF, turn = c->reads_taken & 0xFFFF;
	struct wire_writer *slot = &c->early[sequence % CONVERSATION_MAX_READS];
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
		c->is_early[sequence % CONVERSATION_MAX_READS] = true;
		if (slot->failed)
			step_fail(c, ERROR_NOT_ENOUGH_MEMORY, NULL);
		return;
	}
	feed(c, data.data, data.bytes);
	for (turn = ++c->reads_taken; c->is_early[turn % CONVERSATION_MAX_READS];
	     turn = ++c->reads_taken) {
		slot = &c->early[turn % CONVERSATION_MAX_READS];
		c->is_early[turn % CONVERSATION_MAX_READS] = false;
		feed(c, slot->data, slot->len);
	}
	if (wants_more(c))
		send_reads(c);
}

void pipe_take_transceive(struct conversation *c, struct smb2_reply *reply)
{
	struct smb2_data output;

	smb2_transceive_response_decode(&reply->message, &output);
	if (step_decoded(c, reply))
		take_pipe_data(c, output.data, output.bytes);
}

bool conversation_is_spent(const struct conversation *c)
{
	return c->reads_sent != c->reads_taken;
}
