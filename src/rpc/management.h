/* SPDX-License-Identifier: MIT */
/* The remote management interface, which every RPC server offers beside its own: C706 appendix Q,
 * [MS-RPCE] 2.2.1.3. It tells what is offered and how much it was called, and stops nothing. */
#ifndef RPC_MANAGEMENT_H
#define RPC_MANAGEMENT_H

#include "rpc/interface.h"

/* Without call: it is called by rpc_management_call. */
extern const struct rpc_interface rpc_management;

uint32_t rpc_management_call(const struct rpc_endpoint *endpoint, uint16_t opnum,
                             struct wire_reader *stub, struct wire_writer *answer);

/* What inq_stats counts, of all associations of this process: C706 Q, rpc_c_stats_... */
enum rpc_statistic { RPC_CALLS_IN, RPC_CALLS_OUT, RPC_PACKETS_IN, RPC_PACKETS_OUT, RPC_STATISTICS };

void rpc_management_count(enum rpc_statistic which);

#endif
