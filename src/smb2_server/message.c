/* SPDX-License-Identifier: MIT */
/* A message's requests, one after another: 3.3.5.2. */
#include "smb2_server/internal.h"

#include <stdlib.h>
#include "smb2/header.h"
#include "smb2/file.h"

/* What a request has to name for its command. */
enum needs {
	NOTHING,
	SESSION_IF_ANY, /* 3.3.5.17: ECHO may be sent without a session */
	SESSION,
	TREE,    /* and the session of the tree */
	FILE_ID, /* and the tree of the file; CREATE returns the id */
};

/* What each command needs, and its handler. NULL: pipes do not support the command. */
static const struct command {
	enum needs needs;
	uint32_t (*handle)(struct smb2_server *c, struct request *r);
	/* Of a command without a handler: its StructureSize, and the status for an open pipe. */
	uint16_t structure_bytes;
	uint32_t status;
} commands[SMB2_COMMAND_COUNT] = {
	[SMB2_NEGOTIATE] = { NOTHING, request_handle_negotiate, 0, 0 },
	[SMB2_SESSION_SETUP] = { NOTHING, request_handle_session_setup, 0, 0 },
	[SMB2_LOGOFF] = { SESSION, request_handle_logoff, 0, 0 },
	[SMB2_TREE_CONNECT] = { SESSION, request_handle_tree_connect, 0, 0 },
	[SMB2_TREE_DISCONNECT] = { TREE, request_handle_tree_disconnect, 0, 0 },
	[SMB2_CREATE] = { FILE_ID, request_handle_create, 0, 0 },
	[SMB2_CLOSE] = { FILE_ID, request_handle_close, 0, 0 },
	[SMB2_FLUSH] = { FILE_ID, request_handle_flush, 0, 0 },
	[SMB2_READ] = { FILE_ID, request_handle_read, 0, 0 },
	[SMB2_WRITE] = { FILE_ID, request_handle_write, 0, 0 },
	[SMB2_LOCK] = { FILE_ID, NULL, 48, STATUS_INVALID_DEVICE_REQUEST },
	[SMB2_IOCTL] = { FILE_ID, request_handle_ioctl, 0, 0 },
	[SMB2_ECHO] = { SESSION_IF_ANY, request_handle_echo, 0, 0 },
	[SMB2_QUERY_DIRECTORY] = { FILE_ID, NULL, 33, STATUS_INVALID_PARAMETER },
	[SMB2_CHANGE_NOTIFY] = { FILE_ID, NULL, 32, STATUS_INVALID_PARAMETER },
	[SMB2_QUERY_INFO] = { FILE_ID, request_handle_query_info, 0, 0 },
	[SMB2_SET_INFO] = { FILE_ID, request_handle_set_info, 0, 0 },
	[SMB2_OPLOCK_BREAK] = { FILE_ID, NULL, 24, STATUS_INVALID_DEVICE_STATE },
};

static bool request_is_related(const struct request *r)
{
	return (r->header.flags & SMB2_FLAGS_RELATED_OPERATIONS) != 0;
}

/* Whether a response with this NTSTATUS has the body of an error: 3.3.4.4. */
static bool status_has_error_body(uint32_t status)
{
	return status >> 30 == 3 && status != STATUS_MORE_PROCESSING_REQUIRED;
}

/* 3.3.5.2.4. Returns STATUS_SUCCESS, or why the request must not be executed. */
static uint32_t request_check_signature(const struct request *r)
{
	const struct smb2_server_session *s = r->session;
	bool is_signed = (r->header.flags & SMB2_FLAGS_SIGNED) != 0;

	if (r->is_encrypted || r->header.command == SMB2_NEGOTIATE)
		return STATUS_SUCCESS;
	if (s == NULL)
		return is_signed ? STATUS_USER_SESSION_DELETED : STATUS_SUCCESS;
	if (s->signing_key == NULL)
		return is_signed ? STATUS_NOT_SUPPORTED : STATUS_SUCCESS;
	return smb2_signature_holds(s->signing_key, r->bytes, r->length) ? STATUS_SUCCESS
	                                                                 : STATUS_ACCESS_DENIED;
}

/* 3.3.5.2.7.2: a related request belongs to the session and the tree of the request before it. */
static uint32_t request_inherit_ids(struct request *r)
{
	const struct request *before = r->before;

	r->is_lost = before == NULL || before->is_lost;
	if (r->is_lost)
		return STATUS_INVALID_PARAMETER;
	r->header.session_id = before->header.session_id;
	r->header.tree_id = before->header.tree_id;
	return STATUS_SUCCESS;
}

/* 3.3.5.2.9: LOGOFF, CLOSE and LOCK. ECHO beside them, as Windows and Samba do; smbtorture's
 * expire2 expects that. CANCEL is never answered, and TREE_DISCONNECT is refused. */
static bool command_serves_expired(uint16_t command)
{
	return command == SMB2_LOGOFF || command == SMB2_CLOSE || command == SMB2_LOCK ||
	       command == SMB2_ECHO;
}

/* 3.3.5.2.9 */
static uint32_t request_check_session(const struct request *r)
{
	if (r->session == NULL)
		return request_is_related(r) && r->header.session_id == 0
		               ? STATUS_INVALID_PARAMETER
		               : STATUS_USER_SESSION_DELETED;
	if (r->session->state == SESSION_IN_PROGRESS && r->header.command != SMB2_LOGOFF)
		return STATUS_ACCESS_DENIED;
	if (r->session->state == SESSION_EXPIRED && !command_serves_expired(r->header.command))
		return STATUS_NETWORK_SESSION_EXPIRED;
	if (r->session->must_encrypt && !r->is_encrypted)
		return STATUS_ACCESS_DENIED;
	r->session->is_encrypted = r->is_encrypted;
	r->session->was_used = true; /* 3.3.5.2.8 */
	return STATUS_SUCCESS;
}

/* 3.3.5.2.11 */
static uint32_t request_find_tree(struct request *r)
{
	r->tree = smb2_session_find_tree(r->session, r->header.tree_id);
	if (r->tree != NULL)
		return STATUS_SUCCESS;
	return request_is_related(r) && r->header.tree_id == 0 ? STATUS_INVALID_PARAMETER
	                                                       : STATUS_NETWORK_NAME_DELETED;
}

/* 3.3.5.14, 3.3.5.18, 3.3.5.19, 3.3.5.22.1: that the pipe does not exist is reported first. */
static uint32_t request_refuse_command(struct request *r, const struct command *command)
{
	uint32_t status = command->status;
	struct smb2_file_id id;

	smb2_file_request_decode(&r->message, command->structure_bytes, &id);
	if (r->message.error != NULL)
		return STATUS_INVALID_PARAMETER;
	(void)request_find_pipe(r, id, &status);
	return status;
}

static uint32_t request_run_command(struct smb2_server *c, struct request *r)
{
	const struct command *command = &commands[r->header.command];
	bool needs_session = command->needs >= SESSION;
	uint32_t status = request_is_related(r) ? request_inherit_ids(r) : STATUS_SUCCESS;

	if (command->needs == SESSION_IF_ANY)
		needs_session = r->header.session_id != 0;

	r->is_of_file = command->needs == FILE_ID;
	r->session = smb2_session_find(c, r->header.session_id);
	if (status == STATUS_SUCCESS)
		status = request_check_signature(r);
	if (status == STATUS_SUCCESS && needs_session)
		status = request_check_session(r);
	if (status == STATUS_SUCCESS && command->needs >= TREE)
		status = request_find_tree(r);
	if (status != STATUS_SUCCESS)
		return status;
	return command->handle != NULL ? command->handle(c, r) : request_refuse_command(r, command);
}

/* Completes the response to a request: its header, and the body of an error where it is one. */
static void request_respond(struct smb2_server *c, struct request *r)
{
	struct smb2_header h;

	if ((status_has_error_body(r->status) || r->status == STATUS_PENDING) && !c->out.failed) {
		c->out.len = c->message->response_at;
		if (r->wants_error_context)
			smb2_error_context_response_encode(&c->out);
		else
			smb2_error_response_encode(&c->out);
	}
	h = response_header(c, &r->header, r->status);
	if (r->status == STATUS_PENDING) { /* 3.3.4.2: with credits, unsigned */
		h.flags |= SMB2_FLAGS_ASYNC_COMMAND;
		h.async_id = c->last_async_id;
	}
	if (r->before != NULL && request_is_related(r))
		h.flags |= SMB2_FLAGS_RELATED_OPERATIONS;
	compound_put_header(c, &h, r->status != STATUS_PENDING ? r->session : NULL);
}

/* Decodes the header of the next request of a message. False: the connection has to end. */
static bool message_next_request(struct smb2_server *c, struct request *r, const uint8_t *message,
                                 size_t bytes)
{
	struct smb2_header *h = &r->header;

	wire_reader_init(&r->message, message, bytes);
	smb2_header_decode(&r->message, &r->header);
	if (r->message.error != NULL) { /* 3.3.5.2.6 */
		smb2_server_fail(c, r->message.error);
		return false;
	}
	r->bytes = message;
	r->length = h->next_command != 0 ? h->next_command : bytes;
	r->is_last = h->next_command == 0;
	if (h->next_command % 8 != 0 || r->length < SMB2_HEADER_BYTES || r->length > bytes)
		smb2_server_fail(c, "a compounded request exceeds its message");
	else if (h->command >= SMB2_COMMAND_COUNT)
		smb2_server_fail(c, "the SMB2 command does not exist");
	else if ((h->flags & SMB2_FLAGS_SERVER_TO_REDIR) != 0)
		smb2_server_fail(c, "the message is a response");
	else if (h->command != SMB2_NEGOTIATE &&
	         (c->dialect == 0 || c->dialect == SMB2_DIALECT_WILDCARD)) /* 3.3.5.2.2 */
		smb2_server_fail(c, "the request precedes NEGOTIATE");
	if (h->command != SMB2_CANCEL)
		h->async_id = 0; /* only the server assigns them, 3.3.4.2 */
	wire_reader_init(&r->message, message, r->length);
	return c->error == NULL;
}

/* 3.3.5.2.3 */
static bool request_take_credits(struct smb2_server *c, const struct smb2_header *h)
{
	unsigned charge = c->dialect >= SMB2_DIALECT_210 && h->credit_charge > 0 ? h->credit_charge
	                                                                         : 1;

	if (!credits_take(&c->credits, h->message_id, charge))
		smb2_server_fail(c, "the message id was not granted, or was used before");
	return c->error == NULL;
}

/* 3.3.5.2.1.1: a message encrypted with the key of a session contains that session's requests. */
static bool request_fits_transform(struct smb2_server *c, const struct request *r,
                                   const struct smb2_server_session *encrypted_for)
{
	if (encrypted_for != NULL && (r->is_first || !request_is_related(r)) &&
	    (r->header.session_id != encrypted_for->id || request_is_related(r)))
		smb2_server_fail(c, "the encrypted message contains a request of another session");
	return c->error == NULL;
}

/* 3.3.5.16: a CANCEL is not answered, whatever is wrong with it. */
static void request_cancel(struct smb2_server *c, const struct request *r)
{
	struct smb2_server_session *s = smb2_session_find(c, r->header.session_id);

	if (s != NULL && s->state != SESSION_IN_PROGRESS && (!s->must_encrypt || r->is_encrypted) &&
	    (s->signing_key == NULL || r->is_encrypted ||
	     smb2_signature_holds(s->signing_key, r->bytes, r->length)))
		pending_cancel(c, s, &r->header);
}

/* ---- the message ---- */

void message_begin(struct smb2_server *c, uint8_t *message, size_t bytes,
                   struct smb2_server_session *encrypted_for)
{
	struct message *m = calloc(1, sizeof *m);

	if (m == NULL) {
		smb2_server_fail(c, "out of memory");
		return;
	}
	m->at = message;
	m->left = bytes;
	m->encrypted_for = encrypted_for;
	c->message = m;
	compound_begin(c, encrypted_for);
}

/* Ends the message and its requests, and sends the responses if all of them were answered. */
static void message_end(struct smb2_server *c, bool is_answered)
{
	if (is_answered && c->compound.count > 0) {
		compound_end(c);
		negotiate_hash_response(c, c->message->before);
	} else {
		compound_drop(c);
	}
	free(c->message);
	c->message = NULL;
}

/* Goes on to the request behind r. */
static void message_go_on(struct smb2_server *c, const struct request *r)
{
	c->message->at += r->length;
	c->message->left -= r->length;
	if (r->is_last)
		message_end(c, true);
}

/* Goes on after a handler of r has returned status. */
static void message_request_handled(struct smb2_server *c, struct request *r, uint32_t status)
{
	r->status = status;
	c->message->waiting = status == WAITS_FOR_HOST ? r : NULL;
	if (status == WAITS_FOR_HOST)
		return;
	if (status != NO_RESPONSE)
		request_respond(c, r);
	/* A request without a response is the only one of its message: no response is lost. */
	if (c->error != NULL || status == NO_RESPONSE) {
		message_end(c, false);
		return;
	}
	c->message->before = r;
	message_go_on(c, r);
}

static void message_begin_request(struct smb2_server *c)
{
	struct message *m = c->message;
	struct request *r = &m->requests[m->before == &m->requests[0]];

	*r = (struct request){ .is_encrypted = m->encrypted_for != NULL,
		               .is_first = m->before == NULL,
		               .before = m->before };
	if (!message_next_request(c, r, m->at, m->left) ||
	    !request_fits_transform(c, r, m->encrypted_for)) {
		message_end(c, false);
	} else if (r->header.command == SMB2_CANCEL) {
		request_cancel(c, r);
		message_go_on(c, r);
	} else if (!request_take_credits(c, &r->header)) {
		message_end(c, false);
	} else {
		compound_add(c);
		if (c->error != NULL) {
			message_end(c, false);
			return;
		}
		m->response_at = c->out.len;
		message_request_handled(c, r, request_run_command(c, r));
	}
}

void message_advance(struct smb2_server *c)
{
	struct request *r = c->message->waiting;

	if (r == NULL)
		message_begin_request(c);
	else
		message_request_handled(c, r, r->resume(c, r));
}
