/* SPDX-License-Identifier: MIT */
/* Requests about sessions and trees: SESSION_SETUP, LOGOFF, ECHO, TREE_CONNECT and TREE_DISCONNECT,
 * 3.3.5.5 to 3.3.5.8, 3.3.5.17. */
#include "smb2_server/internal.h"

#include <assert.h>
#include <string.h>
#include "base/text.h"
#include "smb2/header.h"
#include "smb2/session.h"
#include "smb2/tree.h"

static bool session_encryption_required(const struct smb2_server *c)
{
	return c->settings->encryption == SMB2_SERVER_ENCRYPTION_REQUIRED;
}

/* The session that a SESSION_SETUP creates or goes on with. NULL: see *status. */
static struct smb2_server_session *
session_setup_find(struct smb2_server *c, const struct request *r,
                   const struct smb2_session_setup_request *setup, uint32_t *status)
{
	struct smb2_server_session *s;

	if ((setup->flags & SMB2_SESSION_FLAG_BINDING) !=
	    0) { /* no multichannel: a session has one connection */
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

	/* The response is sent when the host has authenticated the token, and only then there are
	 * keys for further requests of the message. */
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
			smb2_session_end(c, s);
			return STATUS_INSUFFICIENT_RESOURCES;
		}
	}
	s->setup = r->header;
	s->setup.session_id = s->id;
	s->setup_is_encrypted = r->is_encrypted;
	s->previous_id = setup.previous_session_id;
	s->is_authenticating = true;
	(void)smb2_server_ask(c, (struct smb2_server_event){ .type = SMB2_SERVER_AUTHENTICATE,
	                                                     .session = s,
	                                                     .data = setup.token.data,
	                                                     .bytes = setup.token.bytes });
	return NO_RESPONSE;
}

/* Derives the keys of a new session. False: out of memory, or OpenSSL forbids an algorithm. */
static bool session_make_keys(const struct smb2_server *c, struct smb2_server_session *s,
                              const struct smb2_session_key *key)
{
	s->signing_key = smb2_signing_key_new(c->dialect, c->agreed.signing_algorithm, key,
	                                      s->preauth);
	if (smb2_server_can_encrypt(c))
		s->encryption = smb2_encryption_new(SMB2_SERVER, c->dialect, c->agreed.cipher, key,
		                                    s->preauth);
	return s->signing_key != NULL && (!smb2_server_can_encrypt(c) || s->encryption != NULL);
}

/* Accepts a log-on that has succeeded. Returns STATUS_SUCCESS, or why the session does not allow
 * it. */
static uint32_t session_accept_identity(struct smb2_server *c, struct smb2_server_session *s,
                                        const struct smb2_server_authentication *authentication)
{
	bool is_null = !identity_is_authenticated(authentication->identity);

	/* Reauthentication keeps the keys (3.3.5.5.2) and the security context (3.3.5.5.3), so it
	 * must be by the same account. */
	if (s->state != SESSION_IN_PROGRESS &&
	    !identity_is_same(s->identity, authentication->identity))
		return STATUS_ACCESS_DENIED;
	if (s->state == SESSION_IN_PROGRESS) {
		/* A null session has no key to encrypt with. */
		if (is_null && session_encryption_required(c))
			return STATUS_ACCESS_DENIED;
		if (!is_null && !session_make_keys(c, s, &authentication->key))
			return STATUS_INSUFFICIENT_RESOURCES;
	}
	s->is_null = is_null;
	s->must_encrypt = session_encryption_required(c);
	s->is_encrypted = s->is_encrypted || s->must_encrypt;
	identity_release(s->identity);
	s->identity = identity_hold(authentication->identity);
	return STATUS_SUCCESS;
}

static uint16_t session_setup_flags(const struct smb2_server_session *s)
{
	if (s->state == SESSION_IN_PROGRESS)
		return 0;
	return (uint16_t)((s->is_null ? SMB2_SESSION_FLAG_IS_NULL : 0) |
	                  (s->must_encrypt ? SMB2_SESSION_FLAG_ENCRYPT_DATA : 0));
}

static void session_setup_respond(struct smb2_server *c, struct smb2_server_session *s,
                                  uint32_t status,
                                  const struct smb2_server_authentication *authentication)
{
	response_begin(c, s, s->setup_is_encrypted);
	smb2_session_setup_response_encode(&c->out, session_setup_flags(s), authentication->token,
	                                   authentication->token_bytes);
	response_end(c, &s->setup, status, s);
	/* 3.3.5.5.3: the final response, which is signed, is not part of the hash. */
	if (s->state == SESSION_IN_PROGRESS && c->error == NULL &&
	    !crypto_sha512_chain(s->preauth, c->out.data + c->compound.last_at,
	                         c->out.len - c->compound.last_at))
		smb2_server_fail(c, "OpenSSL did not compute SHA-512");
}

static void session_setup_refuse(struct smb2_server *c, struct smb2_server_session *s,
                                 uint32_t status)
{
	bool is_renewed = s->state != SESSION_IN_PROGRESS;

	response_begin(c, s, s->setup_is_encrypted);
	smb2_error_response_encode(&c->out);
	response_end(c, &s->setup, status, s);
	/* 3.3.5.5.3: a failed reauthentication ends the session. */
	if (!is_renewed || status != STATUS_INSUFFICIENT_RESOURCES)
		smb2_session_end(c, s);
}

uint32_t smb2_server_authenticated(struct smb2_server *c, struct smb2_server_session *s,
                                   const struct smb2_server_authentication *authentication)
{
	uint32_t status = authentication->nt;
	bool is_new = s->state == SESSION_IN_PROGRESS;

	assert(s->is_authenticating && s->state != SESSION_ENDED && !c->compound.is_open);
	s->is_authenticating = false;
	if (status == STATUS_SUCCESS)
		status = session_accept_identity(c, s, authentication);
	if (status != STATUS_SUCCESS && status != STATUS_MORE_PROCESSING_REQUIRED) {
		session_setup_refuse(c, s, status);
		return status;
	}
	if (status == STATUS_SUCCESS)
		s->state = SESSION_VALID;
	session_setup_respond(c, s, status, authentication);
	if (status != STATUS_SUCCESS)
		return status;
	s->was_established = is_new;
	s->was_changed = !is_new;
	/* Two null sessions do not belong to the same user. */
	s->names_previous = is_new && !s->is_null && s->previous_id != 0 && s->previous_id != s->id;
	return status;
}

uint32_t request_handle_logoff(struct smb2_server *c, struct request *r)
{
	smb2_empty_body_decode(&r->message);
	if (r->message.error != NULL)
		return STATUS_INVALID_PARAMETER;
	smb2_empty_body_encode(&c->out);
	smb2_session_end(c, r->session); /* its key signs the response nevertheless */
	return STATUS_SUCCESS;
}

uint32_t request_handle_echo(struct smb2_server *c, struct request *r)
{
	/* 3.3.5.17 closes the connection where there is no session. Samba answers, and smbtorture's
	 * two_logoff expects that. A connection without a session times out anyway. */
	smb2_empty_body_decode(&r->message);
	if (r->message.error != NULL)
		return STATUS_INVALID_PARAMETER;
	smb2_empty_body_encode(&c->out);
	return STATUS_SUCCESS;
}

/* ---- trees. There is one share. ---- */

#define SHARE "IPC$"

/* The share in \\server\share. NULL: the path has another form. */
static const char *tree_path_share(const char *path)
{
	const char *share;

	if (strncmp(path, "\\\\", 2) != 0)
		return NULL;
	share = strchr(path + 2, '\\');
	return share != NULL && share > path + 2 && strchr(share + 1, '\\') == NULL ? share + 1
	                                                                            : NULL;
}

uint32_t request_handle_tree_connect(struct smb2_server *c, struct request *r)
{
	const struct smb2_tree_connect_response response = {
		.share_type = SMB2_SHARE_TYPE_PIPE,
		.maximal_access = MAXIMAL_ACCESS,
	};
	struct smb2_tree_connect_request asked;
	const char *share;
	struct tree *t;

	smb2_tree_connect_request_decode(&r->message, &asked);
	share = r->message.error == NULL ? tree_path_share(asked.path) : NULL;
	if (share == NULL)
		return STATUS_INVALID_PARAMETER;
	if (!text_equal_nocase(share, SHARE))
		return STATUS_BAD_NETWORK_NAME;
	t = smb2_session_add_tree(r->session);
	if (t == NULL)
		return STATUS_INSUFFICIENT_RESOURCES;
	r->header.tree_id = t->id;
	smb2_tree_connect_response_encode(&c->out, &response);
	return STATUS_SUCCESS;
}

uint32_t request_handle_tree_disconnect(struct smb2_server *c, struct request *r)
{
	smb2_empty_body_decode(&r->message);
	if (r->message.error != NULL)
		return STATUS_INVALID_PARAMETER;
	smb2_session_remove_tree(c, r->session, r->tree);
	smb2_empty_body_encode(&c->out);
	return STATUS_SUCCESS;
}
