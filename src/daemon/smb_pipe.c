/* SPDX-License-Identifier: MIT */
#include "daemon/smb_pipe.h"

#include <stdlib.h>
#include "base/text.h"
#include "daemon/account_usage.h"
#include "rpc/server.h"
#include "daemon/smb_log_on.h"
#include "daemon/smb_rpc_authentication.h"
#include "rpc/call.h"
#include "smb2/status.h"
#include "srvsvc/interface.h"

/* What the pipes of one connection may hold while all together hold too much. */
#define MAX_HELD_OF_ONE ((size_t)1 << 20)

struct smb_pipe {
	LIST_ENTRY(smb_pipe) link;
	struct smb_pipes *of;
	struct smb2_server_pipe *handle;
	struct smb2_server_session *session;
	struct identity *identity;   /* held: of the session, or of the log-on by RPC */
	struct account_usage *usage; /* held: of identity */
	struct srvsvc_caller caller;
	struct rpc_server *rpc;
	size_t held_bytes; /* as srvsvc_count_held has counted them */
	bool is_broken;    /* the last write failed */
	size_t message_left;
	struct smb_rpc_authentication *authentication;
	bool has_log_on;          /* by RPC: */
	struct smb_log_on log_on; /* how long that is good */
	bool is_revoked;          /* a reload has ended it */
};

static const struct rpc_interface *const interfaces[] = { &srvsvc_interface };

static const struct rpc_endpoint endpoint = {
	.interfaces = interfaces,
	.interface_count = 1,
	.secondary_address = "\\PIPE\\" SRVSVC_PIPE_NAME,
	.max_request_bytes = 65536,
};

static bool smb_pipe_has_turn(struct smb_pipe *p)
{
	struct smb_pipes *pipes = p->of;

	if (!net_connection_turn_is_over(pipes->net))
		return p->caller.enumeration != NULL || pipes->is_refreshed ||
		       !srvsvc_may_list_sessions(pipes->all->service, p->identity) ||
		       refresh_ready_or_wait(pipes->all->refresh, &pipes->wait);
	pipes->wants_turn = true;
	return false;
}

/* Whether the user of a log-on by RPC may still call. */
static bool smb_pipe_may_call(const struct smb_pipe *p)
{
	const struct srvsvc_server *service = p->of->all->service;

	return !p->has_log_on ||
	       (!p->is_revoked &&
	        service->now_ms(service->context) < smb_log_on_end_ms(p->of->all, &p->log_on));
}

/* A client whose log-on by RPC has ended gets a fault, and has to open another pipe: a log-on
 * belongs to its association for good. */
static void smb_pipe_refuse_call(struct smb_pipe *p)
{
	struct srvsvc_server *service = p->of->all->service;
	const struct srvsvc_event event = {
		.operation = "call",
		.identity = p->identity,
		.address = p->caller.address,
		.endpoint = p->caller.endpoint,
		.level = -1,
		.status = ERROR_ACCESS_DENIED,
		.detail = p->is_revoked ? "the new configuration does not accept the log-on by RPC"
		                        : "the Kerberos ticket of the log-on by RPC has ended",
	};

	service->report(service->context, &event);
	srvsvc_caller_abandon(&p->caller);
	rpc_server_finish_call(p->rpc, RPC_FAULT_ACCESS_DENIED);
}

/* Runs a call, or a part of it. */
static void smb_pipe_run_call(struct smb_pipe *p, struct rpc_server_event *event)
{
	if (smb_pipe_may_call(p))
		(void)rpc_server_run_call(p->rpc, event, &p->caller);
	else
		smb_pipe_refuse_call(p);
}

/* Makes the calls that wait in the pipe, while the turn lasts and the sessions are refreshed.
 * Further calls are left over. */
static void smb_pipe_run_events(struct smb_pipe *p)
{
	struct rpc_server_event event;
	enum rpc_server_event_kind kind;

	while ((kind = rpc_server_next(p->rpc, &event)) == RPC_SERVER_CALL && smb_pipe_has_turn(p))
		smb_pipe_run_call(p, &event);
	if (kind == RPC_SERVER_TOKEN)
		smb_rpc_authentication_start(p->authentication, event.token, event.token_bytes);
}

/* Goes on with what was put into the pipe, and reports its new state. */
static void smb_pipe_go_on(struct smb_pipe *p)
{
	struct smb2_server_pipe_state state;
	size_t held_bytes;

	smb_pipe_run_events(p);
	state = (struct smb2_server_pipe_state){
		.readable_bytes = rpc_server_pending(p->rpc),
		.message_left = p->message_left,
		.has_ended = rpc_server_is_over(p->rpc),
		.is_broken = p->is_broken,
	};
	held_bytes = rpc_server_held_bytes(p->rpc);
	p->of->held_bytes += held_bytes - p->held_bytes;
	srvsvc_count_held(p->of->all->service, p->caller.account, &p->held_bytes, held_bytes);
	smb2_server_pipe_update(p->handle, &state);
}

static void smb_pipe_set_identity(struct smb_pipe *p, struct identity *identity)
{
	struct account_usage *usage = account_usage_hold(identity);
	struct identity *before = p->identity;

	p->identity = identity_hold(identity);
	p->caller.identity = identity;
	identity_release(before);
	if (usage == NULL) /* out of memory: the account before goes on paying */
		return;
	srvsvc_caller_abandon(&p->caller); /* it begins anew */
	srvsvc_count_held(p->of->all->service, p->caller.account, &p->held_bytes, 0);
	account_usage_release(p->usage);
	p->usage = usage;
	p->caller.account = &usage->memory;
	srvsvc_count_held(p->of->all->service, p->caller.account, &p->held_bytes,
	                  rpc_server_held_bytes(p->rpc));
}

/* After a successful log-on by RPC, the calls of the pipe are made as that user. */
static void smb_pipe_on_authenticated(void *context, struct auth_acceptor *acceptor,
                                      const struct smb2_server_authentication *result)
{
	struct smb_pipe *p = context;
	struct smb_pipes *pipes = p->of;
	struct smb2_server_authentication judged = *result;

	judged.nt = smb_log_on_judge_step(pipes->all, acceptor, result);
	if (judged.nt != STATUS_MORE_PROCESSING_REQUIRED)
		pipes->handler->logged_on(pipes->context, acceptor, result->identity, judged.nt);
	if (judged.nt == STATUS_SUCCESS) {
		smb_pipe_set_identity(p, result->identity);
		p->has_log_on = true;
		p->log_on = smb_log_on_of(pipes->all, acceptor);
	}
	(void)net_connection_begin_turn(pipes->net);
	smb_rpc_authentication_answer(p->authentication, &judged);
	smb_pipe_go_on(p);
	pipes->handler->changed(pipes->context);
}

struct smb_pipe *smb_pipe_open(struct smb_pipes *pipes, struct smb2_server_pipe *handle,
                               struct smb2_server_session *session, const char *name, uint32_t *nt)
{
	struct identity *identity = smb2_server_session_identity(session);
	struct smb_pipe *p;

	if (!text_equal_nocase(name, SRVSVC_PIPE_NAME)) {
		*nt = STATUS_OBJECT_NAME_NOT_FOUND;
		return NULL;
	}
	*nt = STATUS_INSUFFICIENT_RESOURCES;
	p = calloc(1, sizeof *p);
	if (p == NULL)
		return NULL;
	p->of = pipes;
	p->handle = handle;
	p->session = session;
	p->identity = identity_hold(identity);
	p->caller = (struct srvsvc_caller){ .service = pipes->all->service,
		                            .identity = identity,
		                            .address = pipes->net->peer.text,
		                            .endpoint = "smb" };
	p->usage = account_usage_hold(identity);
	if (p->usage != NULL) {
		p->caller.account = &p->usage->memory;
		p->rpc = rpc_server_new(&endpoint);
	}
	if (p->rpc != NULL)
		p->authentication = smb_rpc_authentication_new(
			pipes->all, &pipes->net->peer.source, p->rpc, smb_pipe_on_authenticated, p);
	if (p->authentication == NULL) {
		rpc_server_free(p->rpc);
		account_usage_release(p->usage);
		identity_release(p->identity);
		free(p);
		return NULL;
	}
	LIST_INSERT_HEAD(&pipes->list, p, link);
	return p;
}

/* While all connections together hold too much, those that hold much of it cannot write. */
static bool smb_pipe_may_write(const struct smb_pipes *pipes)
{
	const struct srvsvc_server *service = pipes->all->service;

	return pipes->held_bytes <= MAX_HELD_OF_ONE ||
	       service->held_bytes <= service->max_held_bytes;
}

void smb_pipe_write(struct smb_pipe *p, const uint8_t *data, size_t bytes)
{
	p->is_broken = !smb_pipe_may_write(p->of) || !rpc_server_feed(p->rpc, data, bytes);
	smb_pipe_go_on(p);
}

void smb_pipe_read(struct smb_pipe *p, struct wire_writer *to, size_t max_bytes)
{
	(void)rpc_server_read(p->rpc, to, max_bytes, &p->message_left);
	smb_pipe_go_on(p);
}

void smb_pipe_close(struct smb_pipe *p)
{
	LIST_REMOVE(p, link);
	p->of->held_bytes -= p->held_bytes;
	srvsvc_caller_abandon(&p->caller);
	srvsvc_count_held(p->of->all->service, p->caller.account, &p->held_bytes, 0);
	smb_rpc_authentication_free(p->authentication);
	rpc_server_free(p->rpc);
	account_usage_release(p->usage);
	identity_release(p->identity);
	free(p);
}

void smb_pipes_set_identity(struct smb_pipes *pipes, struct smb2_server_session *session)
{
	struct smb_pipe *p;

	LIST_FOREACH(p, &pipes->list, link)
		if (p->session == session && !p->has_log_on)
			smb_pipe_set_identity(p, smb2_server_session_identity(session));
}

void smb_pipes_judge(struct smb_pipes *pipes, const struct auth_acceptor_settings *former)
{
	struct smb_pipe *p;

	LIST_FOREACH(p, &pipes->list, link)
		if (p->has_log_on &&
		    !smb_log_on_is_kept(pipes->all, &p->log_on, former, p->identity))
			p->is_revoked = true;
}

void smb_pipes_go_on(struct smb_pipes *pipes)
{
	struct smb_pipe *p;

	pipes->wants_turn = false;
	LIST_FOREACH(p, &pipes->list, link) {
		smb_pipe_go_on(p);
	}
	pipes->is_refreshed = false;
}

bool smb_pipes_are_answered(const struct smb_pipes *pipes)
{
	const struct smb_pipe *p;

	if (pipes->wants_turn || pipes->wait.is_waiting)
		return false;
	LIST_FOREACH(p, &pipes->list, link)
		if (rpc_server_pending(p->rpc) > 0)
			return false;
	return true;
}
