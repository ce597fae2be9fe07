/* SPDX-License-Identifier: MIT */
/* NEGOTIATE and SESSION_SETUP: which dialect, and as whom. */
#include "client/steps.h"

#include "smb2/session.h"
#include "smb2/status.h"

void negotiate_send(struct client_state *c)
{
	struct smb2_negotiate_request *offered = &c->offered;
	struct wire_writer *w;

	if (!crypto_random(offered->client_guid, sizeof offered->client_guid) ||
	    !crypto_random(offered->salt, sizeof offered->salt)) {
		step_fail(c, ERROR_NOT_ENOUGH_MEMORY, "no random numbers from OpenSSL");
		return;
	}
	w = smb2_connection_request(&c->smb, SMB2_NEGOTIATE, TAG_LOG_ON);
	smb2_negotiate_request_encode(w, smb2_connection_header_at(&c->smb), offered);
	smb2_connection_flush(&c->smb);
}

void negotiate_receive(struct client_state *c, struct smb2_reply *reply)
{
	if (reply->status != STATUS_SUCCESS) {
		step_refuse(c, client_state_step(c), reply->status);
		return;
	}
	smb2_negotiate_response_decode(&reply->message, &c->negotiated);
	if (!step_decoded(c, reply))
		return;
	smb2_connection_negotiated(&c->smb, &c->negotiated);
	/* 3.2.5.5: at 3.1.1 the preauthentication hash shows it already. */
	if (c->negotiated.dialect != SMB2_DIALECT_311)
		c->validation = VALIDATION_DUE;
	step_enter(c, STEP_LOG_ON);
}

void session_setup_send(struct client_state *c)
{
	struct wire_writer *w;

	if (c->token == NULL)
		return; /* it is being made */
	if (smb2_connection_room(&c->smb) == 0) {
		step_fail(c, ERROR_BAD_NET_RESP, "the server grants no credit");
		return;
	}
	w = smb2_connection_request(&c->smb, SMB2_SESSION_SETUP, TAG_LOG_ON);
	smb2_session_setup_request_encode(w, c->token, c->token_bytes);
	smb2_connection_flush(&c->smb);
	c->token = NULL;
}

/* Only who asks as nobody may get a session that is not signed. 3.3.5.5.3: the server says that
 * it is one; Samba 4.17 does not say so, but does not sign its answer either. */
static bool is_null_session(const struct client_state *c, const struct smb2_reply *reply,
                            const struct smb2_session_setup_response *response)
{
	return c->is_anonymous && ((response->session_flags & SMB2_SESSION_FLAG_IS_NULL) != 0 ||
	                           (reply->header.flags & SMB2_FLAGS_SIGNED) == 0);
}

void session_setup_receive(struct client_state *c, struct smb2_reply *reply)
{
	struct smb2_session_setup_response response;

	if (reply->status != STATUS_SUCCESS && reply->status != STATUS_MORE_PROCESSING_REQUIRED) {
		step_refuse(c, client_state_step(c), reply->status);
		return;
	}
	smb2_session_setup_response_decode(&reply->message, &response);
	if (!step_decoded(c, reply))
		return;
	if (response.session_flags & SMB2_SESSION_FLAG_ENCRYPT_DATA)
		c->must_encrypt = true;
	c->is_null = is_null_session(c, reply, &response);
	if ((response.session_flags & SMB2_SESSION_FLAG_IS_GUEST) != 0 ||
	    ((response.session_flags & SMB2_SESSION_FLAG_IS_NULL) != 0 && !c->is_null))
		step_fail(c, ERROR_LOGON_FAILURE, "the server made a guest of the user");
	c->smb.session_id = reply->header.session_id;
	c->authenticated = reply->status == STATUS_SUCCESS;
	wire_writer_clear(&c->challenge);
	wire_put_bytes(&c->challenge, response.token, response.token_bytes);
	c->challenged = true;
}

/* 3.2.5.3.1: a null session is not signed. Nothing can prove that nobody changed NEGOTIATE then,
 * and nothing is at stake that who asks as nobody could lose. */
static void begin_null_session(struct client_state *c)
{
	if (c->must_encrypt) {
		step_fail(c, ERROR_NOT_SUPPORTED, "a null session has no key to encrypt with");
		return;
	}
	smb2_connection_anonymous(&c->smb);
	c->validation = VALIDATION_NONE;
	step_enter(c, STEP_OPEN_PIPE);
}

void client_state_take_token(struct client_state *c, const uint8_t *token, size_t bytes,
                             const struct smb2_session_key *key)
{
	c->challenged = false;
	if (c->authenticated && key == NULL) {
		step_fail(c, ERROR_LOGON_FAILURE,
		          "the server ended the log-on before it proved itself");
	} else if (c->authenticated && c->is_null) {
		begin_null_session(c);
	} else if (c->authenticated) {
		if (!smb2_connection_authenticated(&c->smb, key))
			step_fail(c, c->smb.err.status, c->smb.err.text);
		else if (c->must_encrypt && !smb2_connection_encrypt(&c->smb))
			step_fail(c, ERROR_NOT_SUPPORTED, "the server offers no encryption");
		else
			step_enter(c, STEP_OPEN_PIPE);
	} else if (bytes == 0) {
		step_fail(c, ERROR_LOGON_FAILURE,
		          "the server wants more of a log-on that is complete");
	} else {
		c->token = token;
		c->token_bytes = bytes;
		if (c->step == STEP_LOG_ON)
			step_enter(c, STEP_LOG_ON);
	}
}
