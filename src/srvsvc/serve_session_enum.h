/* SPDX-License-Identifier: MIT */
/* Inside srvsvc's server: NetrSessionEnum, which may be run in parts. */
#ifndef SRVSVC_SERVE_SESSION_ENUM_H
#define SRVSVC_SERVE_SESSION_ENUM_H

#include "srvsvc/server_call.h"

/* As rpc_interface.call does, returns 0, the status of a fault, or RPC_CALL_UNFINISHED. */
uint32_t srvsvc_serve_session_enum(struct srvsvc_call *c);
/* Drops the caller's call that is not finished, if there is one. */
void srvsvc_abandon_session_enum(struct srvsvc_caller *caller);

#endif
