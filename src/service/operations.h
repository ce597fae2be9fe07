/* SPDX-License-Identifier: MIT */
/* The operations behind srvsvc: each decodes its request, judges it, encodes its answer. */
#ifndef SERVICE_OPERATIONS_H
#define SERVICE_OPERATIONS_H

#include "ndr/writer.h"
#include "service/service.h"

struct service_call {
	const struct service_caller *caller;
	struct wire_reader *stub;
	struct ndr_writer answer;
	/* What is told of it: an operation fills in what it asks and what became of it. Its texts
	 * live until it is told. */
	struct service_event event;
};

/* Each takes a whole call. Returns 0, or the status of a fault: then nothing is told. tell must be
 * called by all others, once, while the event's texts live. */
uint32_t service_session_enum(struct service_call *c);
uint32_t service_session_del(struct service_call *c);
uint32_t service_share_enum(struct service_call *c);
uint32_t service_server_get_info(struct service_call *c);

/* Whether the policy lets the caller. */
bool service_allows(const struct service_call *c, enum access_right right);
void service_tell(const struct service_call *c);

#endif
