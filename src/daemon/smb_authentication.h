/* SPDX-License-Identifier: MIT */
/* Inside the SMB endpoint: one step of a log-on, on a thread of the pool. */
#ifndef DAEMON_SMB_AUTHENTICATION_H
#define DAEMON_SMB_AUTHENTICATION_H

#include "auth/acceptor.h"
#include "daemon/log_on_queue.h"
#include "smb2_server/smb2_server.h"

struct smb_authentication;

/* Starts a step, when the queue gives it its turn. source is where the token came from. Takes
 * acceptor until done gives it back; copies the token. done's result is borrowed. NULL: out of
 * memory, and acceptor is freed. */
struct smb_authentication *
smb_authentication_start(struct log_on_queue *queue, const struct net_source *source,
                         struct auth_acceptor *acceptor, const uint8_t *token, size_t bytes,
                         void (*done)(void *context, struct auth_acceptor *acceptor,
                                      const struct smb2_server_authentication *result),
                         void *context);
/* done will not be called, and the acceptor is freed. NULL is allowed. */
void smb_authentication_abandon(struct smb_authentication *step);

#endif
