/* SPDX-License-Identifier: MIT */
/* The client's end of one connection, from NEGOTIATE to the answers of NetrSessionEnum and
 * NetrSessionDel, as a state machine: state.c has the table of its steps. Bytes in, bytes and
 * events out. The caller moves the bytes, makes the tokens of the log-on, and acts on the
 * events; the state machine has no callbacks. */
#ifndef CLIENT_STATE_H
#define CLIENT_STATE_H

#include "client/pipe_call.h"
#include "client/server_name.h"
#include "client/transport_local.h"
#include "client/transport_smb2.h"

/* An interface that is bound, and the step of the bind as errors name it. */
struct client_interface {
	struct rpc_syntax syntax;
	const char *bind_step; /* static text */
};

extern const struct client_interface client_srvsvc, client_netsession_local;

/* Each step is named after what it sends. */
enum client_step {
	STEP_REQUEST_SESSION, /* NetBIOS alone */
	STEP_PROBE_SMB1,
	STEP_NEGOTIATE,
	STEP_SESSION_SETUP,
	STEP_TREE_CONNECT,
	STEP_CREATE,
	STEP_BIND, /* over the local transport the first step */
	STEP_READY,
	STEP_CALL,
	STEP_COUNT,
};

struct client_state {
	char host[SERVER_NAME_MAX_BYTES + 1]; /* for TREE_CONNECT */
	bool is_local;                        /* the local transport is used, not SMB2 */
	const struct client_interface *interface;
	enum client_step step;    /* whose reply comes next */
	enum client_step opening; /* the first step but STEP_REQUEST_SESSION */
	enum client_step unsent;  /* whose request is sent next; further than step: a compound, or
	                             all was sent */
	struct err err;
	struct transport_smb2 smb2;
	struct transport_local local;
	struct rpc_association rpc;
	struct wire_writer fragment; /* the one being sent */
	struct pipe_call call;
	/* The first call, where it may be sent with the bind: state.c, "a call with the bind". */
	enum {
		EARLY_CALL_UNKNOWN,
		EARLY_CALL_ALLOWED,
		EARLY_CALL_BEGUN,
		EARLY_CALL_SENT,
		EARLY_CALL_POSTPONED, /* until the pipe is ready: the server has refused it */
	} early_call;

	/* The log-on. */
	const uint8_t *token; /* for the next SESSION_SETUP; borrowed, NULL: it is not made yet */
	size_t token_bytes;
	struct wire_writer challenge; /* the server's last token */
	bool is_challenged, is_authenticated;
	bool must_encrypt;    /* the caller wants encryption, or the server asks for it */
	bool is_anonymous;    /* the caller asks for a null session */
	bool is_null_session; /* and the server has made one */

	/* The session has expired: state.c, "reauthentication". */
	bool has_expired;  /* it has to be authenticated again before anything else is sent */
	bool is_renewing;  /* SESSION_SETUP does that now */
	unsigned renewals; /* since the last answer to anything else */
	bool repeats_call; /* the last fragment of the call was refused */
	enum client_step resumed, resumed_unsent; /* what step and unsent are then */
};

/* How a connection to an SMB server opens. The probe asks in SMB1 whether the server knows SMB2: it
 * fails in any case, with ERROR_SMB1_NOT_AVAILABLE where a server that knows SMB1 only answers. */
enum client_opening { CLIENT_OPEN_SMB2, CLIENT_PROBE_SMB1 };

/* Copies host, which is at most SERVER_NAME_MAX_BYTES long. */
void client_state_init(struct client_state *s, const char *host, enum client_opening opening);
/* After one of the others: a NetBIOS session is requested first. */
void client_state_begin_netbios(struct client_state *s);
/* The same, offering one dialect alone. */
void client_state_init_dialect(struct client_state *s, const char *host, uint16_t dialect);
/* For a connection to the local service's socket. Keeps interface. */
void client_state_init_local(struct client_state *s, const struct client_interface *interface);
void client_state_fini(struct client_state *s);

/* Where the next bytes of the network go, and how many of them; NULL: out of memory. */
uint8_t *client_state_space(struct client_state *s, size_t *room);
void client_state_received(struct client_state *s, size_t bytes);
/* What is to be sent. The caller sends and clears it after each client_state_next. */
struct wire_writer *client_state_out(struct client_state *s);

enum client_event {
	CLIENT_EVENT_READ,      /* more bytes have to be received */
	CLIENT_EVENT_TOKEN,     /* challenge wants a token: client_state_take_token */
	CLIENT_EVENT_EXPIRED,   /* the session has expired: a log-on begins anew, with a first token
	                         */
	CLIENT_EVENT_LOGGED_ON, /* client_state_call_enum may begin a call now, before the pipe is
	                           open: it saves a round trip. Not every server allows that. */
	CLIENT_EVENT_READY,     /* the pipe is open, and no call was begun: client_state_call_... */
	CLIENT_EVENT_ROWS,      /* rows are there: client_state_next_row, until it gives no more */
	CLIENT_EVENT_ANSWER,    /* the call is answered: client_state_take_... */
	CLIENT_EVENT_FAILED,    /* the connection is of no more use: see err */
};

/* Sends what can be sent, works on what was received, and gives the next event. */
enum client_event client_state_next(struct client_state *s);

/* The next token of the log-on, borrowed until it is sent, and the session's key once the log-on is
 * complete, else NULL. The first token may be given at any time. */
void client_state_take_token(struct client_state *s, const uint8_t *token, size_t bytes,
                             const struct smb2_session_key *key);

/* Begin a call; the pipe has to be ready, but for an enumeration at CLIENT_EVENT_LOGGED_ON. An
 * enumeration is NetrSessionEnum over client_srvsvc, and LOCAL_ENUM_SESSIONS over
 * client_netsession_local; it fails by ERROR_NOT_ENOUGH_QUOTA where the rows need more than
 * max_bytes, 0: any number. With streams_rows, rows are given before their answer is complete. */
void client_state_call_enum(struct client_state *s, const struct session_enum_request *request,
                            size_t max_bytes, bool streams_rows);
void client_state_call_del(struct client_state *s, const struct session_del_request *request);
/* An operation of client_netsession_local. request: of LOCAL_LIST_ALSO_CLOSED; else NULL. */
void client_state_call_local(struct client_state *s, enum local_opnum opnum,
                             const struct session_del_request *request);

/* The next row of an answer that is still coming, as session_enum_decoder_row gives it. */
bool client_state_next_row(struct client_state *s, struct netsession_row *row, char **scratch,
                           size_t *scratch_bytes);

/* The answers, as pipe_call_end_... give them. The pipe is ready again then, unless
 * client_state_is_spent says otherwise. Return 0, or what stands in err. */
NET_API_STATUS client_state_take_enum(struct client_state *s, struct session_enum_answer *answer,
                                      void **infos);
/* The bytes of the rows that client_state_take_enum has given. */
size_t client_state_answer_bytes(const struct client_state *s);
NET_API_STATUS client_state_take_del(struct client_state *s, NET_API_STATUS *answer);
NET_API_STATUS client_state_take_local(struct client_state *s, struct wire_reader *stub);

/* An expired session is being authenticated again: CLIENT_EVENT_EXPIRED was given. */
bool client_state_is_renewing(const struct client_state *s);
/* It has expired again before anything was answered: the ticket was at its very end. The next
 * log-on does better to wait for a second, so that it gets another ticket. */
bool client_state_has_expired_again(const struct client_state *s);

/* The server's NEGOTIATE response; NULL: the server has not answered yet. */
const struct smb2_negotiate_response *client_state_negotiated(const struct client_state *s);

/* READs are in flight that would take the bytes of the next answer: no further call may use this
 * connection. */
bool client_state_is_spent(const struct client_state *s);

/* The pipe is ready, and nothing is in flight: another call may use this connection later. */
bool client_state_is_idle(const struct client_state *s);

/* All messages are encrypted. */
bool client_state_is_encrypted(const struct client_state *s);

/* TREE_CONNECT succeeded, whatever became of the steps behind it. */
bool client_state_has_tree(const struct client_state *s);

/* No message has come from the server, nor a part of one. Other packets of the NetBIOS session
 * service (RFC 1002 4.3), such as a keep-alive or a refusal, are no messages. */
bool client_state_received_nothing(const struct client_state *s);

/* The connection ended with err: adds the step, and what an end means there. */
void client_state_explain_end(const struct client_state *s, struct err *err);

/* The step as errors name it: "TREE_CONNECT IPC$". Static text. */
const char *client_state_step(const struct client_state *s);

#endif
