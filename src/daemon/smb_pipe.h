/* SPDX-License-Identifier: MIT */
/* Inside the SMB door: what the pipes of a connection carry. */
#ifndef DAEMON_SMB_PIPE_H
#define DAEMON_SMB_PIPE_H

#include "auth/acceptor.h"
#include "net/loop.h"
#include "daemon/refresh.h"
#include "srvsvc/server.h"

struct smb_pipe;

struct smb_pipes_handler {
	/* A log-on by RPC has ended: nt says how. */
	void (*logged_on)(void *context, const struct auth_acceptor *acceptor,
	                  const struct identity *who, uint32_t nt);
	/* Something has come of one: smb_pipe_answer is to be called from here, while no session
	 * may be closed. There may be something in the pipe then to which nobody wrote just now. */
	void (*judged)(void *context, struct smb_pipe *pipe);
};

/* The pipes of a connection. */
struct smb_pipes {
	struct net_loop *loop; /* all of these are kept */
	struct srvsvc_server *service;
	struct refresh *refresh;
	const char *from; /* the caller's address */
	const struct smb_pipes_handler *handler;
	void *context;
	struct smb_pipe *first;
	size_t held_bytes;     /* by all of them, for who does not read */
	int64_t turn_began_ms; /* the connection's, in which calls are made for a while */
	bool wants_turn;       /* to make those that were left */
	struct refresh_wait wait;
	bool is_refreshed; /* the table is, for the calls of this turn: they have waited */
};

/* Opens srvsvc for who, who is held, and for whoever logs on by RPC then, which is judged by
 * acceptance. NULL, and *nt says why: there is no other pipe, or no memory. */
struct smb_pipe *smb_pipe_open(struct smb_pipes *pipes, struct auth_acceptor_settings *acceptance,
                               struct identity *who, const char *name, uint32_t *nt);

/* As a struct smb2_server_host has them: pipe is a struct smb_pipe. */
bool smb_pipe_write(void *pipe, const uint8_t *data, size_t bytes);
size_t smb_pipe_pending(void *pipe);
size_t smb_pipe_read(void *pipe, struct wire_writer *to, size_t max_bytes, size_t *left);
bool smb_pipe_is_over(void *pipe);
void smb_pipe_close(void *pipe);

void smb_pipe_answer(struct smb_pipe *pipe);

/* A turn begins. However much is asked for at once, others come in between. */
void smb_pipes_begin_turn(struct smb_pipes *pipes);
/* Makes calls that were left over from the turn before: there may be something in the pipes then.
 */
void smb_pipes_go_on(struct smb_pipes *pipes);

/* Whether nothing waits in any of them to be called or read. */
bool smb_pipes_are_answered(const struct smb_pipes *pipes);

#endif
