/* SPDX-License-Identifier: MIT */
/* A message's requests, one after another: 3.3.5.2. */
#include "smb2_server/internal.h"

#include "smb2/header.h"
#include "smb2/file.h"

/* What a request has to name. */
enum needs {
	NOTHING,
	SESSION_IF_ANY, /* 3.3.5.17: it may name none */
	SESSION,
	TREE,    /* and its session */
	FILE_ID, /* and its tree; CREATE makes it */
};

/* What a command needs, and who deals with it; nobody: no pipe has that. */
static const struct command {
	enum needs needs;
	uint32_t (*handle)(struct smb2_server *c, struct request *r);
	/* Where nobody deals with it: its StructureSize, and what an open pipe is told. */
	uint16_t structure_bytes;
	uint32_t otherwise;
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

/* An NTSTATUS whose response has an error's body: 3.3.4.4. */
static bool status_has_error_body(uint32_t status)
{
	return status >> 30 == 3 && status != STATUS_MORE_PROCESSING_REQUIRED;
}

/* 3.3.5.2.4. Returns why a request may not be believed, or STATUS_SUCCESS. */
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

/* 3.3.5.2.7.2: what a related request takes over from the one before it. */
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

/* 3.3.5.2.9 */
static uint32_t request_check_session(struct smb2_server *c, const struct request *r)
{
	if (r->session == NULL)
		return request_is_related(r) && r->header.session_id == 0
		               ? STATUS_INVALID_PARAMETER
		               : STATUS_USER_SESSION_DELETED;
	if (r->session->state != SESSION_VALID && r->header.command != SMB2_LOGOFF)
		return STATUS_ACCESS_DENIED;
	if (r->session->must_encrypt && !r->is_encrypted)
		return STATUS_ACCESS_DENIED;
	c->host->session_used(c->context, r->session); /* 3.3.5.2.8 */
	return STATUS_SUCCESS;
}

/* 3.3.5.2.11 */
static uint32_t request_find_tree(struct request *r)
{
	struct tree *t = r->session->trees;

	while (t != NULL && t->id != r->header.tree_id)
		t = t->next;
	r->tree = t;
	if (t != NULL)
		return STATUS_SUCCESS;
	return request_is_related(r) && r->header.tree_id == 0 ? STATUS_INVALID_PARAMETER
	                                                       : STATUS_NETWORK_NAME_DELETED;
}

/* 3.3.5.14, 3.3.5.18, 3.3.5.19, 3.3.5.22.1: a pipe that is not there goes first. */
static uint32_t request_refuse_command(struct request *r, const struct command *command)
{
	uint32_t status = command->otherwise;
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
		status = request_check_session(c, r);
	if (status == STATUS_SUCCESS && command->needs >= TREE)
		status = request_find_tree(r);
	if (status != STATUS_SUCCESS)
		return status;
	return command->handle != NULL ? command->handle(c, r) : request_refuse_command(r, command);
}

/* Answers a request within the chain. */
static void request_answer(struct smb2_server *c, struct request *r)
{
	struct smb2_header h;
	size_t body_at;

	compound_add(c);
	body_at = c->out.len;
	r->status = request_run_command(c, r);
	if (r->status == ANSWERED_LATER) /* it stands alone: nothing is lost */
		return;
	if ((status_has_error_body(r->status) || r->status == STATUS_PENDING) && !c->out.failed) {
		c->out.len = body_at;
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

/* Cuts the next request out of a message. False: the connection has failed. */
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
		smb2_server_fail(c, "a compounded request outside its message");
	else if (h->command >= SMB2_COMMAND_COUNT)
		smb2_server_fail(c, "a command that there is none of");
	else if ((h->flags & SMB2_FLAGS_SERVER_TO_REDIR) != 0)
		smb2_server_fail(c, "a response where a request should be");
	else if (h->command != SMB2_NEGOTIATE &&
	         (c->dialect == 0 || c->dialect == SMB2_DIALECT_WILDCARD)) /* 3.3.5.2.2 */
		smb2_server_fail(c, "a request before NEGOTIATE");
	if (h->command != SMB2_CANCEL)
		h->async_id = 0; /* the server makes them, 3.3.4.2 */
	wire_reader_init(&r->message, message, r->length);
	return c->error == NULL;
}

/* 3.3.5.2.3 */
static bool request_take_credits(struct smb2_server *c, const struct smb2_header *h)
{
	unsigned charge = c->dialect >= SMB2_DIALECT_210 && h->credit_charge > 0 ? h->credit_charge
	                                                                         : 1;

	if (!credits_take(&c->credits, h->message_id, charge))
		smb2_server_fail(c, "a message id that was not granted");
	return c->error == NULL;
}

/* 3.3.5.2.1.1: what is encrypted by a session's key is that session's. */
static bool request_fits_transform(struct smb2_server *c, const struct request *r,
                                   const struct smb2_server_session *sealed_for)
{
	if (sealed_for != NULL && (r->is_first || !request_is_related(r)) &&
	    (r->header.session_id != sealed_for->id || request_is_related(r)))
		smb2_server_fail(c, "a request in the encrypted message of another session");
	return c->error == NULL;
}

/* Requests wait for a pipe's data: is there some now? */
static void pending_serve_all(struct smb2_server *c)
{
	if (c->pending_count == 0)
		return;
	for (struct smb2_server_session *s = c->sessions; s != NULL; s = s->next)
		for (struct pipe *p = s->pipes; p != NULL; p = p->next)
			if (p->pending != NULL)
				pending_serve_pipe(s, p);
}

void smb2_server_pipes_changed(struct smb2_server *c)
{
	if (c->error == NULL)
		pending_serve_all(c);
}

void message_dispatch_requests(struct smb2_server *c, uint8_t *message, size_t bytes,
                               struct smb2_server_session *sealed_for)
{
	struct request requests[2] = { 0 }, *before = NULL;
	bool more = true;

	compound_begin(c, sealed_for);
	while (more) {
		struct request *r = &requests[before == &requests[0]];

		*r = (struct request){ .is_encrypted = sealed_for != NULL,
			               .is_first = before == NULL,
			               .before = before };
		if (!message_next_request(c, r, message, bytes) ||
		    !request_fits_transform(c, r, sealed_for))
			break;
		if (r->header.command == SMB2_CANCEL) {
			pending_cancel(c, r);
		} else {
			if (!request_take_credits(c, &r->header))
				break;
			request_answer(c, r);
			if (c->error != NULL || r->status == ANSWERED_LATER)
				break;
			before = r;
		}
		more = !r->is_last;
		message += r->length;
		bytes -= r->length;
	}
	if (more || c->compound.count == 0) {
		compound_drop(c);
	} else {
		compound_end(c);
		negotiate_hash_response(c, before);
	}
	pending_respond_ended(c);
	if (c->error == NULL)
		pending_serve_all(c);
}
