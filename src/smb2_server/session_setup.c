/* SPDX-License-Identifier: MIT */
/* SESSION_SETUP and LOGOFF: 3.3.5.5, 3.3.5.6. */
#include "smb2_server/internal.h"

#include "smb2/header.h"
#include "smb2/session.h"

static bool session_encryption_required(const struct smb2_server *c)
{
	return c->settings->encryption == SMB2_SERVER_ENCRYPTION_REQUIRED;
}

/* The session that a request is about. NULL: *status says why there is none. */
static struct smb2_server_session *
session_setup_find(struct smb2_server *c, const struct request *r,
                   const struct smb2_session_setup_request *setup, uint32_t *status)
{
	struct smb2_server_session *s;

	if ((setup->flags & SMB2_SESSION_FLAG_BINDING) != 0) { /* one connection a session */
		*status = STATUS_REQUEST_NOT_ACCEPTED;
		return NULL;
	}
	s = r->header.session_id == 0 ? smb2_session_new(c)
	                              : smb2_session_find(c, r->header.session_id);
	if (s == NULL)
		*status = r->header.session_id == 0 ? STATUS_INSUFFICIENT_RESOURCES
		                                    : STATUS_USER_SESSION_DELETED;
	else if (s->is_authenticating) {
		*status = STATUS_REQUEST_NOT_ACCEPTED;
		return NULL;
	}
	return s;
}

uint32_t request_handle_session_setup(struct smb2_server *c, struct request *r)
{
	struct smb2_session_setup_request setup;
	struct smb2_server_session *s;
	uint32_t status;

	/* Its answer waits for a judgement, and takes keys that what follows would need. */
	if (!r->is_first || !r->is_last)
		return STATUS_INVALID_PARAMETER;
	if (session_encryption_required(c) && !smb2_server_can_encrypt(c))
		return STATUS_ACCESS_DENIED;
	smb2_session_setup_request_decode(&r->message, &setup);
	if (r->message.error != NULL)
		return STATUS_INVALID_PARAMETER;
	s = session_setup_find(c, r, &setup, &status);
	if (s == NULL)
		return status;
	if (s->state == SESSION_IN_PROGRESS) {
		if (r->header.session_id == 0)
			for (size_t i = 0; i < sizeof s->preauth; i++)
				s->preauth[i] = c->preauth[i];
		if (!crypto_sha512_chain(s->preauth, r->bytes, r->length)) {
			smb2_session_end(s);
			return STATUS_INSUFFICIENT_RESOURCES;
		}
	}
	s->setup = r->header;
	s->setup.session_id = s->id;
	s->setup_is_encrypted = r->is_encrypted;
	s->previous_id = setup.previous_session_id;
	s->is_authenticating = true;
	if (c->host->authenticate(c->context, s, setup.token.data, setup.token.bytes))
		return ANSWERED_LATER;
	s->is_authenticating = false;
	if (s->state == SESSION_IN_PROGRESS)
		smb2_session_end(s);
	return STATUS_INSUFFICIENT_RESOURCES;
}

/* Keys, of a session that gets its first ones. */
static bool session_make_keys(struct smb2_server_session *s, const struct smb2_session_key *key)
{
	const struct smb2_server *c = s->connection;

	s->signing_key = smb2_signing_key_new(c->dialect, c->agreed.signing_algorithm, key,
	                                      s->preauth);
	if (smb2_server_can_encrypt(c))
		s->sealing = smb2_encryption_new(SMB2_SERVER, c->dialect, c->agreed.cipher, key,
		                                 s->preauth);
	return s->signing_key != NULL && (!smb2_server_can_encrypt(c) || s->sealing != NULL);
}

/* Gives what becomes of a log-on that the host is content with. */
static uint32_t session_accept_identity(struct smb2_server_session *s,
                                        const struct smb2_server_authentication *log_on)
{
	struct smb2_server *c = s->connection;
	bool is_null = !identity_is_authenticated(log_on->who);

	/* 3.3.5.5.2 keeps the keys, and 3.3.5.5.3 the security context: so it is the same
	 * account's. */
	if (s->state == SESSION_VALID && !identity_is_same(s->who, log_on->who))
		return STATUS_ACCESS_DENIED;
	if (s->state == SESSION_IN_PROGRESS) {
		/* A null session has no key to encrypt by. */
		if (is_null && session_encryption_required(c))
			return STATUS_ACCESS_DENIED;
		if (!is_null && !session_make_keys(s, &log_on->key))
			return STATUS_INSUFFICIENT_RESOURCES;
	}
	s->is_null = is_null;
	s->must_encrypt = session_encryption_required(c);
	identity_release(s->who);
	s->who = identity_hold(log_on->who);
	return STATUS_SUCCESS;
}

static uint16_t session_setup_flags(const struct smb2_server_session *s)
{
	if (s->state != SESSION_VALID)
		return 0;
	return (uint16_t)((s->is_null ? SMB2_SESSION_FLAG_IS_NULL : 0) |
	                  (s->must_encrypt ? SMB2_SESSION_FLAG_ENCRYPT_DATA : 0));
}

static void session_setup_respond(struct smb2_server_session *s, uint32_t status,
                                  const struct smb2_server_authentication *log_on)
{
	struct smb2_server *c = s->connection;

	response_begin(c, s, s->setup_is_encrypted);
	smb2_session_setup_response_encode(&c->out, session_setup_flags(s), log_on->token,
	                                   log_on->token_bytes);
	response_end(c, &s->setup, status, s);
	/* 3.3.5.5.3: the last answer, which the key signs, is not part of what it is made of. */
	if (s->state == SESSION_IN_PROGRESS && c->error == NULL &&
	    !crypto_sha512_chain(s->preauth, c->out.data + c->compound.last_at,
	                         c->out.len - c->compound.last_at))
		smb2_server_fail(c, "SHA-512 is not to be had from OpenSSL");
}

static void session_setup_reject(struct smb2_server_session *s, uint32_t status)
{
	struct smb2_server *c = s->connection;

	response_begin(c, s, s->setup_is_encrypted);
	smb2_error_response_encode(&c->out);
	response_end(c, &s->setup, status, s);
	smb2_session_end(s); /* 3.3.5.5.3: a session that could not be renewed, too */
	pending_respond_ended(c);
	smb2_session_free_ended(c);
}

uint32_t smb2_server_authenticated(struct smb2_server *c, struct smb2_server_session *s,
                                   const struct smb2_server_authentication *log_on)
{
	uint32_t status = log_on->nt;
	bool is_new = s->state == SESSION_IN_PROGRESS;

	s->is_authenticating = false;
	if (status == STATUS_SUCCESS)
		status = session_accept_identity(s, log_on);
	if (status != STATUS_SUCCESS && status != STATUS_MORE_PROCESSING_REQUIRED) {
		session_setup_reject(s, status);
		return status;
	}
	if (status == STATUS_SUCCESS)
		s->state = SESSION_VALID;
	session_setup_respond(s, status, log_on);
	if (status != STATUS_SUCCESS)
		return status;
	if (is_new)
		c->host->session_came(c->context, s);
	else
		c->host->session_changed(c->context, s);
	/* Nobody is not the same user as nobody. */
	if (is_new && !s->is_null && s->previous_id != 0 && s->previous_id != s->id)
		c->host->close_previous(c->context, s, s->previous_id);
	return status;
}

uint32_t request_handle_logoff(struct smb2_server *c, struct request *r)
{
	smb2_empty_body_decode(&r->message);
	if (r->message.error != NULL)
		return STATUS_INVALID_PARAMETER;
	smb2_empty_body_encode(&c->out);
	smb2_session_end(r->session); /* signs the answer all the same */
	return STATUS_SUCCESS;
}

uint32_t request_handle_echo(struct smb2_server *c, struct request *r)
{
	/* 3.3.5.17 would rather hang up where there is no session. smbtorture's two_logoff, and
	 * Samba, have it answered; how long a connection may last without one is bounded anyway. */
	smb2_empty_body_decode(&r->message);
	if (r->message.error != NULL)
		return STATUS_INVALID_PARAMETER;
	smb2_empty_body_encode(&c->out);
	return STATUS_SUCCESS;
}
