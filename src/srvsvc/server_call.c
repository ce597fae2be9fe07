/* SPDX-License-Identifier: MIT */
#include "srvsvc/server_call.h"

bool srvsvc_allows(const struct srvsvc_call *c, enum access_right right)
{
	return access_policy_allows(c->caller->service->policy, c->caller->identity, right);
}

void srvsvc_report(const struct srvsvc_call *c)
{
	const struct srvsvc_server *s = c->caller->service;

	s->report(s->context, &c->event);
}
