/* SPDX-License-Identifier: MIT */
/* The presentation contexts of an association, as its server agreed to them: C706 12.6.3.1,
 * [MS-RPCE] 3.3.1.5.3 and 3.3.1.5.6. */
#ifndef RPC_PRESENTATION_H
#define RPC_PRESENTATION_H

#include "rpc/interface.h"

struct rpc_presentation {
	struct {
		uint16_t id;
		const struct rpc_interface *interface;
	} accepted[RPC_MAX_CONTEXTS];
	uint8_t count;
	bool keeps_on_orphan; /* the caller goes on after an orphaned PDU, 3.3.1.5.10 */
};

/* Answers what a bind, or an alter_context, proposes, element by element. False: it breaks the
 * protocol, and nothing was agreed to. */
bool rpc_presentation_negotiate(struct rpc_presentation *c, const struct rpc_endpoint *endpoint,
                                const struct rpc_bind *proposal, bool is_alter,
                                struct rpc_bind_ack *ack);

/* NULL: no such context was agreed to. */
const struct rpc_interface *rpc_presentation_find(const struct rpc_presentation *c, uint16_t id);

#endif
