/* SPDX-License-Identifier: MIT */
/* Responses: compounded as their requests were, signed one by one or encrypted as a whole.
 * [MS-SMB2] 3.3.4.1. */
#include "smbserver/parts.h"

void chain_begin(struct smbserver *c, struct smbserver_session *sealed_for)
{
	c->chain = (struct chain){ .is_open = true, .sealed_for = sealed_for };
	c->chain.begin = smb2_frame_begin(&c->out);
}

/* Signs the last response, now that its end is known. */
static void sign_last(struct smbserver *c)
{
	struct chain *chain = &c->chain;

	if (chain->count == 0 || chain->signer == NULL || chain->sealed_for != NULL ||
	    c->out.failed)
		return;
	if (!smb2_sign(chain->signer->signing_key, c->out.data + chain->last_at,
	               c->out.len - chain->last_at))
		chain->failed = true;
}

/* 3.3.4.1.3: a client may compound requests whose responses together are longer than a message. */
static bool fits_frame(struct smbserver *c)
{
	size_t bytes = c->out.len - c->chain.begin;

	if (c->chain.sealed_for != NULL)
		bytes += SMB2_TRANSFORM_HEADER_BYTES;
	if (!c->out.failed && bytes > SMB2_MAX_FRAME_BYTES)
		connection_fail(c, "a compound whose responses are longer than a message");
	return c->error == NULL;
}

void chain_add(struct smbserver *c)
{
	struct chain *chain = &c->chain;

	if (chain->count > 0) { /* 3.3.4.1.3 */
		wire_put_padding(&c->out, chain->begin, 8);
		smb2_header_set_next(&c->out, chain->last_at,
		                     (uint32_t)(c->out.len - chain->last_at));
		sign_last(c);
		(void)fits_frame(c);
	}
	chain->count++;
	chain->last_at = c->out.len;
	chain->signer = NULL;
	wire_put_zeros(&c->out, SMB2_HEADER_BYTES);
}

void chain_head(struct smbserver *c, const struct smb2_header *h, struct smbserver_session *signer)
{
	struct chain *chain = &c->chain;
	size_t end = c->out.len;

	chain->signer = signer != NULL && signer->signing_key != NULL ? signer : NULL;
	if (c->out.failed)
		return;
	c->out.len = chain->last_at;
	smb2_header_encode(&c->out, h);
	c->out.len = end;
}

void chain_drop(struct smbserver *c)
{
	if (!c->out.failed)
		c->out.len = c->chain.begin - SMB2_FRAME_PREFIX_BYTES;
	c->chain.is_open = false;
}

void chain_end(struct smbserver *c)
{
	struct chain *chain = &c->chain;

	chain->is_open = false;
	if (!fits_frame(c)) {
		chain_drop(c);
		return;
	}
	sign_last(c);
	if (!c->out.failed && chain->sealed_for != NULL &&
	    !smb2_seal(chain->sealed_for->sealing, chain->sealed_for->id, &c->out, chain->begin))
		chain->failed = true;
	smb2_frame_end(&c->out, chain->begin);
	if (c->out.failed || chain->failed) { /* nothing leaves unprotected */
		wire_writer_clear(&c->out);
		connection_fail(c, "a response could not be made");
	}
}

struct smb2_header reply_header(struct smbserver *c, const struct smb2_header *request,
                                uint32_t status)
{
	struct smb2_header h = {
		.credit_charge = request->credit_charge,
		.status = status,
		.command = request->command,
		.flags = SMB2_FLAGS_SERVER_TO_REDIR,
		.message_id = request->message_id,
		.tree_id = request->tree_id,
		.session_id = request->session_id,
	};

	if (request->async_id != 0) { /* its credits came with the interim one, 3.3.4.1.2 */
		h.flags |= SMB2_FLAGS_ASYNC_COMMAND;
		h.async_id = request->async_id;
	} else {
		h.credits = credits_grant(&c->credits, request->credits);
	}
	return h;
}

void reply_begin(struct smbserver *c, struct smbserver_session *s, bool is_encrypted)
{
	chain_begin(c, is_encrypted ? s : NULL);
	chain_add(c);
}

void reply_end(struct smbserver *c, const struct smb2_header *request, uint32_t status,
               struct smbserver_session *s)
{
	struct smb2_header h = reply_header(c, request, status);

	chain_head(c, &h, s);
	chain_end(c);
}
