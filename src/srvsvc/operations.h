/* SPDX-License-Identifier: MIT */
/* The operations behind srvsvc: each decodes its request, judges it, encodes its answer. */
#ifndef SRVSVC_OPERATIONS_H
#define SRVSVC_OPERATIONS_H

#include "wire/ndr_writer.h"
#include "srvsvc/server.h"

struct srvsvc_call {
	const struct srvsvc_caller *caller;
	struct wire_reader *stub;
	struct ndr_writer answer;
	/* What is told of it: an operation fills in what it asks and what became of it. Its texts
	 * live until it is told. */
	struct srvsvc_event event;
};

/* Each takes a whole call. Returns 0, or the status of a fault: then nothing is told. tell must be
 * called by all others, once, while the event's texts live. */
uint32_t srvsvc_serve_session_enum(struct srvsvc_call *c);
uint32_t srvsvc_serve_session_del(struct srvsvc_call *c);
uint32_t srvsvc_serve_share_enum(struct srvsvc_call *c);
uint32_t srvsvc_serve_server_get_info(struct srvsvc_call *c);

/* Whether the policy lets the caller. */
bool srvsvc_allows(const struct srvsvc_call *c, enum access_right right);
void srvsvc_report(const struct srvsvc_call *c);

#endif
