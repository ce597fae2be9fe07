/* SPDX-License-Identifier: MIT */
/* The presentation contexts that the server of an association has accepted: C706 12.6.3.1,
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
	bool keeps_on_orphan; /* an orphaned PDU does not end the connection, 3.3.1.5.10 */
};

/* Fills in the results of ack, one for each context that a bind, or an alter_context, proposes.
 * False: the proposal violates the protocol, and no context was accepted. */
bool rpc_presentation_negotiate(struct rpc_presentation *c, const struct rpc_endpoint *endpoint,
                                const struct rpc_bind *proposal, bool is_alter,
                                struct rpc_bind_ack *ack);

/* Returns the interface of a context; NULL: no context with this id was accepted. */
const struct rpc_interface *rpc_presentation_find(const struct rpc_presentation *c, uint16_t id);

#endif
