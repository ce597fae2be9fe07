/* SPDX-License-Identifier: MIT */
/* What a refusal of the RPC run-time means to a Net* caller, and its story. */
#ifndef RPC_STATUS_H
#define RPC_STATUS_H

#include <stdint.h>
#include <lmcons.h>

struct rpc_refusal {
	NET_API_STATUS status;
	const char *detail; /* static text */
};

/* A fault's status: C706 N.2, mapped as [MS-RPCE] 3.1.1.5.5 says. */
struct rpc_refusal rpc_fault_refusal(uint32_t fault_status);
/* A bind_nak's reason: C706 12.6.3.1, [MS-RPCE] 2.2.2.5. */
struct rpc_refusal rpc_bind_nak_refusal(uint16_t reason);
/* A bind_ack's reason to refuse a presentation context: C706 12.6.3.1. */
struct rpc_refusal rpc_rejection_refusal(uint16_t reason);

#endif
