/* SPDX-License-Identifier: MIT */
/* Inside src/smb2_server only: a connection and what it has. The files, each of which calls only
 * those above it:
 *
 *	credits.c        message ids
 *	response.c       responses and their compounds
 *	pending.c        requests that wait for a pipe's data
 *	pipe.c           open pipes, and what is read from them
 *	sessions.c       sessions with their trees
 *	negotiate.c, session_requests.c, pipe_requests.c, pipe_control.c
 *	                 the handlers of the commands
 *	message.c        a message's requests, one after another
 *	server.c         bytes in, events out
 */
#ifndef SMB2_SERVER_INTERNAL_H
#define SMB2_SERVER_INTERNAL_H

#include <sys/queue.h>
#include "smb2/encryption.h"
#include "smb2/frames.h"
#include "smb2/header.h"
#include "smb2/info.h"
#include "smb2/signing.h"
#include "smb2/status.h"
#include "smb2_server/credits.h"
#include "smb2_server/smb2_server.h"

/* Limits for one client. */
enum {
	MAX_SESSIONS = 32, /* of a connection */
	MAX_LOG_ONS = 8,   /* of them, in progress */
	MAX_TREES = 16,    /* of a session */
	MAX_PIPES = 64,    /* of a session */
	MAX_PENDING = 64,  /* requests that wait for data of one pipe */
	/* Of a connection, as Windows Server has it: <242>. */
	MAX_PENDING_IN_ALL = 512,
};

/* The access that IPC$ grants: read, write, attributes, synchronize, read control. */
#define MAXIMAL_ACCESS 0x0012019Fu

/* Not an NTSTATUS: the response is sent later, or never. */
#define NO_RESPONSE 0xFFFFFFFFu
/* Not an NTSTATUS: the host has to handle c->question before the request goes on. */
#define WAITS_FOR_HOST 0xFFFFFFFEu

/* A READ, or an IOCTL with FSCTL_PIPE_TRANSCEIVE, that waits for a pipe's data. */
struct pending_request {
	STAILQ_ENTRY(pending_request) link;
	struct smb2_header header; /* of the request, with the AsyncId that was assigned to it */
	struct smb2_server_session *session;
	bool is_encrypted;
	uint32_t max_bytes;
	uint32_t status; /* why it has ended without data */
};

STAILQ_HEAD(pending_requests, pending_request);

struct smb2_server_pipe {
	TAILQ_ENTRY(smb2_server_pipe) link;
	struct smb2_server_session *session;
	struct smb2_file_id id;
	uint32_t tree_id;
	void *tag;            /* the host's; NULL: the host has not opened the pipe */
	uint32_t open_status; /* the reason why it has not */
	struct smb2_server_pipe_state state;
	struct smb2_pipe_mode mode;
	struct pending_requests pending; /* in their order */
	unsigned pending_count;
	bool is_given; /* the host was given SMB2_SERVER_PIPE_CLOSED */
	char name[];
};

TAILQ_HEAD(pipe_list, smb2_server_pipe);

struct tree {
	LIST_ENTRY(tree) link;
	uint32_t id;
};

struct smb2_server_session {
	TAILQ_ENTRY(smb2_server_session) link;
	uint64_t id;
	void *tag; /* the host's */
	/* An expired session stays so while it is authenticated again. */
	enum { SESSION_IN_PROGRESS, SESSION_VALID, SESSION_EXPIRED, SESSION_ENDED } state;
	struct identity *identity; /* held; NULL until the first log-on has succeeded */
	bool is_null;
	bool must_encrypt;
	bool is_encrypted; /* the last request was */
	bool is_to_close;  /* the host wants the session to end */

	/* Events that the host has not been given yet. */
	bool was_used, was_established, was_changed, names_previous;
	bool is_given; /* the host was given SMB2_SERVER_SESSION_CLOSED */

	/* The SESSION_SETUP whose token the host authenticates. */
	bool is_authenticating, setup_is_encrypted;
	struct smb2_header setup;
	uint64_t previous_id;

	uint8_t preauth[CRYPTO_SHA512_BYTES];
	struct crypto_mac *signing_key;     /* NULL: the log-on is in progress, or a null session */
	struct smb2_encryption *encryption; /* NULL: the same, or no cipher was agreed on */

	LIST_HEAD(, tree) trees;
	struct pipe_list pipes;
	unsigned tree_count, pipe_count;
	uint32_t last_tree_id;
};

TAILQ_HEAD(session_list, smb2_server_session);

/* The responses to one message, which are sent in one message. */
struct compound {
	bool is_open;
	struct smb2_server_session *encrypted_for;
	size_t begin; /* in out */
	size_t count;
	size_t last_at;                     /* where the header of the last response begins */
	struct smb2_server_session *signer; /* whose key signs it; NULL: it is not signed */
	bool failed;
};

/* One request of a message. */
struct request {
	struct smb2_header header;
	struct wire_reader message; /* the whole request, at its start */
	const uint8_t *bytes;
	size_t length;
	bool is_encrypted, is_first, is_last;
	const struct request *before;        /* the previous request of the message, or NULL */
	struct smb2_server_session *session; /* NULL: the session id does not exist */
	struct tree *tree;                   /* NULL: the command needs none */
	bool is_of_file;                     /* the command opens or uses a file: */
	struct smb2_file_id file_id;         /* which a related request uses, too */
	uint32_t status;                     /* of the response */
	bool is_lost;                        /* it is related to no request */
	bool wants_error_context;

	/* While it waits for the host: how it goes on, and what that needs to know. */
	uint32_t (*resume)(struct smb2_server *c, struct request *r);
	struct smb2_server_pipe *pipe;
	uint32_t count; /* bytes that were written, or that may be read */
};

/* The message that is being answered. */
struct message {
	uint8_t *at; /* the next request */
	size_t left; /* bytes from there on */
	struct smb2_server_session *encrypted_for;
	struct request requests[2];   /* the current request and the previous one */
	struct request *waiting;      /* the current request, while it waits for the host */
	const struct request *before; /* the last request that was answered, or NULL */
	size_t response_at;           /* where the body of the current response begins in out */
};

/* The response that data of a pipe is read into. There is one at a time. */
struct pipe_reading {
	struct smb2_server_pipe *pipe;
	uint16_t command;   /* READ, or IOCTL */
	size_t data_at;     /* in out */
	size_t asked_at;    /* where the host appends data */
	uint32_t max_bytes; /* how much more the client wants */
	size_t message_left;
};

struct smb2_server {
	struct smb2_server_settings *settings;
	const char *error; /* why the connection has to end */
	bool is_closed;    /* the host has ended it */
	uint64_t now;      /* FILETIME when the last bytes were received */

	/* What was negotiated. dialect is 0 at first, and SMB2_DIALECT_WILDCARD after an SMB1
	 * NEGOTIATE. */
	uint16_t dialect;
	bool has_netbios_session; /* the client asked for one */
	struct smb2_negotiate_offer offered;
	struct smb2_negotiate_response agreed;
	uint8_t preauth[CRYPTO_SHA512_BYTES];

	struct smb2_frames in;
	struct message *message; /* NULL: none is being answered */
	struct wire_writer out;
	struct compound compound;
	struct credit_window credits;

	/* The event that the host has to handle before the current request goes on. */
	bool has_question;
	struct smb2_server_event question;
	struct smb2_server_pipe *opening; /* that the host is asked to open, or NULL */
	struct pipe_reading reading;

	struct session_list sessions;
	/* These are freed when the host has handled the event about their end, and sessions only
	 * when their keys are not needed any more. */
	struct session_list ended_sessions;
	struct pipe_list closed_pipes;
	struct pending_requests ended_requests;
	struct pending_request *serving; /* the one that data is being read for, or NULL */
	unsigned session_count, pending_count;
	uint64_t last_file_id, last_async_id;
};

/* The connection has to end. The first reason is kept. */
static inline void smb2_server_fail(struct smb2_server *c, const char *why)
{
	if (c->error == NULL)
		c->error = why;
}

static inline bool smb2_server_can_encrypt(const struct smb2_server *c)
{
	return c->agreed.cipher != SMB2_CIPHER_NONE;
}

/* Asks the host. Returns WAITS_FOR_HOST. */
static inline uint32_t smb2_server_ask(struct smb2_server *c, struct smb2_server_event question)
{
	c->question = question;
	c->has_question = true;
	return WAITS_FOR_HOST;
}

/* ---- response.c ---- */

/* Begins the responses to a message. They are encrypted with the keys of encrypted_for, unless that
 * is NULL. */
void compound_begin(struct smb2_server *c, struct smb2_server_session *encrypted_for);
/* Begins a response: the caller appends its body, and then calls compound_put_header. */
void compound_add(struct smb2_server *c);
/* The response is signed with the key of signer, unless that is NULL. */
void compound_put_header(struct smb2_server *c, const struct smb2_header *h,
                         struct smb2_server_session *signer);
/* Sends the responses. */
void compound_end(struct smb2_server *c);
/* Sends nothing instead. */
void compound_drop(struct smb2_server *c);

/* The header of the response to a request, with the credits that it grants. */
struct smb2_header response_header(struct smb2_server *c, const struct smb2_header *request,
                                   uint32_t status);

/* A message with one response: the caller appends the body between these two calls. */
void response_begin(struct smb2_server *c, struct smb2_server_session *s, bool is_encrypted);
void response_end(struct smb2_server *c, const struct smb2_header *request, uint32_t status,
                  struct smb2_server_session *s);

/* ---- pending.c ---- */

/* Lets a request wait for data of p. Returns STATUS_PENDING, or why it cannot wait. */
uint32_t pending_add(struct smb2_server *c, const struct request *r, struct smb2_server_pipe *p,
                     uint32_t max_bytes);
/* Removes and gives the request that has waited longest; there is one. */
struct pending_request *pending_take_first(struct smb2_server *c, struct smb2_server_pipe *p);
/* Ends all requests that wait for p: pending_respond_ended answers them with status. */
void pending_end_all(struct smb2_server *c, struct smb2_server_pipe *p, uint32_t status);
/* Ends the SESSION_SETUP that authenticates a valid session again, because that session ends:
 * pending_respond_ended answers it with STATUS_USER_SESSION_DELETED. */
void pending_end_setup(struct smb2_server *c, struct smb2_server_session *s);
/* CANCEL, 3.3.5.16: ends the request of the session that cancel refers to. */
void pending_cancel(struct smb2_server *c, struct smb2_server_session *s,
                    const struct smb2_header *cancel);
/* Answers the requests that have ended. No compound is open. */
void pending_respond_ended(struct smb2_server *c);
/* Frees them without an answer. */
void pending_drop_ended(struct smb2_server *c);

/* ---- pipe.c ---- */

struct smb2_server_pipe *pipe_find(const struct smb2_server_session *s,
                                   const struct smb2_file_id *id);
/* Asks the host to open a pipe. Returns WAITS_FOR_HOST, or STATUS_INSUFFICIENT_RESOURCES. */
uint32_t pipe_open_begin(struct smb2_server *c, struct smb2_server_session *s, const char *name);
/* Gives the pipe that the host has opened. NULL: the host has refused, see *status. */
struct smb2_server_pipe *pipe_open_end(struct smb2_server *c, uint32_t *status);
/* Adds an opened pipe to its session and tree. */
void pipe_add(struct smb2_server *c, struct smb2_server_pipe *p, uint32_t tree_id);
/* Closes a pipe, and ends the requests that wait for its data. */
void pipe_close(struct smb2_server *c, struct smb2_server_pipe *p);
/* Closes a pipe that was never added. */
void pipe_discard(struct smb2_server *c, struct smb2_server_pipe *p);
/* Whether nothing more follows the readable data. */
bool pipe_has_ended(const struct smb2_server_pipe *p);

/* The pipe with this id, or for a related request the pipe of the previous request. NULL: there is
 * none, see *status. */
struct smb2_server_pipe *request_find_pipe(struct request *r, struct smb2_file_id id,
                                           uint32_t *status);

/* Gives data to the pipe. Returns WAITS_FOR_HOST, or STATUS_PIPE_BROKEN. */
uint32_t pipe_write_begin(struct smb2_server *c, struct smb2_server_pipe *p, const uint8_t *data,
                          size_t bytes);

/* Puts the body of a READ's or an IOCTL's response into out, with as much of the pipe's data as
 * max_bytes and its mode allow; r is not used. Both return WAITS_FOR_HOST, or STATUS_SUCCESS, or
 * STATUS_BUFFER_OVERFLOW where a message is longer. */
uint32_t pipe_read_begin(struct smb2_server *c, struct smb2_server_pipe *p, uint16_t command,
                         uint32_t max_bytes);
uint32_t pipe_read_resume(struct smb2_server *c, struct request *r);

/* Answers a pending request for which there is data, or ends those whose pipe has ended. False:
 * there are none. */
bool pipe_serve_pending(struct smb2_server *c);
/* Goes on with that request when the host has appended data. */
void pipe_serve_resume(struct smb2_server *c);

/* ---- sessions.c ---- */
struct smb2_server_session *smb2_session_find(const struct smb2_server *c, uint64_t id);
/* NULL: there are too many sessions, or no memory. */
struct smb2_server_session *smb2_session_new(struct smb2_server *c);
/* Ends a session with its trees and pipes. */
void smb2_session_end(struct smb2_server *c, struct smb2_server_session *s);
/* Ends a session that the host wants to end. False: there is none. */
bool smb2_session_end_marked(struct smb2_server *c);
/* Frees the sessions that have ended, if their keys are not needed any more. The host has been
 * given all events about them. */
void smb2_session_free_ended(struct smb2_server *c);
struct tree *smb2_session_find_tree(const struct smb2_server_session *s, uint32_t id);
/* NULL: there are too many trees, or no memory. */
struct tree *smb2_session_add_tree(struct smb2_server_session *s);
/* Closes the pipes of the tree as well. */
void smb2_session_remove_tree(struct smb2_server *c, struct smb2_server_session *s, struct tree *t);

/* ---- message.c ---- */

/* Begins to answer a message, which was decrypted with the keys of encrypted_for unless that is
 * NULL. */
void message_begin(struct smb2_server *c, uint8_t *message, size_t bytes,
                   struct smb2_server_session *encrypted_for);
/* Goes on with the message, by one request at most. */
void message_advance(struct smb2_server *c);

/* ---- negotiate.c ---- */
void negotiate_from_smb1(struct smb2_server *c, const uint8_t *message, size_t bytes);
/* Adds the response to r to the preauthentication hash if r is a NEGOTIATE. r may be NULL. */
void negotiate_hash_response(struct smb2_server *c, const struct request *r);

/* ---- the handlers of the commands ----
 *
 * Each appends the body of its response to out and returns the NTSTATUS. If that is an error, the
 * body of an error replaces what was appended. A handler that returns WAITS_FOR_HOST has set
 * r->resume, which is called when the host has handled the event. */
uint32_t request_handle_negotiate(struct smb2_server *c, struct request *r);
uint32_t request_handle_session_setup(struct smb2_server *c, struct request *r);
uint32_t request_handle_logoff(struct smb2_server *c, struct request *r);
uint32_t request_handle_tree_connect(struct smb2_server *c, struct request *r);
uint32_t request_handle_tree_disconnect(struct smb2_server *c, struct request *r);
uint32_t request_handle_create(struct smb2_server *c, struct request *r);
uint32_t request_handle_close(struct smb2_server *c, struct request *r);
uint32_t request_handle_flush(struct smb2_server *c, struct request *r);
uint32_t request_handle_read(struct smb2_server *c, struct request *r);
uint32_t request_handle_write(struct smb2_server *c, struct request *r);
uint32_t request_handle_ioctl(struct smb2_server *c, struct request *r);
uint32_t request_handle_echo(struct smb2_server *c, struct request *r);
uint32_t request_handle_query_info(struct smb2_server *c, struct request *r);
uint32_t request_handle_set_info(struct smb2_server *c, struct request *r);

#endif
