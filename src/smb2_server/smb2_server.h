/* SPDX-License-Identifier: MIT */
/* The server's side of one SMB2 or SMB3 connection: [MS-SMB2] 3.3. It serves the share IPC$ and the
 * named pipes in it.
 *
 * The server does no I/O, knows no clock and never calls its host, as the program around it is
 * called here. The host puts in the bytes that the client sent, and takes out events:
 *
 *	space = smb2_server_space(server, &room);
 *	... reads at most room bytes from the client into space ...
 *	smb2_server_received(server, bytes, now);
 *	while (smb2_server_next_event(server, &event))
 *		... handles the event ...
 *
 * A request that needs the host's answer stays where it is, with the compound that it is part of,
 * until the host has handled the event and asks for the next one. So whatever the host learns while
 * it handles an event - data for a pipe, that a pipe has ended, that a session is to be closed - is
 * told to the server from there, by one of the functions below. None of them frees anything: a
 * session and a pipe exist until the event that says they are closed was handled. */
#ifndef SMB2_SERVER_SMB2_SERVER_H
#define SMB2_SERVER_SMB2_SERVER_H

#include <stdbool.h>
#include "auth/identity.h"
#include "smb2/negotiate.h"
#include "smb2/session.h"

struct smb2_server;
struct smb2_server_session;
struct smb2_server_pipe;

enum smb2_server_encryption {
	SMB2_SERVER_ENCRYPTION_OFFERED, /* for clients that want it */
	SMB2_SERVER_ENCRYPTION_REQUIRED,
	SMB2_SERVER_ENCRYPTION_OFF,
};

/* What all connections of a server share. */
struct smb2_server_settings {
	uint8_t guid[SMB2_GUID_BYTES];
	enum smb2_server_encryption encryption;
	const uint8_t *hint; /* the SPNEGO token in the NEGOTIATE response; borrowed */
	size_t hint_bytes;
	uint64_t last_session_id; /* the server counts it up: session ids are unique */
};

enum smb2_server_event_type {
	/* data is a token of a log-on to session. The host copies the token, and answers with
	 * smb2_server_authenticated, at once or later. */
	SMB2_SERVER_AUTHENTICATE,
	/* A log-on has succeeded, and session has an identity. */
	SMB2_SERVER_SESSION_ESTABLISHED,
	/* The session's identity, or its number of pipes, is another one now. */
	SMB2_SERVER_SESSION_CHANGED,
	/* A request came in the session. */
	SMB2_SERVER_SESSION_USED,
	/* The session has ended; all its pipes were closed before. Every session ends with this
	 * event, also one that was never established. */
	SMB2_SERVER_SESSION_CLOSED,
	/* The client says that its session with the id previous_id is dead, on whatever connection
	 * that is. The host closes that session if it belongs to the same account as this one,
	 * 3.3.5.5.3. */
	SMB2_SERVER_CLOSE_PREVIOUS_SESSION,
	/* The client opens the pipe called name, which has no leading backslash. The host answers
	 * with smb2_server_pipe_opened or smb2_server_pipe_refused. A pipe that it does neither
	 * with is refused for want of memory. */
	SMB2_SERVER_PIPE_OPEN,
	/* The client wrote data to the pipe. The host answers with smb2_server_pipe_update. */
	SMB2_SERVER_PIPE_WRITE,
	/* The client reads from the pipe. The host appends at most max_bytes of the next message
	 * to to, and answers with smb2_server_pipe_update. */
	SMB2_SERVER_PIPE_READ,
	/* The pipe was closed: the last event of every pipe that the host has opened. */
	SMB2_SERVER_PIPE_CLOSED,
	/* data has to be sent to the client. The event comes again until the host has called
	 * smb2_server_sent; until then the server answers no other message. So a host that has too
	 * much unsent waits with that call. */
	SMB2_SERVER_SEND,
	/* The connection has to be closed, because of reason. The event comes again. */
	SMB2_SERVER_DISCONNECT,
};

/* Everything in an event is borrowed until the next event is asked for. */
struct smb2_server_event {
	enum smb2_server_event_type type;
	struct smb2_server_session *session;
	struct smb2_server_pipe *pipe;
	const uint8_t *data;
	size_t bytes; /* of data */
	const char *name;
	uint64_t previous_id;
	struct wire_writer *to;
	size_t max_bytes;
	const char *reason; /* static text */
};

/* Keeps settings. NULL: out of memory. */
struct smb2_server *smb2_server_new(struct smb2_server_settings *settings);
/* Ends every session, and answers no request any more: SMB2_SERVER_PIPE_CLOSED and
 * SMB2_SERVER_SESSION_CLOSED are the only events that still come. */
void smb2_server_close(struct smb2_server *c);
/* Frees the server. A host with anything of its own in sessions or pipes calls smb2_server_close
 * before, and handles the events. NULL is allowed. */
void smb2_server_free(struct smb2_server *c);

/* Where the next bytes from the network go, as of smb2_frames_space, and how many came at what
 * time: now is a FILETIME. Both only when there is no event left but SMB2_SERVER_SEND. */
uint8_t *smb2_server_space(struct smb2_server *c, size_t *room);
void smb2_server_received(struct smb2_server *c, size_t bytes, uint64_t now);

/* Goes on to the next event. False: there is none until the client sends more, or the host says
 * more. */
bool smb2_server_next_event(struct smb2_server *c, struct smb2_server_event *event);

/* The data of SMB2_SERVER_SEND was sent, or is kept elsewhere. */
void smb2_server_sent(struct smb2_server *c);

/* How a step of a log-on ended. Texts and bytes are borrowed. */
struct smb2_server_authentication {
	/* STATUS_SUCCESS, STATUS_MORE_PROCESSING_REQUIRED, or why the log-on failed. A session that
	 * is renewed ends when that fails, but for STATUS_INSUFFICIENT_RESOURCES. */
	uint32_t nt;
	const uint8_t *token; /* for the client */
	size_t token_bytes;
	/* With STATUS_SUCCESS: who logged on, held by the session, and the session key, which is
	 * empty for a null session. */
	struct identity *identity;
	struct smb2_session_key key;
};

/* Answers SMB2_SERVER_AUTHENTICATE. Returns how the step ended: what authentication says, or why
 * the session does not allow that. */
uint32_t smb2_server_authenticated(struct smb2_server *c, struct smb2_server_session *s,
                                   const struct smb2_server_authentication *authentication);

/* Ends a session, 3.3.4.12, once the message that is being answered is answered. Requests that
 * wait for data of its pipes are answered with STATUS_CANCELLED, later ones with
 * STATUS_USER_SESSION_DELETED. */
void smb2_server_close_session(struct smb2_server *c, struct smb2_server_session *s);

/* A session, and one whose log-on has not succeeded yet: its identity is NULL. */
uint64_t smb2_server_session_id(const struct smb2_server_session *s);
struct identity *smb2_server_session_identity(const struct smb2_server_session *s); /* borrowed */
unsigned smb2_server_session_pipes(const struct smb2_server_session *s);
/* The host's own, NULL at first. */
void *smb2_server_session_tag(const struct smb2_server_session *s);
void smb2_server_session_set_tag(struct smb2_server_session *s, void *tag);

/* The first of a connection's sessions, and the one behind another; NULL: there is none. Sessions
 * that have ended are not among them. */
struct smb2_server_session *smb2_server_sessions(const struct smb2_server *c);
struct smb2_server_session *smb2_server_session_next(const struct smb2_server_session *s);

/* Answer SMB2_SERVER_PIPE_OPEN: with the host's own, which is not NULL, or with an NTSTATUS. */
void smb2_server_pipe_opened(struct smb2_server_pipe *p, void *tag);
void smb2_server_pipe_refused(struct smb2_server_pipe *p, uint32_t nt);
void *smb2_server_pipe_tag(const struct smb2_server_pipe *p);

/* What a pipe has for the client. The server asks for the data itself when the client reads. */
struct smb2_server_pipe_state {
	size_t readable_bytes; /* of all messages */
	size_t message_left;   /* of the message that was read last, what was not read of it */
	bool has_ended;        /* nothing comes behind those */
	bool is_broken;        /* what was written last was not taken. It stays broken */
};

/* Answers SMB2_SERVER_PIPE_WRITE and SMB2_SERVER_PIPE_READ. The host calls it whenever the state of
 * a pipe has changed; who waits for data of the pipe is answered by the events that follow. */
void smb2_server_pipe_update(struct smb2_server_pipe *p,
                             const struct smb2_server_pipe_state *state);

#endif
