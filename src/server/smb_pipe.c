/* SPDX-License-Identifier: MIT */
#include "server/smb_pipe.h"

#include <stdlib.h>
#include "base/text.h"
#include "rpc/service.h"
#include "smb2/status.h"
#include "srvsvc/interface.h"

struct smb_pipe {
	struct smb_pipes *of;
	struct smb_pipe *before, *next;
	struct identity *who; /* held: it stays whose it was when it was opened */
	struct service_caller as;
	struct rpc_service *rpc;
	size_t held_bytes; /* as the service counts them */
};

static const struct rpc_interface *const interfaces[] = { &service_srvsvc };

static const struct rpc_endpoint endpoint = {
	.interfaces = interfaces,
	.interface_count = 1,
	.secondary_address = "\\PIPE\\" SRVSVC_PIPE_NAME,
	.max_request_bytes = 65536,
};

struct smb_pipe *smb_pipe_open(struct smb_pipes *pipes, struct identity *who, const char *name,
                               uint32_t *nt)
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
	p->who = identity_hold(who);
	p->as = (struct service_caller){
		.service = pipes->service, .who = who, .from = pipes->from, .door = "smb"
	};
	p->rpc = rpc_service_new(&endpoint, &p->as);
	if (p->rpc == NULL) {
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

static struct rpc_service *rpc_of(void *pipe)
{
	return ((struct smb_pipe *)pipe)->rpc;
}

static void count_held(struct smb_pipe *p)
{
	service_count_held(p->of->service, &p->held_bytes, rpc_service_held_bytes(p->rpc));
}

bool smb_pipe_write(void *pipe, const uint8_t *data, size_t bytes)
{
	struct smb_pipe *p = pipe;
	const struct service *service = p->of->service;
	bool is_good;

	/* Answers have left off growing before: it is those who write and do not read. */
	if (service->held_bytes / 2 > service->max_held_bytes)
		return false;
	is_good = rpc_service_feed(p->rpc, data, bytes);
	count_held(p);
	return is_good;
}

size_t smb_pipe_pending(void *pipe)
{
	return rpc_service_pending(rpc_of(pipe));
}

size_t smb_pipe_read(void *pipe, struct wire_writer *to, size_t max_bytes, size_t *left)
{
	struct smb_pipe *p = pipe;
	size_t bytes = rpc_service_read(p->rpc, to, max_bytes, left);

	count_held(p);
	return bytes;
}

bool smb_pipe_is_over(void *pipe)
{
	return rpc_service_is_over(rpc_of(pipe));
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
	service_count_held(p->of->service, &p->held_bytes, 0);
	rpc_service_free(p->rpc);
	identity_release(p->who);
	free(p);
}

bool smb_pipes_are_answered(const struct smb_pipes *pipes)
{
	for (const struct smb_pipe *p = pipes->first; p != NULL; p = p->next)
		if (rpc_service_pending(p->rpc) > 0)
			return false;
	return true;
}
