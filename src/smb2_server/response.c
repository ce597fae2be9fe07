/* SPDX-License-Identifier: MIT */
/* Responses: compounded as their requests are, and signed one by one or encrypted together.
 * [MS-SMB2] 3.3.4.1. */
#include "smb2_server/internal.h"

void compound_begin(struct smb2_server *c, struct smb2_server_session *encrypted_for)
{
	c->compound = (struct compound){ .is_open = true, .encrypted_for = encrypted_for };
	c->compound.begin = smb2_frame_begin(&c->out);
}

/* Signs the last response, whose end is known now. */
static void compound_sign_last(struct smb2_server *c)
{
	struct compound *compound = &c->compound;

	if (compound->count == 0 || compound->signer == NULL || compound->encrypted_for != NULL ||
	    c->out.failed)
		return;
	if (!smb2_sign(compound->signer->signing_key, c->out.data + compound->last_at,
	               c->out.len - compound->last_at))
		compound->failed = true;
}

/* 3.3.4.1.3: the responses to a compound can be longer than a message may be. */
static bool compound_fits_frame(struct smb2_server *c)
{
	size_t bytes = c->out.len - c->compound.begin;

	if (c->compound.encrypted_for != NULL)
		bytes += SMB2_TRANSFORM_HEADER_BYTES;
	if (!c->out.failed && bytes > SMB2_MAX_FRAME_BYTES)
		smb2_server_fail(c, "the responses to the compound exceed one message");
	return c->error == NULL;
}

void compound_add(struct smb2_server *c)
{
	struct compound *compound = &c->compound;

	if (compound->count > 0) { /* 3.3.4.1.3 */
		wire_put_padding(&c->out, compound->begin, 8);
		smb2_header_set_next(&c->out, compound->last_at,
		                     (uint32_t)(c->out.len - compound->last_at));
		compound_sign_last(c);
		(void)compound_fits_frame(c);
	}
	compound->count++;
	compound->last_at = c->out.len;
	compound->signer = NULL;
	wire_put_zeros(&c->out, SMB2_HEADER_BYTES);
}

void compound_put_header(struct smb2_server *c, const struct smb2_header *h,
                         struct smb2_server_session *signer)
{
	struct compound *compound = &c->compound;
	size_t end = c->out.len;

	compound->signer = signer != NULL && signer->signing_key != NULL ? signer : NULL;
	if (c->out.failed)
		return;
	c->out.len = compound->last_at;
	smb2_header_encode(&c->out, h);
	c->out.len = end;
}

void compound_drop(struct smb2_server *c)
{
	if (!c->out.failed)
		c->out.len = c->compound.begin - SMB2_FRAME_PREFIX_BYTES;
	c->compound.is_open = false;
}

void compound_end(struct smb2_server *c)
{
	struct compound *compound = &c->compound;

	compound->is_open = false;
	if (!compound_fits_frame(c)) {
		compound_drop(c);
		return;
	}
	compound_sign_last(c);
	if (!c->out.failed && compound->encrypted_for != NULL &&
	    !smb2_encrypt(compound->encrypted_for->encryption, compound->encrypted_for->id, &c->out,
	                  compound->begin))
		compound->failed = true;
	smb2_frame_end(&c->out, compound->begin);
	if (c->out.failed || compound->failed) { /* nothing is sent unprotected */
		wire_writer_clear(&c->out);
		smb2_server_fail(c, "a response could not be encoded, signed or encrypted");
	}
}

struct smb2_header response_header(struct smb2_server *c, const struct smb2_header *request,
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

	if (request->async_id != 0) { /* the interim response granted the credits, 3.3.4.1.2 */
		h.flags |= SMB2_FLAGS_ASYNC_COMMAND;
		h.async_id = request->async_id;
	} else {
		h.credits = credits_grant(&c->credits, request->credits);
	}
	return h;
}

void response_begin(struct smb2_server *c, struct smb2_server_session *s, bool is_encrypted)
{
	compound_begin(c, is_encrypted ? s : NULL);
	compound_add(c);
}

void response_end(struct smb2_server *c, const struct smb2_header *request, uint32_t status,
                  struct smb2_server_session *s)
{
	struct smb2_header h = response_header(c, request, status);

	compound_put_header(c, &h, s);
	compound_end(c);
}
