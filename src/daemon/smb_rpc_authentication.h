/* SPDX-License-Identifier: MIT */
/* Inside the SMB endpoint: a log-on by RPC, over a pipe of a session whose user has logged on by
 * SMB. The calls of the pipe are then made as the user of this log-on: [MS-RPCE] 3.3.1.5.2.1. */
#ifndef DAEMON_SMB_RPC_AUTHENTICATION_H
#define DAEMON_SMB_RPC_AUTHENTICATION_H

#include "daemon/smb_connections.h"
#include "rpc/server.h"

struct smb_rpc_authentication;

/* Makes log-ons by RPC possible in rpc, for a client at source. Keeps all, rpc and
 * context. done is called when a step has ended: acceptor and result are borrowed, and done calls
 * smb_rpc_authentication_answer. NULL: out of memory. */
struct smb_rpc_authentication *
smb_rpc_authentication_new(struct smb_connections *all, const struct net_source *source,
                           struct rpc_server *rpc,
                           void (*done)(void *context, struct auth_acceptor *acceptor,
                                        const struct smb2_server_authentication *result),
                           void *context);
/* Runs a step of the log-on with a token of the caller, which is copied; does nothing while a step
 * is running. Without memory the log-on fails. */
void smb_rpc_authentication_start(struct smb_rpc_authentication *l, const uint8_t *token,
                                  size_t bytes);
/* Hands the result of a step on to rpc: there may be events then. */
void smb_rpc_authentication_answer(struct smb_rpc_authentication *l,
                                   const struct smb2_server_authentication *result);
/* done will not be called. NULL is allowed. */
void smb_rpc_authentication_free(struct smb_rpc_authentication *l);

#endif
