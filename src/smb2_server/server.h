/* SPDX-License-Identifier: MIT */
/* The SMB2/3 server of one connection, with IPC$ and its pipes alone: [MS-SMB2] 3.3. Bytes in,
 * bytes out; who logs on is judged, and what pipes carry is made, by its host. */
#ifndef SMB2_SERVER_SERVER_H
#define SMB2_SERVER_SERVER_H

#include <stdbool.h>
#include "auth/identity.h"
#include "smb2/negotiate.h"
#include "smb2/session.h"

struct smb2_server;
struct smb2_server_session;

enum smb2_server_encryption {
	SMB2_SERVER_ENCRYPTION_OFFERED, /* for clients that want it */
	SMB2_SERVER_ENCRYPTION_REQUIRED,
	SMB2_SERVER_ENCRYPTION_OFF,
};

/* What all connections of a server share. */
struct smb2_server_settings {
	uint8_t guid[SMB2_GUID_BYTES];
	enum smb2_server_encryption encryption;
	const uint8_t *hint; /* the token that NEGOTIATE's answer carries; borrowed */
	size_t hint_bytes;
	uint64_t last_session_id; /* given: no two connections have the same */
};

/* How a step of a log-on ended. Texts and bytes are borrowed. */
struct smb2_server_authentication {
	uint32_t nt; /* STATUS_SUCCESS, STATUS_MORE_PROCESSING_REQUIRED, or why not */
	const uint8_t *token;
	size_t token_bytes;
	/* With STATUS_SUCCESS: who it is, held by the session; a null session's key is empty. */
	struct identity *who;
	struct smb2_session_key key;
};

/* What the server asks of who runs it. Each gets the context of smb2_server_new. */
struct smb2_server_host {
	/* A token came; smb2_server_authenticated answers it, later and not from within. Copies the
	 * token. False: out of memory. */
	bool (*authenticate)(void *context, struct smb2_server_session *s, const uint8_t *token,
	                     size_t bytes);
	/* FILETIME. */
	uint64_t (*now)(void *context);

	/* A session is there; something of it changed: who, how many pipes; it was used; it is no
	 * more, whether it had come or not. */
	void (*session_came)(void *context, struct smb2_server_session *s);
	void (*session_changed)(void *context, struct smb2_server_session *s);
	void (*session_used)(void *context, struct smb2_server_session *s);
	void (*session_went)(void *context, struct smb2_server_session *s);
	/* The client says that its session with this id is dead: on any connection, if it is the
	 * same account's, 3.3.5.5.3. */
	void (*close_previous)(void *context, struct smb2_server_session *s, uint64_t id);

	/* Opens the pipe, whose name has no leading backslash. NULL: *nt says why. */
	void *(*pipe_open)(void *context, struct smb2_server_session *s, const char *name,
	                   uint32_t *nt);
	/* False: the pipe is broken. */
	bool (*pipe_write)(void *pipe, const uint8_t *data, size_t bytes);
	/* Bytes that can be read; 0: none yet. */
	size_t (*pipe_pending)(void *pipe);
	/* At most max_bytes of the next message; *left gives the rest of that one. */
	size_t (*pipe_read)(void *pipe, struct wire_writer *to, size_t max_bytes, size_t *left);
	/* Whether nothing will come any more, once what is pending was read. */
	bool (*pipe_is_over)(void *pipe);
	void (*pipe_close)(void *pipe);
};

/* Keeps settings, host and context. NULL: out of memory. */
struct smb2_server *smb2_server_new(struct smb2_server_settings *settings,
                                    const struct smb2_server_host *host, void *context);
/* Every session goes. NULL is allowed. */
void smb2_server_free(struct smb2_server *c);

/* Where the next bytes from the network go, as of smb2_frames_space; how many came. */
uint8_t *smb2_server_space(struct smb2_server *c, size_t *room);
void smb2_server_received(struct smb2_server *c, size_t bytes);

/* WORKED: one message more was dealt with; look at the output, and call it again. */
enum smb2_server_progress { SMB2_SERVER_WORKED, SMB2_SERVER_WANTS_BYTES, SMB2_SERVER_CLOSE };
enum smb2_server_progress smb2_server_work(struct smb2_server *c);

/* What is to be sent: whoever sends it clears it. */
struct wire_writer *smb2_server_out(struct smb2_server *c);

/* Why it is to be closed: static text; NULL: it is not. */
const char *smb2_server_error(const struct smb2_server *c);

/* The answer to authenticate. Returns how the step ended: what log_on says, or why the session does
 * not allow that. */
uint32_t smb2_server_authenticated(struct smb2_server *c, struct smb2_server_session *s,
                                   const struct smb2_server_authentication *log_on);

/* There may be something in pipes that nobody wrote to just now. */
void smb2_server_pipes_changed(struct smb2_server *c);

/* Ends a session, 3.3.4.12: its pipes are closed, and whoever still uses it is told
 * STATUS_USER_SESSION_DELETED. session_went is called from here. */
void smb2_server_close_session(struct smb2_server *c, struct smb2_server_session *s);

/* A session, or one that is being made: who is NULL then. */
uint64_t smb2_server_session_id(const struct smb2_server_session *s);
struct identity *smb2_server_session_identity(const struct smb2_server_session *s); /* borrowed */
unsigned smb2_server_session_pipes(const struct smb2_server_session *s);
/* The host's own, NULL at first. */
void *smb2_server_session_tag(const struct smb2_server_session *s);
void smb2_server_session_set_tag(struct smb2_server_session *s, void *tag);

/* The first of a connection's sessions, and the one behind another; NULL: there is none. */
struct smb2_server_session *smb2_server_sessions(const struct smb2_server *c);
struct smb2_server_session *smb2_server_session_next(const struct smb2_server_session *s);

#endif
