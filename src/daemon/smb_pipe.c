/* SPDX-License-Identifier: MIT */
#include "daemon/smb_pipe.h"

#include <stdlib.h>
#include "base/text.h"
#include "rpc/server.h"
#include "daemon/smb_rpc_authentication.h"
#include "smb2/status.h"
#include "srvsvc/interface.h"

/* What the pipes of one connection may hold while all together hold too much. */
#define MAX_HELD_OF_ONE ((size_t)1 << 20)

struct smb_pipe {
	LIST_ENTRY(smb_pipe) link;
	struct smb_pipes *of;
	struct smb2_server_pipe *handle;
	struct identity *identity; /* held: of the session, or of the log-on by RPC */
	struct srvsvc_caller caller;
	struct rpc_server *rpc;
	size_t held_bytes; /* as srvsvc_count_held has counted them */
	bool is_broken;    /* the last write failed */
	size_t message_left;
	struct smb_rpc_authentication *authentication;
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
		return pipes->is_refreshed ||
		       !srvsvc_may_list_sessions(pipes->service, p->identity) ||
		       refresh_ready_or_wait(pipes->refresh, &pipes->wait);
	pipes->wants_turn = true;
	return false;
}

/* Makes the calls that wait in the pipe, while the turn lasts and the sessions are refreshed.
 * Further calls are left over. */
static void smb_pipe_run_events(struct smb_pipe *p)
{
	struct rpc_server_event event;
	enum rpc_server_event_kind kind;

	while ((kind = rpc_server_next(p->rpc, &event)) == RPC_SERVER_CALL && smb_pipe_has_turn(p))
		rpc_server_run_call(p->rpc, &event, &p->caller);
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
	srvsvc_count_held(p->of->service, &p->held_bytes, held_bytes);
	smb2_server_pipe_update(p->handle, &state);
}

/* After a successful log-on by RPC, the calls of the pipe are made as that user. */
static void smb_pipe_on_authenticated(void *context, struct auth_acceptor *acceptor,
                                      const struct smb2_server_authentication *result)
{
	struct smb_pipe *p = context;
	struct smb_pipes *pipes = p->of;

	if (result->nt != STATUS_MORE_PROCESSING_REQUIRED)
		pipes->handler->logged_on(pipes->context, acceptor, result->identity, result->nt);
	if (result->nt == STATUS_SUCCESS) {
		identity_release(p->identity);
		p->identity = identity_hold(result->identity);
		p->caller.identity = p->identity;
	}
	net_connection_begin_turn(pipes->net);
	smb_rpc_authentication_answer(p->authentication, result);
	smb_pipe_go_on(p);
	pipes->handler->changed(pipes->context);
}

struct smb_pipe *smb_pipe_open(struct smb_pipes *pipes, struct smb2_server_pipe *handle,
                               struct auth_acceptor_settings *acceptor_settings,
                               struct identity *identity, const char *name, uint32_t *nt)
{
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
	p->identity = identity_hold(identity);
	p->caller = (struct srvsvc_caller){ .service = pipes->service,
		                            .identity = identity,
		                            .address = pipes->net->peer.text,
		                            .endpoint = "smb" };
	p->rpc = rpc_server_new(&endpoint);
	if (p->rpc != NULL)
		p->authentication = smb_rpc_authentication_new(
			pipes->log_ons, &pipes->net->peer.source, acceptor_settings, p->rpc,
			smb_pipe_on_authenticated, p);
	if (p->authentication == NULL) {
		rpc_server_free(p->rpc);
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
	const struct srvsvc_server *service = pipes->service;

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
	srvsvc_count_held(p->of->service, &p->held_bytes, 0);
	smb_rpc_authentication_free(p->authentication);
	rpc_server_free(p->rpc);
	identity_release(p->identity);
	free(p);
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
