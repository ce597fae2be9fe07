/* SPDX-License-Identifier: MIT */
/* The remote management interface, which every RPC server offers beside its own interfaces: C706
 * appendix Q, [MS-RPCE] 2.2.1.3. It lists interfaces and statistics; it does not stop the server.
 */
#ifndef RPC_MANAGEMENT_H
#define RPC_MANAGEMENT_H

#include "rpc/interface.h"

/* Its call is NULL: rpc_management_call runs its calls, which need the endpoint. */
extern const struct rpc_interface rpc_management;

uint32_t rpc_management_call(const struct rpc_endpoint *endpoint, uint16_t opnum,
                             struct wire_reader *stub, struct wire_writer *answer);

/* The statistics of inq_stats, over all associations of this process: C706 Q, rpc_c_stats_... */
enum rpc_statistic { RPC_CALLS_IN, RPC_CALLS_OUT, RPC_PACKETS_IN, RPC_PACKETS_OUT, RPC_STATISTICS };

void rpc_management_count(enum rpc_statistic which);

#endif
