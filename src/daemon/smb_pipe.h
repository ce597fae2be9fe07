/* SPDX-License-Identifier: MIT */
/* Inside the SMB endpoint: the pipes of a connection. Each function that changes a pipe reports the
 * new state to the SMB2 server. */
#ifndef DAEMON_SMB_PIPE_H
#define DAEMON_SMB_PIPE_H

#include <sys/queue.h>
#include "daemon/smb_connections.h"
#include "net/endpoint.h"
#include "smb2_server/smb2_server.h"
#include "srvsvc/server.h"

struct smb_pipe;

struct smb_pipes_handler {
	/* A log-on by RPC has ended: nt says how. */
	void (*logged_on)(void *context, const struct auth_acceptor *acceptor,
	                  const struct identity *identity, uint32_t nt);
	/* A pipe has changed by itself: there may be events of the SMB2 server. Called last, since
	 * it may end the connection. */
	void (*changed)(void *context);
};

/* All pipes of a connection. Keeps what is named here. */
struct smb_pipes {
	struct smb_connections *all;
	struct net_connection *net; /* calls are made in its turns */
	const struct smb_pipes_handler *handler;
	void *context;
	LIST_HEAD(, smb_pipe) list;
	size_t held_bytes; /* memory that all of them hold for the client */
	bool wants_turn;   /* calls are left over for the next turn */
	struct refresh_wait wait;
	bool is_refreshed; /* the calls of this turn have waited for a refresh */
};

/* Opens srvsvc. Its calls are made as the user of session, or as the user who logs on by RPC. Keeps
 * handle and session. NULL: *nt is STATUS_OBJECT_NAME_NOT_FOUND for another name, or
 * STATUS_INSUFFICIENT_RESOURCES. */
struct smb_pipe *smb_pipe_open(struct smb_pipes *pipes, struct smb2_server_pipe *handle,
                               struct smb2_server_session *session, const char *name, uint32_t *nt);
void smb_pipe_write(struct smb_pipe *p, const uint8_t *data, size_t bytes);
/* Appends at most max_bytes of the next message. */
void smb_pipe_read(struct smb_pipe *p, struct wire_writer *to, size_t max_bytes);
void smb_pipe_close(struct smb_pipe *p);

/* session has another identity, such as one with other groups: the calls of its pipes are made as
 * that, but for pipes with a log-on by RPC. */
void smb_pipes_set_identity(struct smb_pipes *pipes, struct smb2_server_session *session);
/* Ends the log-ons by RPC that the settings of the acceptor do not accept any more; former are
 * those before a reload. Each call of such a pipe is answered with a fault then. */
void smb_pipes_judge(struct smb_pipes *pipes, const struct auth_acceptor_settings *former);

/* Makes the calls that were left over from the last turn. */
void smb_pipes_go_on(struct smb_pipes *pipes);
/* Whether no call and no answer is left in any of them. */
bool smb_pipes_are_answered(const struct smb_pipes *pipes);

#endif
