/* SPDX-License-Identifier: MIT */
#include "srvsvc/server.h"

#include "rpc/call.h"
#include "srvsvc/operations.h"
#include "srvsvc/interface.h"
#include "srvsvc/session_levels.h"

static uint32_t (*const run[])(struct srvsvc_call *) = {
	[SRVSVC_NETR_SESSION_ENUM] = srvsvc_serve_session_enum,
	[SRVSVC_NETR_SESSION_DEL] = srvsvc_serve_session_del,
	[SRVSVC_NETR_SHARE_ENUM] = srvsvc_serve_share_enum,
	[SRVSVC_NETR_SERVER_GET_INFO] = srvsvc_serve_server_get_info,
};

static const char *const names[] = {
#define O(OPERATION, OPNUM, NAME) [OPERATION] = NAME,
	SRVSVC_OPERATIONS(O)
#undef O
};

static uint32_t srvsvc_interface_call(void *context, uint16_t opnum, struct wire_reader *stub,
                                      struct wire_writer *answer)
{
	const struct srvsvc_caller *caller = context;
	struct srvsvc_call c = {
		.caller = caller,
		.stub = stub,
		.event = { .identity = caller->identity,
		           .address = caller->address,
		           .endpoint = caller->endpoint,
		           .level = -1 },
	};

	if (opnum >= sizeof run / sizeof *run || run[opnum] == NULL)
		return RPC_FAULT_OP_RNG_ERROR;
	c.event.operation = names[opnum];
	ndr_writer_init(&c.answer, answer);
	return run[opnum](&c);
}

bool srvsvc_allows(const struct srvsvc_call *c, enum access_right right)
{
	return access_policy_allows(c->caller->service->policy, c->caller->identity, right);
}

bool srvsvc_may_list_sessions(const struct srvsvc_server *service, const struct identity *who)
{
	for (size_t i = 0; i < SESSION_LEVEL_COUNT; i++)
		if (access_policy_allows(service->policy, who,
		                         access_right_of_level(session_levels[i].number)))
			return true;
	return access_policy_allows(service->policy, who, ACCESS_DELETE);
}

void srvsvc_count_held(struct srvsvc_server *service, size_t *counted, size_t held_bytes)
{
	service->held_bytes += held_bytes - *counted;
	*counted = held_bytes;
}

void srvsvc_report(const struct srvsvc_call *c)
{
	const struct srvsvc_server *s = c->caller->service;

	s->report(s->context, &c->event);
}

const struct rpc_interface srvsvc_interface = {
	.syntax = { SRVSVC_INTERFACE_UUID, SRVSVC_INTERFACE_VERSION, 0 },
	.call = srvsvc_interface_call,
	.wants_protection = true,
};
