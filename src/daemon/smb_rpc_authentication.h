/* SPDX-License-Identifier: MIT */
/* Inside the SMB door: a log-on by RPC, over a pipe that somebody opened who is logged on already.
 * Its calls are then made as whom it names: [MS-RPCE] 3.3.1.5.2.1. */
#ifndef DAEMON_SMB_RPC_AUTHENTICATION_H
#define DAEMON_SMB_RPC_AUTHENTICATION_H

#include "auth/acceptor.h"
#include "net/loop.h"
#include "rpc/server.h"

struct smb_rpc_authentication;

struct smb_rpc_authentication_handler {
	/* It has ended: nt says how. who is borrowed, and known before any call is made as them. */
	void (*ended)(void *context, const struct auth_acceptor *acceptor, struct identity *who,
	              uint32_t nt);
	/* The last thing of a step: smb_rpc_authentication_answer is to be called from here, and
	 * then it is to be looked for what is pending. */
	void (*judged)(void *context);
};

/* Offers it to the callers of rpc. Keeps loop, rpc, handler and context; holds acceptance. NULL:
 * out of memory. */
struct smb_rpc_authentication *
smb_rpc_authentication_new(struct net_loop *loop, struct auth_acceptor_settings *acceptance,
                           struct rpc_server *rpc,
                           const struct smb_rpc_authentication_handler *handler, void *context);
/* Runs a step of the log-on with a token of the caller, which is copied; does nothing while a step
 * is running. Without memory the log-on fails. */
void smb_rpc_authentication_start(struct smb_rpc_authentication *l, const uint8_t *token,
                                  size_t bytes);
/* Hands on what became of a token. Calls that waited for it are made from here: they may close
 * anything, the pipe itself too if the handler does not put that off. */
void smb_rpc_authentication_answer(struct smb_rpc_authentication *l);
/* Nothing of it is called any more. NULL is allowed. */
void smb_rpc_authentication_free(struct smb_rpc_authentication *l);

#endif
