/* SPDX-License-Identifier: MIT */
/* Inside the SMB endpoint: what the pipes of a connection carry. Each function that changes a pipe
 * tells the SMB2 server its new state. */
#ifndef DAEMON_SMB_PIPE_H
#define DAEMON_SMB_PIPE_H

#include <sys/queue.h>
#include "auth/acceptor.h"
#include "daemon/refresh.h"
#include "net/endpoint.h"
#include "smb2_server/smb2_server.h"
#include "srvsvc/server.h"

struct smb_pipe;

struct smb_pipes_handler {
	/* A log-on by RPC has ended: nt says how. */
	void (*logged_on)(void *context, const struct auth_acceptor *acceptor,
	                  const struct identity *identity, uint32_t nt);
	/* Pipes have changed by themselves: go on with the events of the SMB2 server. The last
	 * thing that is called: the connection may end from here. */
	void (*changed)(void *context);
};

/* The pipes of a connection, which keeps all that is named here. */
struct smb_pipes {
	struct net_loop *loop;
	struct srvsvc_server *service;
	struct refresh *refresh;
	struct net_connection *net; /* whose turns the calls are made in */
	const struct smb_pipes_handler *handler;
	void *context;
	LIST_HEAD(, smb_pipe) list;
	size_t held_bytes; /* by all of them, for a client that does not read */
	bool wants_turn;   /* to make the calls that were left over */
	struct refresh_wait wait;
	bool is_refreshed; /* the table is, for the calls of this turn: they have waited */
};

/* Opens srvsvc for identity, which is held, and for whoever logs on by RPC then, which
 * acceptor_settings judge. Keeps handle. NULL, and *nt says why: there is no other pipe, or no
 * memory. */
struct smb_pipe *smb_pipe_open(struct smb_pipes *pipes, struct smb2_server_pipe *handle,
                               struct auth_acceptor_settings *acceptor_settings,
                               struct identity *identity, const char *name, uint32_t *nt);
void smb_pipe_write(struct smb_pipe *p, const uint8_t *data, size_t bytes);
/* Appends at most max_bytes of the next message. */
void smb_pipe_read(struct smb_pipe *p, struct wire_writer *to, size_t max_bytes);
void smb_pipe_close(struct smb_pipe *p);

/* Makes calls that were left over from the turn before. */
void smb_pipes_go_on(struct smb_pipes *pipes);
/* Whether nothing waits in any of them to be called or read. */
bool smb_pipes_are_answered(const struct smb_pipes *pipes);

#endif
