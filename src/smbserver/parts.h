/* SPDX-License-Identifier: MIT */
/* Inside src/smbserver only: a connection and what hangs on it. */
#ifndef SMBSERVER_PARTS_H
#define SMBSERVER_PARTS_H

#include "smb2/frames.h"
#include "smb2/pipe_info.h"
#include "smb2/sealing.h"
#include "smb2/signing.h"
#include "smb2/status.h"
#include "smbserver/credits.h"
#include "smbserver/smbserver.h"

/* Bounds of what one client may hold. */
enum {
	MAX_SESSIONS = 32, /* of a connection */
	MAX_LOG_ONS = 8,   /* of them, in progress */
	MAX_TREES = 16,    /* of a session */
	MAX_PIPES = 64,    /* of a session */
	MAX_WAITING = 64,  /* requests of a pipe that wait for its data */
	/* Of a connection, as Windows Server has it: <242>. */
	MAX_WAITING_IN_ALL = 512,
};

/* What may be done with the pipes of IPC$: read, write, attributes, synchronize, read control. */
#define MAXIMAL_ACCESS 0x0012019Fu

/* Not an NTSTATUS: the answer comes later, or never. */
#define ANSWERED_LATER 0xFFFFFFFFu

/* A request that waits for a pipe's data: READ, or IOCTL FSCTL_PIPE_TRANSCEIVE. */
struct waiting {
	struct waiting *next;
	struct smb2_header header; /* of the request; its AsyncId is ours */
	struct smbserver_session *session;
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
	struct waiting *waiting; /* in their order */
	unsigned waiting_count;
};

struct tree {
	struct tree *next;
	uint32_t id;
};

struct smbserver_session {
	struct smbserver *connection;
	struct smbserver_session *next;
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
	struct crypto_mac *signing_key; /* NULL: in progress, or a null session */
	struct smb2_sealing *sealing;   /* NULL: the same, or no cipher was agreed on */

	struct tree *trees;
	struct pipe *pipes;
	unsigned tree_count, pipe_count;
	uint32_t last_tree_id;
};

/* The responses to one message, which leave in one. */
struct chain {
	bool is_open;
	struct smbserver_session *sealed_for;
	size_t begin; /* in out */
	size_t count;
	size_t last_at;                   /* where the last response's header stands */
	struct smbserver_session *signer; /* who signs that one; NULL: nobody */
	bool failed;
};

struct smbserver {
	struct smbserver_settings *settings;
	const struct smbserver_host *host;
	void *context;
	const char *error;

	/* What was negotiated. dialect: 0 at first, SMB2_DIALECT_WILDCARD after an SMB1 opening. */
	uint16_t dialect;
	struct smb2_negotiate_offer offered;
	struct smb2_negotiate_response agreed;
	uint8_t preauth[CRYPTO_SHA512_BYTES];

	struct smb2_frames in;
	struct wire_writer out;
	struct chain chain;
	struct credit_window credits;

	struct smbserver_session *sessions;
	struct smbserver_session *gone; /* freed when the message that ended them is answered */
	struct waiting *ended;          /* told of it then */
	unsigned session_count, waiting_count;
	uint64_t last_file_id, last_async_id;
};

/* One request of a message. */
struct request {
	struct smb2_header header;
	struct wire_reader message; /* the whole of it, at its start */
	const uint8_t *bytes;
	size_t length;
	bool is_encrypted, is_first, is_last;
	const struct request *before;      /* in the message; NULL: the first */
	struct smbserver_session *session; /* NULL: there is none by its id */
	struct tree *tree;                 /* NULL: its command needs none */
	bool is_of_file;                   /* its command opens one, or uses one: */
	struct smb2_file_id file_id;       /* what a related one means by the same */
	uint32_t status;                   /* how it ended */
	bool is_lost;                      /* related to nothing, as is what follows it */
	bool wants_error_context;
};

/* ---- connection.c ---- */
void connection_fail(struct smbserver *c, const char *why);
bool connection_can_encrypt(const struct smbserver *c);

/* ---- reply.c: responses ---- */

/* Begins the responses to a message; sealed_for: NULL, or whose keys encrypt them. */
void chain_begin(struct smbserver *c, struct smbserver_session *sealed_for);
/* Begins a response: its body follows, then its header by chain_head. signer: NULL, or whose key
 * signs it. */
void chain_add(struct smbserver *c);
void chain_head(struct smbserver *c, const struct smb2_header *h, struct smbserver_session *signer);
/* Sends what was added. */
void chain_end(struct smbserver *c);
/* Says nothing instead. */
void chain_drop(struct smbserver *c);

/* The header of the response to a request, and the credits that go with it. */
struct smb2_header reply_header(struct smbserver *c, const struct smb2_header *request,
                                uint32_t status);

/* A response of its own: the body goes between these two. */
void reply_begin(struct smbserver *c, struct smbserver_session *s, bool is_encrypted);
void reply_end(struct smbserver *c, const struct smb2_header *request, uint32_t status,
               struct smbserver_session *s);

/* ---- dispatch.c ---- */

/* Answers a whole message, decrypted for sealed_for where that is not NULL. */
void dispatch_message(struct smbserver *c, uint8_t *message, size_t bytes,
                      struct smbserver_session *sealed_for);

/* ---- negotiate.c ---- */
void negotiate_smb1(struct smbserver *c, const uint8_t *message, size_t bytes);
/* Takes the answer to a NEGOTIATE into the preauthentication hash; r may be another request, or
 * NULL. */
void negotiate_answered(struct smbserver *c, const struct request *r);

/* ---- sessions.c ---- */
struct smbserver_session *session_find(const struct smbserver *c, uint64_t id);
/* NULL: there are too many, or no memory. */
struct smbserver_session *session_new(struct smbserver *c);
/* Takes it off the connection; its memory stays until sessions_bury. */
void session_end(struct smbserver_session *s);
void sessions_bury(struct smbserver *c);

/* ---- pipes.c ---- */
struct pipe *pipe_find(const struct smbserver_session *s, const struct smb2_file_id *id);
/* Closes it; those that wait for it are told. */
void pipe_end(struct smbserver_session *s, struct pipe *p);
void pipes_end_of_tree(struct smbserver_session *s, uint32_t tree_id);

/* Hands data to the pipe. False: it is broken. */
bool pipe_give(struct smbserver *c, struct pipe *p, const uint8_t *data, size_t bytes);
/* Whether nothing more comes behind what is in it. */
bool pipe_is_broken(const struct smbserver *c, const struct pipe *p);

/* Reads as much of p as max_bytes and its mode allow into out. Returns STATUS_SUCCESS or
 * STATUS_BUFFER_OVERFLOW. */
uint32_t pipe_take(struct smbserver *c, struct pipe *p, uint32_t max_bytes);

/* ---- waiting.c ---- */

/* Lets a request wait for p's data. Returns STATUS_PENDING, or why it cannot wait. */
uint32_t waiting_add(struct smbserver *c, const struct request *r, struct pipe *p,
                     uint32_t max_bytes);
/* Answers those who wait for p, as far as there is data. No chain is open. */
void waiting_serve(struct smbserver_session *s, struct pipe *p);
/* Ends them: they are told by waiting_tell. */
void waiting_end(struct smbserver_session *s, struct pipe *p, uint32_t status);
/* CANCEL, 3.3.5.16: the same for one request. */
void waiting_cancel(struct smbserver *c, const struct request *r);
/* Tells those whose waiting has ended. No chain is open. */
void waiting_tell(struct smbserver *c);

/* ---- the handlers of the commands ----
 *
 * Each appends its response's body to out. Returns the NTSTATUS: where that is an error, what was
 * appended is replaced by an error's body. */
uint32_t handle_negotiate(struct smbserver *c, struct request *r);
uint32_t handle_session_setup(struct smbserver *c, struct request *r);
uint32_t handle_logoff(struct smbserver *c, struct request *r);
uint32_t handle_tree_connect(struct smbserver *c, struct request *r);
uint32_t handle_tree_disconnect(struct smbserver *c, struct request *r);
uint32_t handle_create(struct smbserver *c, struct request *r);
uint32_t handle_close(struct smbserver *c, struct request *r);
uint32_t handle_flush(struct smbserver *c, struct request *r);
uint32_t handle_read(struct smbserver *c, struct request *r);
uint32_t handle_write(struct smbserver *c, struct request *r);
uint32_t handle_ioctl(struct smbserver *c, struct request *r);
uint32_t handle_echo(struct smbserver *c, struct request *r);
uint32_t handle_query_info(struct smbserver *c, struct request *r);
uint32_t handle_set_info(struct smbserver *c, struct request *r);

/* The pipe that a request means by id, which may be the one of the related request before it. NULL:
 * there is none, and *status says so. */
struct pipe *request_pipe(struct request *r, struct smb2_file_id id, uint32_t *status);

#endif
