/* SPDX-License-Identifier: MIT */
/* Inside the SMB door: a step of a log-on, on a thread of the pool. */
#ifndef SERVER_SMB_LOG_ON_H
#define SERVER_SMB_LOG_ON_H

#include "auth/acceptor.h"
#include "net/loop.h"
#include "smbserver/smbserver.h"

struct smb_log_on_step;

/* Takes acceptor until the step is done, and copies the token. done: gives the acceptor back;
 * result is borrowed. NULL: out of memory; acceptor is freed then. */
struct smb_log_on_step *smb_log_on_start(struct net_loop *loop, struct auth_acceptor *acceptor,
                                         const uint8_t *token, size_t bytes,
                                         void (*done)(void *context, struct auth_acceptor *acceptor,
                                                      const struct smbserver_log_on *result),
                                         void *context);
/* done will not be called; the acceptor is freed. NULL is allowed. */
void smb_log_on_abandon(struct smb_log_on_step *step);

#endif
