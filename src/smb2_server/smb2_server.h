/* SPDX-License-Identifier: MIT */
/* The server's side of one SMB2 or SMB3 connection: [MS-SMB2] 3.3. It serves the share IPC$ and the
 * named pipes in it.
 *
 * The server does no I/O, knows no clock and never calls the program around it, its host. The host
 * puts in the bytes that the client has sent, and takes out events:
 *
 *	space = smb2_server_space(server, &room);
 *	... reads at most room bytes from the client into space ...
 *	smb2_server_received(server, bytes, now);
 *	while (smb2_server_next_event(server, &event))
 *		... handles the event ...
 *
 * A request that needs the host's answer waits, together with the compound that it is part of,
 *until the host has handled the event and asks for the next one. While the host handles an event,
 *it may call any function below, for example to report data of a pipe or to close a session. None
 *of them frees a session or a pipe: both exist until the host has handled the event which says that
 * they are closed. */
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
	uint16_t least_dialect; /* earlier ones are refused; 0: none is */
	const uint8_t *hint;    /* the SPNEGO token in the NEGOTIATE response; borrowed */
	size_t hint_bytes;
	/* Session ids are unique and grow, by steps that nobody can guess: whoever changes a
	 * SESSION_SETUP on its way could name another session of the same user as the previous one,
	 * which then ends. */
	uint64_t last_session_id;
	bool counts_session_ids; /* ids are 1, 2, 3: for input that was recorded */
};

enum smb2_server_event_type {
	/* data is a token of a log-on to session. The host copies the token, and answers with
	 * smb2_server_authenticated, at once or later. */
	SMB2_SERVER_AUTHENTICATE,
	/* The first log-on to session has succeeded: it has an identity now. */
	SMB2_SERVER_SESSION_ESTABLISHED,
	/* The identity or the number of pipes of session has changed. */
	SMB2_SERVER_SESSION_CHANGED,
	/* A request was received in session. */
	SMB2_SERVER_SESSION_USED,
	/* The session has ended, and its pipes were closed before. This is the last event of every
	 * session, also of one that was never established. */
	SMB2_SERVER_SESSION_CLOSED,
	/* The client has given up its session with the id previous_id, which may be on another
	 * connection. The host closes that session if it belongs to the same account as session,
	 * 3.3.5.5.3. */
	SMB2_SERVER_CLOSE_PREVIOUS_SESSION,
	/* The client opens the pipe called name, which has no leading backslash. The host answers
	 * with smb2_server_pipe_opened or smb2_server_pipe_refused. Without an answer the pipe is
	 * refused with STATUS_INSUFFICIENT_RESOURCES. */
	SMB2_SERVER_PIPE_OPEN,
	/* The client wrote data to the pipe. The host answers with smb2_server_pipe_update. */
	SMB2_SERVER_PIPE_WRITE,
	/* The client reads from the pipe. The host appends at most max_bytes of the next message
	 * to to, and answers with smb2_server_pipe_update. */
	SMB2_SERVER_PIPE_READ,
	/* The pipe was closed. This is the last event of every pipe that the host has opened. */
	SMB2_SERVER_PIPE_CLOSED,
	/* The host sends data to the client, and calls smb2_server_sent. The event is repeated
	 * until it does, and no other message is answered before: the server holds the responses to
	 * one message, and to pending requests. A host with too much unsent data delays the call.
	 */
	SMB2_SERVER_SEND,
	/* The host closes the connection, because of reason. The event is repeated. */
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
/* Ends all sessions. Afterwards the only events are SMB2_SERVER_PIPE_CLOSED and
 * SMB2_SERVER_SESSION_CLOSED. */
void smb2_server_close(struct smb2_server *c);
/* Frees the server. A host that keeps anything for sessions or pipes calls smb2_server_close
 * before, and handles the events. NULL is allowed. */
void smb2_server_free(struct smb2_server *c);

/* Where the next bytes of the client go: *room of them at most. NULL: out of memory. To be called
 * when there is no event left, or only SMB2_SERVER_SEND. */
uint8_t *smb2_server_space(struct smb2_server *c, size_t *room);
/* So many bytes were received into that space. now is the time as a FILETIME. */
void smb2_server_received(struct smb2_server *c, size_t bytes, uint64_t now);

/* Gives the next event. False: there is none until the client sends more, or the host calls another
 * function. */
bool smb2_server_next_event(struct smb2_server *c, struct smb2_server_event *event);

/* Answers SMB2_SERVER_SEND: the data was sent or copied. */
void smb2_server_sent(struct smb2_server *c);

/* How a step of a log-on ended. Texts and bytes are borrowed. */
struct smb2_server_authentication {
	/* STATUS_SUCCESS, STATUS_MORE_PROCESSING_REQUIRED, or why the log-on failed. A failed
	 * reauthentication ends the session, unless this is STATUS_INSUFFICIENT_RESOURCES. */
	uint32_t nt;
	const uint8_t *token; /* for the client */
	size_t token_bytes;
	/* With STATUS_SUCCESS: who logged on, which the session holds, and the session key, which
	 * is empty for a null session. */
	struct identity *identity;
	struct smb2_session_key key;
};

/* Answers SMB2_SERVER_AUTHENTICATE. Returns authentication->nt, or why the session does not allow
 * the log-on. */
uint32_t smb2_server_authenticated(struct smb2_server *c, struct smb2_server_session *s,
                                   const struct smb2_server_authentication *authentication);

/* Ends a session, 3.3.4.12, after the message that is being answered. Its pending requests are
 * answered with STATUS_CANCELLED, and later requests with STATUS_USER_SESSION_DELETED. */
void smb2_server_close_session(struct smb2_server *c, struct smb2_server_session *s);

/* Expires a session, 3.3.6.3: until its client has authenticated it again, requests other than
 * SESSION_SETUP, LOGOFF, CLOSE, LOCK, ECHO and CANCEL are answered with
 * STATUS_NETWORK_SESSION_EXPIRED. Trees, pipes, keys and pending requests stay. Nothing happens to
 * a session without a log-on. */
void smb2_server_expire_session(struct smb2_server *c, struct smb2_server_session *s);

/* The identity is NULL until the first log-on has succeeded. */
uint64_t smb2_server_session_id(const struct smb2_server_session *s);
struct identity *smb2_server_session_identity(const struct smb2_server_session *s); /* borrowed */
unsigned smb2_server_session_pipes(const struct smb2_server_session *s);
/* Whether the last request was encrypted or, before the first one, all have to be. */
bool smb2_server_session_is_encrypted(const struct smb2_server_session *s);
/* SMB2_DIALECT_*, once a session is established. */
uint16_t smb2_server_dialect(const struct smb2_server *c);
/* The host's own, NULL at first. */
void *smb2_server_session_tag(const struct smb2_server_session *s);
void smb2_server_session_set_tag(struct smb2_server_session *s, void *tag);

/* The first session of a connection, and the next one; NULL: there is none. Sessions that have
 * ended are not listed. */
struct smb2_server_session *smb2_server_sessions(const struct smb2_server *c);
struct smb2_server_session *smb2_server_session_next(const struct smb2_server_session *s);

/* Answer SMB2_SERVER_PIPE_OPEN: with the host's own, which is not NULL, or with an NTSTATUS. */
void smb2_server_pipe_opened(struct smb2_server_pipe *p, void *tag);
void smb2_server_pipe_refused(struct smb2_server_pipe *p, uint32_t nt);
void *smb2_server_pipe_tag(const struct smb2_server_pipe *p);

/* What a pipe has for the client. The host is asked for the data when the client reads. */
struct smb2_server_pipe_state {
	size_t readable_bytes; /* of all messages */
	size_t message_left;   /* how much of the message that was read last is still unread */
	bool has_ended;        /* nothing follows the readable bytes */
	bool is_broken;        /* the last write failed; the pipe stays broken */
};

/* Answers SMB2_SERVER_PIPE_WRITE and SMB2_SERVER_PIPE_READ. The host calls it whenever the state of
 * a pipe has changed; pending requests are answered by the events that follow. */
void smb2_server_pipe_update(struct smb2_server_pipe *p,
                             const struct smb2_server_pipe_state *state);

#endif
