/* SPDX-License-Identifier: MIT */
/* Inside src/smbserver only: a connection and what hangs on it. */
#ifndef SMB2_SERVER_INTERNAL_H
#define SMB2_SERVER_INTERNAL_H

#include "smb2/frames.h"
#include "smb2/info.h"
#include "smb2/encryption.h"
#include "smb2/signing.h"
#include "smb2/status.h"
#include "smb2_server/credits.h"
#include "smb2_server/server.h"

/* Bounds of what one client may hold. */
enum {
	MAX_SESSIONS = 32,           /* of a connection */
	MAX_LOG_ONS = 8,             /* of them, in progress */
	MAX_TREES = 16,              /* of a session */
	MAX_PIPES = 64,              /* of a session */
	MAX_PENDING_PUBLISHERS = 64, /* requests of a pipe that wait for its data */
	/* Of a connection, as Windows Server has it: <242>. */
	MAX_PENDING_IN_ALL = 512,
};

/* What may be done with the pipes of IPC$: read, write, attributes, synchronize, read control. */
#define MAXIMAL_ACCESS 0x0012019Fu

/* Not an NTSTATUS: the answer comes later, or never. */
#define ANSWERED_LATER 0xFFFFFFFFu

/* A request that waits for a pipe's data: READ, or IOCTL FSCTL_PIPE_TRANSCEIVE. */
struct pending_request {
	struct pending_request *next;
	struct smb2_header header; /* of the request; its AsyncId is ours */
	struct smb2_server_session *session;
	bool is_encrypted;
	struct smb2_file_id id;
	uint32_t max_bytes;
	uint32_t status; /* of one that waits no more: why not */
};

struct pipe {
	struct pipe *next;
	struct smb2_file_id id;
	uint32_t tree_id;
	void *of_host;
	bool is_broken;
	struct smb2_pipe_mode mode;
	struct pending_request *pending; /* in their order */
	unsigned pending_count;
};

struct tree {
	struct tree *next;
	uint32_t id;
};

struct smb2_server_session {
	struct smb2_server *connection;
	struct smb2_server_session *next;
	uint64_t id;
	void *tag; /* the host's */
	enum { SESSION_IN_PROGRESS, SESSION_VALID, SESSION_GONE } state;
	struct identity *who; /* held; NULL until it is valid */
	bool is_null;
	bool must_encrypt;

	/* The SESSION_SETUP whose token is being judged. */
	bool is_authenticating, setup_is_encrypted;
	struct smb2_header setup;
	uint64_t previous_id;

	uint8_t preauth[CRYPTO_SHA512_BYTES];
	struct crypto_mac *signing_key;  /* NULL: in progress, or a null session */
	struct smb2_encryption *sealing; /* NULL: the same, or no cipher was agreed on */

	struct tree *trees;
	struct pipe *pipes;
	unsigned tree_count, pipe_count;
	uint32_t last_tree_id;
};

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

struct smb2_server {
	struct smb2_server_settings *settings;
	const struct smb2_server_host *host;
	void *context;
	const char *error;

	/* What was negotiated. dialect: 0 at first, SMB2_DIALECT_WILDCARD after an SMB1 opening. */
	uint16_t dialect;
	struct smb2_negotiate_offer offered;
	struct smb2_negotiate_response agreed;
	uint8_t preauth[CRYPTO_SHA512_BYTES];

	struct smb2_frames in;
	struct wire_writer out;
	struct compound compound;
	struct credit_window credits;

	struct smb2_server_session *sessions;
	struct smb2_server_session
		*ended_sessions; /* freed when the message that ended them is answered */
	struct pending_request *ended_requests; /* told of it then */
	unsigned session_count, pending_count;
	uint64_t last_file_id, last_async_id;
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
};

/* ---- connection.c ---- */
void smb2_server_fail(struct smb2_server *c, const char *why);
bool smb2_server_can_encrypt(const struct smb2_server *c);

/* ---- reply.c: responses ---- */

/* Begins the responses to a message; sealed_for: NULL, or whose keys encrypt them. */
void compound_begin(struct smb2_server *c, struct smb2_server_session *sealed_for);
/* Begins a response: its body follows, then its header by compound_put_header. signer: NULL, or
 * whose key signs it. */
void compound_add(struct smb2_server *c);
void compound_put_header(struct smb2_server *c, const struct smb2_header *h,
                         struct smb2_server_session *signer);
/* Sends what was added. */
void compound_end(struct smb2_server *c);
/* Says nothing instead. */
void compound_drop(struct smb2_server *c);

/* The header of the response to a request, and the credits that go with it. */
struct smb2_header response_header(struct smb2_server *c, const struct smb2_header *request,
                                   uint32_t status);

/* A response of its own: the body goes between these two. */
void response_begin(struct smb2_server *c, struct smb2_server_session *s, bool is_encrypted);
void response_end(struct smb2_server *c, const struct smb2_header *request, uint32_t status,
                  struct smb2_server_session *s);

/* ---- dispatch.c ---- */

/* Answers a whole message, decrypted for sealed_for where that is not NULL. */
void message_dispatch_requests(struct smb2_server *c, uint8_t *message, size_t bytes,
                               struct smb2_server_session *sealed_for);

/* ---- negotiate.c ---- */
void negotiate_from_smb1(struct smb2_server *c, const uint8_t *message, size_t bytes);
/* Takes the answer to a NEGOTIATE into the preauthentication hash; r may be another request, or
 * NULL. */
void negotiate_hash_response(struct smb2_server *c, const struct request *r);

/* ---- sessions.c ---- */
struct smb2_server_session *smb2_session_find(const struct smb2_server *c, uint64_t id);
/* NULL: there are too many, or no memory. */
struct smb2_server_session *smb2_session_new(struct smb2_server *c);
/* Takes it off the connection; its memory stays until smb2_session_free_ended. */
void smb2_session_end(struct smb2_server_session *s);
void smb2_session_free_ended(struct smb2_server *c);

/* ---- pipes.c ---- */
struct pipe *pipe_find(const struct smb2_server_session *s, const struct smb2_file_id *id);
/* Closes it; those that wait for it are told. */
void pipe_close(struct smb2_server_session *s, struct pipe *p);
void pipe_close_all_of_tree(struct smb2_server_session *s, uint32_t tree_id);

/* Hands data to the pipe. False: it is broken. */
bool pipe_write_data(struct smb2_server *c, struct pipe *p, const uint8_t *data, size_t bytes);
/* Whether nothing more comes behind what is in it. */
bool pipe_is_broken(const struct smb2_server *c, const struct pipe *p);

/* Reads as much of p as max_bytes and its mode allow into out. Returns STATUS_SUCCESS or
 * STATUS_BUFFER_OVERFLOW. */
uint32_t pipe_read_data(struct smb2_server *c, struct pipe *p, uint32_t max_bytes);

/* ---- waiting.c ---- */

/* Lets a request wait for p's data. Returns STATUS_PENDING, or why it cannot wait. */
uint32_t pending_add(struct smb2_server *c, const struct request *r, struct pipe *p,
                     uint32_t max_bytes);
/* Answers those who wait for p, as far as there is data. No chain is open. */
void pending_serve_pipe(struct smb2_server_session *s, struct pipe *p);
/* Ends them: they are told by pending_respond_ended. */
void pending_end_pipe(struct smb2_server_session *s, struct pipe *p, uint32_t status);
/* CANCEL, 3.3.5.16: the same for one request. */
void pending_cancel(struct smb2_server *c, const struct request *r);
/* Tells those whose waiting has ended. No chain is open. */
void pending_respond_ended(struct smb2_server *c);

/* ---- the handlers of the commands ----
 *
 * Each appends its response's body to out. Returns the NTSTATUS: where that is an error, what was
 * appended is replaced by an error's body. */
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

/* The pipe that a request means by id, which may be the one of the related request before it. NULL:
 * there is none, and *status says so. */
struct pipe *request_find_pipe(struct request *r, struct smb2_file_id id, uint32_t *status);

#endif
