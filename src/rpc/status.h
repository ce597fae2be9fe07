/* SPDX-License-Identifier: MIT */
/* Refusals of an RPC server: the error of Net* functions that they map to, and a text. */
#ifndef RPC_STATUS_H
#define RPC_STATUS_H

#include <stdint.h>
#include <lmcons.h>

struct rpc_refusal {
	NET_API_STATUS status;
	const char *detail; /* static text */
};

/* By the status of a fault: C706 N.2, mapped as in [MS-RPCE] 3.1.1.5.5. */
struct rpc_refusal rpc_fault_refusal(uint32_t fault_status);
/* By the reason in a bind_nak: C706 12.6.3.1, [MS-RPCE] 2.2.2.5. */
struct rpc_refusal rpc_bind_nak_refusal(uint16_t reason);
/* By the reason for which a bind_ack rejects a presentation context: C706 12.6.3.1. */
struct rpc_refusal rpc_rejection_refusal(uint16_t reason);

#endif
