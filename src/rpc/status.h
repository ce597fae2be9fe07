/* SPDX-License-Identifier: MIT */
/* What a refusal of the RPC run-time means to a Net* caller, and its story. */
#ifndef RPC_STATUS_H
#define RPC_STATUS_H

#include <stdint.h>
#include <lmcons.h>

struct rpc_story {
	NET_API_STATUS status;
	const char *why; /* static text */
};

/* A fault's status: C706 N.2, mapped as [MS-RPCE] 3.1.1.5.5 says. */
struct rpc_story rpc_fault_story(uint32_t fault_status);
/* A bind_nak's reason: C706 12.6.3.1, [MS-RPCE] 2.2.2.5. */
struct rpc_story rpc_bind_nak_story(uint16_t reason);
/* A bind_ack's reason to refuse a presentation context: C706 12.6.3.1. */
struct rpc_story rpc_rejection_story(uint16_t reason);

#endif
