/* SPDX-License-Identifier: MIT */
/* The local interface, at the local endpoint only: the caller's labels, the counters, and the
 * sessions that would end with others. */
#ifndef DAEMON_LOCAL_INTERFACE_H
#define DAEMON_LOCAL_INTERFACE_H

#include "rpc/server.h"

/* The context of its calls is a struct srvsvc_caller. */
extern const struct rpc_interface local_interface;

#endif
