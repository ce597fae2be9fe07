/* SPDX-License-Identifier: MIT */
/* Our own interface on the local door: who the caller is to the policy, and the counters. */
#ifndef DAEMON_LOCAL_INTERFACE_H
#define DAEMON_LOCAL_INTERFACE_H

#include "rpc/server.h"

/* Its calls' context is a struct srvsvc_caller. */
extern const struct rpc_interface local_interface;

#endif
