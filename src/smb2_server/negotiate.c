/* SPDX-License-Identifier: MIT */
/* NEGOTIATE: 3.3.5.4, and 3.3.5.3 for clients that begin with an SMB1 NEGOTIATE. */
#include "smb2_server/internal.h"

#include <string.h>
#include "smb2/negotiate_choice.h"
#include "smb2/smb1_negotiate.h"

/* The fields that are the same in every response. */
static void negotiate_fill_response(struct smb2_server *c, struct smb2_negotiate_response *n)
{
	n->security_mode = SMB2_NEGOTIATE_SIGNING_ENABLED | SMB2_NEGOTIATE_SIGNING_REQUIRED;
	memcpy(n->server_guid, c->settings->guid, sizeof n->server_guid);
	n->max_transact_bytes = SMB2_MAX_PAYLOAD_BYTES;
	n->max_read_bytes = SMB2_MAX_PAYLOAD_BYTES;
	n->max_write_bytes = SMB2_MAX_PAYLOAD_BYTES;
	n->system_time = c->now;
	n->token = (struct smb2_data){ c->settings->hint, c->settings->hint_bytes };
}

uint32_t request_handle_negotiate(struct smb2_server *c, struct request *r)
{
	struct smb2_negotiate_response *n = &c->agreed;
	uint32_t status;

	if (!r->is_first || !r->is_last)
		return STATUS_INVALID_PARAMETER;
	if (c->dialect != 0 && c->dialect != SMB2_DIALECT_WILDCARD) {
		smb2_server_fail(c, "the client sent a second NEGOTIATE");
		return NO_RESPONSE;
	}
	if ((r->header.flags & SMB2_FLAGS_SIGNED) != 0) /* 3.3.5.2.4 */
		return STATUS_INVALID_PARAMETER;
	smb2_negotiate_request_decode(&r->message, &c->offered);
	if (r->message.error != NULL)
		return STATUS_INVALID_PARAMETER;
	*n = (struct smb2_negotiate_response){ 0 };
	status = smb2_negotiate_choose(&c->offered, c->settings->least_dialect,
	                               c->settings->encryption != SMB2_SERVER_ENCRYPTION_OFF, n);
	if (status != STATUS_SUCCESS)
		return status;
	if (!crypto_random(n->salt, sizeof n->salt))
		return STATUS_INSUFFICIENT_RESOURCES;
	negotiate_fill_response(c, n);
	c->dialect = n->dialect;
	if (!crypto_sha512_chain(c->preauth, r->bytes, r->length))
		return STATUS_INSUFFICIENT_RESOURCES;
	smb2_negotiate_response_encode(&c->out, c->compound.last_at, n);
	return STATUS_SUCCESS;
}

void negotiate_hash_response(struct smb2_server *c, const struct request *r)
{
	if (r != NULL && r->header.command == SMB2_NEGOTIATE && r->status == STATUS_SUCCESS &&
	    !crypto_sha512_chain(c->preauth, c->out.data + c->compound.last_at,
	                         c->out.len - c->compound.last_at))
		smb2_server_fail(c, "OpenSSL did not compute SHA-512");
}

void negotiate_from_smb1(struct smb2_server *c, const uint8_t *message, size_t bytes)
{
	const struct smb2_header asked = { .command = SMB2_NEGOTIATE, .credits = 1 };
	struct smb2_negotiate_response *n = &c->agreed;
	struct smb1_negotiate_offer offer;
	struct wire_reader r;

	wire_reader_init(&r, message, bytes);
	smb1_negotiate_decode(&r, &offer);
	if (c->dialect != 0 || r.error != NULL || (!offer.has_smb_2002 && !offer.has_smb_2xxx) ||
	    !credits_take(&c->credits, 0, 1)) {
		smb2_server_fail(c, r.error != NULL ? r.error : "the client offers SMB1 only");
		return;
	}
	if (!offer.has_smb_2xxx && c->settings->least_dialect > SMB2_DIALECT_202) {
		smb2_server_fail(c, "the client offers no dialect that this server accepts");
		return;
	}
	*n = (struct smb2_negotiate_response){ 0 };
	negotiate_fill_response(c, n);
	n->dialect = offer.has_smb_2xxx ? SMB2_DIALECT_WILDCARD : SMB2_DIALECT_202;
	c->dialect = n->dialect;
	c->offered = (struct smb2_negotiate_offer){ .dialects = 1 };
	response_begin(c, NULL, false);
	smb2_negotiate_response_encode(&c->out, c->compound.last_at, n);
	response_end(c, &asked, STATUS_SUCCESS, NULL);
}
