/* SPDX-License-Identifier: MIT */
/* One conversation with one server, up to the answers of NetrSessionEnum and NetrSessionDel: which
 * request follows which answer. What is said over the pipe - bind, calls, their answers - is the
 * same everywhere; a carrier is what is below: SMB2 from NEGOTIATE on, or the plain stream of the
 * local service. Bytes in, bytes out; the caller moves them, and has the tokens of the log-on
 * made. */
#ifndef CLIENT_STATE_H
#define CLIENT_STATE_H

#include "base/err.h"
#include "local/interface.h"
#include "rpc/client_association.h"
#include "smb2/client_connection.h"
#include "smb2/read_write.h"
#include "srvsvc/session_del.h"
#include "srvsvc/session_enum.h"

/* READs in flight at once for a long answer. */
#define CLIENT_MAX_READS 8

/* What is called, and how stories name it. */
struct client_interface {
	struct rpc_syntax syntax;
	const char *name; /* static text */
};

extern const struct client_interface conversation_srvsvc, conversation_local;

struct client_state {
	const char *host; /* kept: for TREE_CONNECT; NULL: the local service */
	const struct client_interface *interface;
	const struct client_transport *carrier;
	unsigned step; /* of the carrier's table */
	struct err err;
	struct smb2_connection smb;
	struct plain_stream {
		uint8_t *in;            /* NULL: nothing has come yet */
		size_t in_bytes;        /* that came */
		struct wire_writer out; /* to be sent */
	} plain;
	struct rpc_association rpc;

	/* What was negotiated, until it is known that nobody changed it on the way. */
	struct smb2_negotiate_request offered;
	struct smb2_negotiate_response negotiated;
	enum { VALIDATION_NONE, VALIDATION_DUE, VALIDATION_SENT } validation;

	/* The log-on. */
	const uint8_t *token; /* to be sent with the next SESSION_SETUP; borrowed, NULL: none yet */
	size_t token_bytes;
	struct wire_writer challenge; /* the server's last token */
	bool challenged, authenticated;
	bool must_encrypt; /* the caller wants it, or the server asks for it */
	bool is_anonymous; /* the caller asks for a null session */
	bool is_null;      /* and the server has made one */

	/* The pipe. */
	unsigned open_taken;    /* of their answers */
	unsigned opened;        /* requests of TREE_CONNECT, CREATE, bind that were sent */
	bool in_compound;       /* the one before stands in the same message */
	unsigned refused_plain; /* answers that are of no interest: encryption came too late */
	struct smb2_file_id pipe;

	/* The call. */
	const struct client_method *method; /* of the table in session_call.c */
	struct wire_writer stub, fragment;
	size_t stub_sent;
	struct session_enum_decoder decoder; /* NetrSessionEnum's answer */
	struct wire_writer answer;           /* a shorter one's stub */
	bool answer_is_big_endian;
	bool streams_rows; /* CLIENT_EVENT_ROWS is wanted */
	uint32_t rows_given;
	uint32_t reads_sent, reads_taken;           /* sequence numbers */
	uint32_t stub_to_come, fragment_bytes;      /* of the answer; of its longest fragment */
	struct wire_writer early[CLIENT_MAX_READS]; /* READs that came before their turn */
	bool is_early[CLIENT_MAX_READS];
	bool answered;
};

/* How it opens. The probe asks in SMB1 whether there is SMB2: it fails in any case, with
 * ERROR_SMB1_NOT_AVAILABLE where a server that knows SMB1 only answers. */
enum client_opening { CLIENT_OPEN_SMB2, CLIENT_PROBE_SMB1 };

/* As client_state_init, offering one dialect alone. */
void client_state_init_dialect(struct client_state *c, const char *host, uint16_t dialect);

/* What NEGOTIATE brought; NULL: it has not yet. */
const struct smb2_negotiate_response *client_state_negotiated(const struct client_state *c);

/* Keeps host. */
void client_state_init(struct client_state *c, const char *host, enum client_opening opening);
/* With the local service, over a connection to its socket. Keeps interface. */
void client_state_init_local(struct client_state *c, const struct client_interface *interface);
void client_state_fini(struct client_state *c);

/* The network's side: where the next bytes go, *room of them, NULL: out of memory; that they have
 * come; and what is to be sent, which the caller clears. */
uint8_t *client_state_space(struct client_state *c, size_t *room);
void client_state_received(struct client_state *c, size_t bytes);
struct wire_writer *client_state_out(struct client_state *c);

enum client_event {
	CLIENT_EVENT_READ,   /* has to read from the network */
	CLIENT_EVENT_TOKEN,  /* wants a token for its challenge: client_state_take_token */
	CLIENT_EVENT_READY,  /* the pipe is open: conversation_ask_... */
	CLIENT_EVENT_ROWS,   /* client_state_next_row, until it has no more for now */
	CLIENT_EVENT_ANSWER, /* conversation_take_... */
	CLIENT_EVENT_FAILED, /* see err */
};

/* Works on what has come. Afterwards there may be something to send. */
enum client_event client_state_next(struct client_state *c);

/* The log-on's next token, borrowed until it is sent; key once the exchange is complete, else
 * NULL. The first token may be handed over at any time. */
void client_state_take_token(struct client_state *c, const uint8_t *token, size_t bytes,
                             const struct smb2_session_key *key);

/* Send NetrSessionEnum or NetrSessionDel. The pipe has to be ready. With streams_rows, rows are
 * given before their answer is complete. */
void client_state_call_enum(struct client_state *c, const struct session_enum_request *request,
                            bool streams_rows);
void client_state_call_del(struct client_state *c, const struct session_del_request *request);
/* Call an operation of conversation_local. request: of LOCAL_LIST_ALSO_CLOSED; else NULL. */
void client_state_call_local(struct client_state *c, enum local_opnum opnum,
                             const struct session_del_request *request);

/* The next row of an answer that is still coming; as of session_enum_decoder_row. */
bool client_state_next_row(struct client_state *c, struct netsession_row *row, char **scratch,
                           size_t *scratch_bytes);

/* The answers: to NetrSessionEnum as of session_enum_decoder_finish, to NetrSessionDel its status,
 * of the local service's operations the stub, borrowed until the next call. Then the pipe is ready
 * again, unless client_state_is_spent says otherwise. Return what stands in err. */
NET_API_STATUS client_state_take_enum(struct client_state *c, struct session_enum_answer *answer,
                                      void **infos);
NET_API_STATUS client_state_take_del(struct client_state *c, NET_API_STATUS *answer);
NET_API_STATUS client_state_take_local(struct client_state *c, struct wire_reader *stub);

/* More READs were sent than the answer needed, and would swallow the next one: a server whose
 * fragments come otherwise than it told. */
bool client_state_is_spent(const struct client_state *c);

/* The pipe is ready, and nothing is on its way: another call may use it later. */
bool client_state_is_idle(const struct client_state *c);

/* TREE_CONNECT succeeded, whatever became of the rest. */
bool client_state_has_tree(const struct client_state *c);

/* Not one byte has come from the server. */
bool client_state_received_nothing(const struct client_state *c);

/* The connection ended with err: adds where, and what that means there. */
void client_state_explain_end(const struct client_state *c, struct err *err);

/* What it is about at present, for the story of a deadline: "TREE_CONNECT". Static text. */
const char *client_state_step(const struct client_state *c);

#endif
