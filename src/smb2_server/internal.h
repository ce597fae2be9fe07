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

/* Bounds of what one client may hold. */
enum {
	MAX_SESSIONS = 32, /* of a connection */
	MAX_LOG_ONS = 8,   /* of them, in progress */
	MAX_TREES = 16,    /* of a session */
	MAX_PIPES = 64,    /* of a session */
	MAX_PENDING = 64,  /* requests that wait for data of one pipe */
	/* Of a connection, as Windows Server has it: <242>. */
	MAX_PENDING_IN_ALL = 512,
};

/* What may be done with the pipes of IPC$: read, write, attributes, synchronize, read control. */
#define MAXIMAL_ACCESS 0x0012019Fu

/* Not an NTSTATUS: the request has no response here. It comes later, or never. */
#define NO_RESPONSE 0xFFFFFFFFu
/* Not an NTSTATUS: the host has to handle the question first. Then the request goes on. */
#define WAITS_FOR_HOST 0xFFFFFFFEu

/* A READ, or an IOCTL with FSCTL_PIPE_TRANSCEIVE, that waits for a pipe's data. */
struct pending_request {
	STAILQ_ENTRY(pending_request) link;
	struct smb2_header header; /* of the request; its AsyncId is ours */
	struct smb2_server_session *session;
	bool is_encrypted;
	uint32_t max_bytes;
	uint32_t status; /* of one that has ended: why it gets no data */
};

STAILQ_HEAD(pending_requests, pending_request);

struct smb2_server_pipe {
	TAILQ_ENTRY(smb2_server_pipe) link;
	struct smb2_server_session *session;
	struct smb2_file_id id;
	uint32_t tree_id;
	void *tag;            /* the host's; NULL: it has not opened the pipe */
	uint32_t open_status; /* until it has: why not */
	struct smb2_server_pipe_state state;
	struct smb2_pipe_mode mode;
	struct pending_requests pending; /* in their order */
	unsigned pending_count;
	bool is_given; /* by SMB2_SERVER_PIPE_CLOSED */
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
	enum { SESSION_IN_PROGRESS, SESSION_VALID, SESSION_ENDED } state;
	struct identity *identity; /* held; NULL until it is valid */
	bool is_null;
	bool must_encrypt;
	bool is_to_close; /* the host wants it */

	/* Events that the host was not given yet. */
	bool was_used, was_established, was_changed, names_previous;
	bool is_given; /* by SMB2_SERVER_SESSION_CLOSED */

	/* The SESSION_SETUP whose token is being judged. */
	bool is_authenticating, setup_is_encrypted;
	struct smb2_header setup;
	uint64_t previous_id;

	uint8_t preauth[CRYPTO_SHA512_BYTES];
	struct crypto_mac *signing_key;     /* NULL: in progress, or a null session */
	struct smb2_encryption *encryption; /* NULL: the same, or no cipher was agreed on */

	LIST_HEAD(, tree) trees;
	struct pipe_list pipes;
	unsigned tree_count, pipe_count;
	uint32_t last_tree_id;
};

TAILQ_HEAD(session_list, smb2_server_session);

/* The responses to one message, which leave in one. */
struct compound {
	bool is_open;
	struct smb2_server_session *encrypted_for;
	size_t begin; /* in out */
	size_t count;
	size_t last_at;                     /* where the last response's header stands */
	struct smb2_server_session *signer; /* who signs that one; NULL: nobody */
	bool failed;
};

/* One request of a message. */
struct request {
	struct smb2_header header;
	struct wire_reader message; /* the whole of it, at its start */
	const uint8_t *bytes;
	size_t length;
	bool is_encrypted, is_first, is_last;
	const struct request *before;        /* in the message; NULL: the first */
	struct smb2_server_session *session; /* NULL: there is none by its id */
	struct tree *tree;                   /* NULL: its command needs none */
	bool is_of_file;                     /* its command opens one, or uses one: */
	struct smb2_file_id file_id;         /* what a related one means by the same */
	uint32_t status;                     /* how it ended */
	bool is_lost;                        /* related to nothing, as is what follows it */
	bool wants_error_context;

	/* Of one that waits for the host: how it goes on, and what it has to know then. */
	uint32_t (*resume)(struct smb2_server *c, struct request *r);
	struct smb2_server_pipe *pipe;
	uint32_t count; /* bytes written, or to be read at most */
};

/* The message that is being answered. */
struct message {
	bool is_open;
	uint8_t *at; /* the next request */
	size_t left; /* bytes from there on */
	struct smb2_server_session *encrypted_for;
	struct request requests[2];   /* the current one, and the one before it */
	struct request *waiting;      /* the current one, while it waits for the host */
	const struct request *before; /* the last one that was answered; NULL: none was */
	size_t response_at;           /* in out: where the current one's response begins */
};

/* Data of a pipe that goes into a response: one at a time. */
struct pipe_reading {
	struct smb2_server_pipe *pipe;
	uint16_t command;   /* READ, or IOCTL */
	size_t data_at;     /* in out */
	size_t asked_at;    /* where the host appends what it was asked for */
	uint32_t max_bytes; /* that are left to be read */
	size_t message_left;
};

struct smb2_server {
	struct smb2_server_settings *settings;
	const char *error; /* why the connection has to end */
	bool is_closed;    /* the host has ended it */
	uint64_t now;      /* FILETIME: when the last bytes came */

	/* What was negotiated. dialect: 0 at first, SMB2_DIALECT_WILDCARD after an SMB1 opening. */
	uint16_t dialect;
	struct smb2_negotiate_offer offered;
	struct smb2_negotiate_response agreed;
	uint8_t preauth[CRYPTO_SHA512_BYTES];

	struct smb2_frames in;
	struct message message;
	struct wire_writer out;
	struct compound compound;
	struct credit_window credits;

	/* What the host has to do before the current request goes on. */
	bool has_question;
	struct smb2_server_event question;
	char name[SMB2_NAME_BYTES];       /* of the pipe that is asked for */
	struct smb2_server_pipe *opening; /* that the host is asked to open */
	struct pipe_reading reading;

	struct session_list sessions;
	struct session_list ended_sessions; /* freed when the host knows, and nothing needs them */
	struct pipe_list closed_pipes;      /* freed when the host knows */
	struct pending_requests ended_requests;
	struct pending_request *serving; /* the pending request that data is read for */
	unsigned session_count, pending_count;
	uint64_t last_file_id, last_async_id;
};

/* The connection has to end. The first reason stands. */
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

/* Begins the responses to a message; encrypted_for: NULL, or whose keys encrypt them. */
void compound_begin(struct smb2_server *c, struct smb2_server_session *encrypted_for);
/* Begins a response: its body follows, then its header by compound_put_header. signer: NULL, or
 * whose key signs it. */
void compound_add(struct smb2_server *c);
void compound_put_header(struct smb2_server *c, const struct smb2_header *h,
                         struct smb2_server_session *signer);
/* Sends what was added. */
void compound_end(struct smb2_server *c);
/* Sends nothing instead. */
void compound_drop(struct smb2_server *c);

/* The header of the response to a request, and the credits that go with it. */
struct smb2_header response_header(struct smb2_server *c, const struct smb2_header *request,
                                   uint32_t status);

/* A response of its own: the body goes between these two. */
void response_begin(struct smb2_server *c, struct smb2_server_session *s, bool is_encrypted);
void response_end(struct smb2_server *c, const struct smb2_header *request, uint32_t status,
                  struct smb2_server_session *s);

/* ---- pending.c ---- */

/* Lets a request wait for p's data. Returns STATUS_PENDING, or why it cannot wait. */
uint32_t pending_add(struct smb2_server *c, const struct request *r, struct smb2_server_pipe *p,
                     uint32_t max_bytes);
/* Takes the one that has waited longest. */
struct pending_request *pending_take_first(struct smb2_server *c, struct smb2_server_pipe *p);
/* Ends all that wait for p: they are answered by pending_respond_ended. */
void pending_end_all(struct smb2_server *c, struct smb2_server_pipe *p, uint32_t status);
/* CANCEL, 3.3.5.16: ends the one of the session's requests that it means. */
void pending_cancel(struct smb2_server *c, struct smb2_server_session *s,
                    const struct smb2_header *cancel);
/* Answers those that have ended. No compound is open. */
void pending_respond_ended(struct smb2_server *c);
/* The same without an answer. */
void pending_drop_ended(struct smb2_server *c);

/* ---- pipe.c ---- */

struct smb2_server_pipe *pipe_find(const struct smb2_server_session *s,
                                   const struct smb2_file_id *id);
/* Asks the host to open one by the name in c. Returns WAITS_FOR_HOST, or
 * STATUS_INSUFFICIENT_RESOURCES. */
uint32_t pipe_open_begin(struct smb2_server *c, struct smb2_server_session *s);
/* Gives the pipe that the host has opened; NULL: it refused, and *status says why. */
struct smb2_server_pipe *pipe_open_end(struct smb2_server *c, uint32_t *status);
/* Adds it to its session's. */
void pipe_add(struct smb2_server *c, struct smb2_server_pipe *p, uint32_t tree_id);
/* Closes it; requests that wait for its data have ended. */
void pipe_close(struct smb2_server *c, struct smb2_server_pipe *p);
/* Closes one that is not among its session's. */
void pipe_discard(struct smb2_server *c, struct smb2_server_pipe *p);
/* Whether nothing more comes behind what is readable. */
bool pipe_has_ended(const struct smb2_server_pipe *p);

/* The pipe that a request means by id, which may be the one of the related request before it. NULL:
 * there is none, and *status says so. */
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

/* Answers the first pending request for which there is data, or whose pipe has ended. False: there
 * is none. */
bool pipe_serve_pending(struct smb2_server *c);
/* The host has handled what that one waits for. */
void pipe_serve_resume(struct smb2_server *c);

/* ---- sessions.c ---- */
struct smb2_server_session *smb2_session_find(const struct smb2_server *c, uint64_t id);
/* NULL: there are too many, or no memory. */
struct smb2_server_session *smb2_session_new(struct smb2_server *c);
/* Takes it off the connection, with all it has. */
void smb2_session_end(struct smb2_server *c, struct smb2_server_session *s);
/* Ends a session that the host wants closed. False: there is none. */
bool smb2_session_end_marked(struct smb2_server *c);
/* Frees those that have ended and that nothing needs any more. */
void smb2_session_free_ended(struct smb2_server *c);
struct tree *smb2_session_find_tree(const struct smb2_server_session *s, uint32_t id);
/* NULL: there are too many, or no memory. */
struct tree *smb2_session_add_tree(struct smb2_server_session *s);
/* Closes its pipes, too. */
void smb2_session_remove_tree(struct smb2_server *c, struct smb2_server_session *s, struct tree *t);

/* ---- message.c ---- */

/* Begins to answer a message, decrypted for encrypted_for where that is not NULL. */
void message_begin(struct smb2_server *c, uint8_t *message, size_t bytes,
                   struct smb2_server_session *encrypted_for);
/* Goes on with it: by one request at most. */
void message_advance(struct smb2_server *c);

/* ---- negotiate.c ---- */
void negotiate_from_smb1(struct smb2_server *c, const uint8_t *message, size_t bytes);
/* Takes the response to a NEGOTIATE into the preauthentication hash; r may be another request, or
 * NULL. */
void negotiate_hash_response(struct smb2_server *c, const struct request *r);

/* ---- the handlers of the commands ----
 *
 * Each appends its response's body to out. Returns the NTSTATUS: where that is an error, what was
 * appended is replaced by an error's body. A handler that returns WAITS_FOR_HOST has set resume,
 * which is called in its place when the host has answered. */
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
