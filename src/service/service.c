/* SPDX-License-Identifier: MIT */
#include "service/service.h"

#include "rpc/call.h"
#include "service/operations.h"
#include "srvsvc/interface.h"
#include "srvsvc/session_levels.h"

static uint32_t (*const run[])(struct service_call *) = {
	[SRVSVC_NETR_SESSION_ENUM] = service_session_enum,
	[SRVSVC_NETR_SESSION_DEL] = service_session_del,
	[SRVSVC_NETR_SHARE_ENUM] = service_share_enum,
	[SRVSVC_NETR_SERVER_GET_INFO] = service_server_get_info,
};

static const char *const names[] = {
#define O(OPERATION, OPNUM, NAME) [OPERATION] = NAME,
	SRVSVC_OPERATIONS(O)
#undef O
};

static uint32_t call(void *context, uint16_t opnum, struct wire_reader *stub,
                     struct wire_writer *answer)
{
	const struct service_caller *caller = context;
	struct service_call c = {
		.caller = caller,
		.stub = stub,
		.event = { .who = caller->who,
		           .from = caller->from,
		           .door = caller->door,
		           .level = -1 },
	};

	if (opnum >= sizeof run / sizeof *run || run[opnum] == NULL)
		return RPC_FAULT_OP_RNG_ERROR;
	c.event.operation = names[opnum];
	ndr_writer_init(&c.answer, answer);
	return run[opnum](&c);
}

bool service_allows(const struct service_call *c, enum access_right right)
{
	return access_policy_allows(c->caller->service->policy, c->caller->who, right);
}

bool service_may_look(const struct service *service, const struct identity *who)
{
	for (size_t i = 0; i < SESSION_LEVEL_COUNT; i++)
		if (access_policy_allows(service->policy, who,
		                         access_right_of_level(session_levels[i].number)))
			return true;
	return access_policy_allows(service->policy, who, ACCESS_DELETE);
}

void service_count_held(struct service *service, size_t *counted, size_t held_bytes)
{
	service->held_bytes += held_bytes - *counted;
	*counted = held_bytes;
}

void service_tell(const struct service_call *c)
{
	const struct service *s = c->caller->service;

	s->tell(s->context, &c->event);
}

const struct rpc_interface service_srvsvc = {
	.syntax = { SRVSVC_INTERFACE_UUID, SRVSVC_INTERFACE_VERSION, 0 },
	.call = call,
	.wants_protection = true,
};
