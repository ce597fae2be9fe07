/* SPDX-License-Identifier: MIT */
/* Inside the SMB door: a step of a log-on, on a thread of the pool. */
#ifndef DAEMON_SMB_AUTHENTICATION_H
#define DAEMON_SMB_AUTHENTICATION_H

#include "auth/acceptor.h"
#include "net/loop.h"
#include "smb2_server/smb2_server.h"

struct smb_authentication;

/* Takes acceptor until the step is done, and copies the token. done: gives the acceptor back;
 * result is borrowed. NULL: out of memory; acceptor is freed then. */
struct smb_authentication *
smb_authentication_start(struct net_loop *loop, struct auth_acceptor *acceptor,
                         const uint8_t *token, size_t bytes,
                         void (*done)(void *context, struct auth_acceptor *acceptor,
                                      const struct smb2_server_authentication *result),
                         void *context);
/* done will not be called; the acceptor is freed. NULL is allowed. */
void smb_authentication_abandon(struct smb_authentication *step);

#endif
