/* SPDX-License-Identifier: MIT */
/* The server's side of srvsvc: its operations over the session table, under the access policy, for
 * the callers of every endpoint. Does no I/O and knows no clock. */
#ifndef SRVSVC_SERVER_H
#define SRVSVC_SERVER_H

#include "rpc/interface.h"
#include "srvsvc/service.h"

/* Drops the call that is not finished: the association ends. */
void srvsvc_caller_abandon(struct srvsvc_caller *caller);

/* Whether the policy allows to list sessions at any level, or to delete them. */
bool srvsvc_may_list_sessions(const struct srvsvc_server *s, const struct identity *identity);

/* Serves NetrSessionEnum for a caller who can tell numbers that are not known from 0: those are
 * NETSESSION_UNKNOWN. Returns what rpc_interface.call returns. */
uint32_t srvsvc_call_session_enum(struct srvsvc_caller *caller, struct wire_reader *stub,
                                  struct wire_writer *answer);

extern const struct rpc_interface srvsvc_interface;

#endif
