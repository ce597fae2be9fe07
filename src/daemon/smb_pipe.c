/* SPDX-License-Identifier: MIT */
#include "daemon/smb_pipe.h"

#include <stdlib.h>
#include "base/text.h"
#include "rpc/server.h"
#include "daemon/smb_rpc_authentication.h"
#include "smb2/status.h"
#include "srvsvc/interface.h"

#define MAX_TURN_MS 20 /* after which no call is begun */

#define MAX_HELD_OF_ONE ((size_t)1 << 20) /* of a connection, when there is too much in all */

struct smb_pipe {
	struct smb_pipes *of;
	struct smb_pipe *before, *next;
	struct identity *who; /* held: whose it was when it was opened, or who logged on by RPC */
	struct srvsvc_caller as;
	struct rpc_server *rpc;
	size_t held_bytes; /* as the service counts them */
	struct smb_rpc_authentication *log_on;
};

static const struct rpc_interface *const interfaces[] = { &srvsvc_interface };

static const struct rpc_endpoint endpoint = {
	.interfaces = interfaces,
	.interface_count = 1,
	.secondary_address = "\\PIPE\\" SRVSVC_PIPE_NAME,
	.max_request_bytes = 65536,
};

/* From here on, the pipe's calls are those of whom its RPC log-on names. */
static void smb_pipe_on_log_on(void *context, const struct auth_acceptor *acceptor,
                               struct identity *who, uint32_t nt)
{
	struct smb_pipe *p = context;

	p->of->handler->logged_on(p->of->context, acceptor, who, nt);
	if (nt != STATUS_SUCCESS)
		return;
	identity_release(p->who);
	p->who = identity_hold(who);
	p->as.identity = who;
}

static void smb_pipe_on_authenticated(void *context)
{
	struct smb_pipe *p = context;

	p->of->handler->judged(p->of->context, p);
}

static bool smb_pipe_has_turn(struct smb_pipe *p)
{
	struct smb_pipes *pipes = p->of;
	struct srvsvc_server *service = pipes->service;

	if (service->now_ms(service->context) - pipes->turn_began_ms <= MAX_TURN_MS)
		return pipes->is_refreshed || !srvsvc_may_list_sessions(service, p->who) ||
		       refresh_ready_or_wait(pipes->refresh, &pipes->wait);
	pipes->wants_turn = true;
	return false;
}

/* Answers the events of the association. Calls are left for later unless it is the connection's
 * turn and the sessions are refreshed. */
static void smb_pipe_run_events(struct smb_pipe *p)
{
	struct rpc_server_event event;
	enum rpc_server_event_kind kind;

	while ((kind = rpc_server_next(p->rpc, &event)) == RPC_SERVER_CALL && smb_pipe_has_turn(p))
		rpc_server_run_call(p->rpc, &event, &p->as);
	if (kind == RPC_SERVER_TOKEN)
		smb_rpc_authentication_start(p->log_on, event.token, event.token_bytes);
}

struct smb_pipe *smb_pipe_open(struct smb_pipes *pipes, struct auth_acceptor_settings *acceptance,
                               struct identity *who, const char *name, uint32_t *nt)
{
	static const struct smb_rpc_authentication_handler handler = { smb_pipe_on_log_on,
		                                                       smb_pipe_on_authenticated };
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
	p->who = identity_hold(who);
	p->as = (struct srvsvc_caller){ .service = pipes->service,
		                        .identity = who,
		                        .address = pipes->from,
		                        .endpoint = "smb" };
	p->rpc = rpc_server_new(&endpoint);
	if (p->rpc != NULL)
		p->log_on = smb_rpc_authentication_new(pipes->loop, acceptance, p->rpc, &handler,
		                                       p);
	if (p->log_on == NULL) {
		rpc_server_free(p->rpc);
		identity_release(p->who);
		free(p);
		return NULL;
	}
	p->next = pipes->first;
	if (p->next != NULL)
		p->next->before = p;
	pipes->first = p;
	return p;
}

static struct rpc_server *smb_pipe_rpc(void *pipe)
{
	return ((struct smb_pipe *)pipe)->rpc;
}

static void smb_pipe_count_held(struct smb_pipe *p, size_t held_bytes)
{
	p->of->held_bytes += held_bytes - p->held_bytes;
	srvsvc_count_held(p->of->service, &p->held_bytes, held_bytes);
}

/* Once too much is held for all, those who have a large part of it write no more. */
static bool smb_pipe_may_write(const struct smb_pipes *pipes)
{
	const struct srvsvc_server *service = pipes->service;

	return pipes->held_bytes <= MAX_HELD_OF_ONE ||
	       service->held_bytes <= service->max_held_bytes;
}

void smb_pipe_answer(struct smb_pipe *pipe)
{
	smb_rpc_authentication_answer(pipe->log_on);
	smb_pipe_run_events(pipe);
	smb_pipe_count_held(pipe, rpc_server_held_bytes(pipe->rpc));
}

bool smb_pipe_write(void *pipe, const uint8_t *data, size_t bytes)
{
	struct smb_pipe *p = pipe;
	bool is_good = smb_pipe_may_write(p->of) && rpc_server_feed(p->rpc, data, bytes);

	smb_pipe_run_events(p);
	smb_pipe_count_held(p, rpc_server_held_bytes(p->rpc));
	return is_good;
}

size_t smb_pipe_pending(void *pipe)
{
	return rpc_server_pending(smb_pipe_rpc(pipe));
}

size_t smb_pipe_read(void *pipe, struct wire_writer *to, size_t max_bytes, size_t *left)
{
	struct smb_pipe *p = pipe;
	size_t bytes = rpc_server_read(p->rpc, to, max_bytes, left);

	smb_pipe_run_events(p);
	smb_pipe_count_held(p, rpc_server_held_bytes(p->rpc));
	return bytes;
}

bool smb_pipe_is_over(void *pipe)
{
	return rpc_server_is_over(smb_pipe_rpc(pipe));
}

void smb_pipe_close(void *pipe)
{
	struct smb_pipe *p = pipe;

	if (p->before != NULL)
		p->before->next = p->next;
	else
		p->of->first = p->next;
	if (p->next != NULL)
		p->next->before = p->before;
	smb_pipe_count_held(p, 0);
	smb_rpc_authentication_free(p->log_on);
	rpc_server_free(p->rpc);
	identity_release(p->who);
	free(p);
}

void smb_pipes_begin_turn(struct smb_pipes *pipes)
{
	pipes->turn_began_ms = pipes->service->now_ms(pipes->service->context);
}

void smb_pipes_go_on(struct smb_pipes *pipes)
{
	pipes->wants_turn = false;
	for (struct smb_pipe *p = pipes->first; p != NULL; p = p->next) {
		smb_pipe_run_events(p);
		smb_pipe_count_held(p, rpc_server_held_bytes(p->rpc));
	}
	pipes->is_refreshed = false;
}

bool smb_pipes_are_answered(const struct smb_pipes *pipes)
{
	if (pipes->wants_turn || pipes->wait.is_waiting)
		return false;
	for (const struct smb_pipe *p = pipes->first; p != NULL; p = p->next)
		if (rpc_server_pending(p->rpc) > 0)
			return false;
	return true;
}
