/* SPDX-License-Identifier: MIT */
/* One conversation with one server, up to the answers of NetrSessionEnum and NetrSessionDel: which
 * request follows which answer. What is said over the pipe - bind, calls, their answers - is the
 * same everywhere; a carrier is what is below: SMB2 from NEGOTIATE on, or the plain stream of the
 * local service. Bytes in, bytes out; the caller moves them, and has the tokens of the log-on
 * made. */
#ifndef CLIENT_CONVERSATION_H
#define CLIENT_CONVERSATION_H

#include "base/err.h"
#include "local/local_service.h"
#include "rpc/association.h"
#include "smb2/connection.h"
#include "smb2/pipe_io.h"
#include "srvsvc/session_del.h"
#include "srvsvc/session_enum.h"

/* READs in flight at once for a long answer. */
#define CONVERSATION_MAX_READS 8

/* What is called, and how stories name it. */
struct conversation_interface {
	struct rpc_syntax syntax;
	const char *name; /* static text */
};

extern const struct conversation_interface conversation_srvsvc, conversation_local;

struct conversation {
	const char *host; /* kept: for TREE_CONNECT; NULL: the local service */
	const struct conversation_interface *interface;
	const struct carrier *carrier;
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
	const struct conversation_method *method; /* of the table in session_call.c */
	struct wire_writer stub, fragment;
	size_t stub_sent;
	struct session_enum_decoder decoder; /* NetrSessionEnum's answer */
	struct wire_writer answer;           /* a shorter one's stub */
	bool answer_is_big_endian;
	bool streams_rows; /* CONVERSATION_ROWS is wanted */
	uint32_t rows_given;
	uint32_t reads_sent, reads_taken;      /* sequence numbers */
	uint32_t stub_to_come, fragment_bytes; /* of the answer; of its longest fragment */
	struct wire_writer early[CONVERSATION_MAX_READS]; /* READs that came before their turn */
	bool is_early[CONVERSATION_MAX_READS];
	bool answered;
};

/* How it opens. The probe asks in SMB1 whether there is SMB2: it fails in any case, with
 * ERROR_SMB1_NOT_AVAILABLE where a server that knows SMB1 only answers. */
enum conversation_opening { CONVERSATION_SMB2, CONVERSATION_PROBE_SMB1 };

/* As conversation_init, offering one dialect alone. */
void conversation_init_only(struct conversation *c, const char *host, uint16_t dialect);

/* What NEGOTIATE brought; NULL: it has not yet. */
const struct smb2_negotiate_response *conversation_negotiated(const struct conversation *c);

/* Keeps host. */
void conversation_init(struct conversation *c, const char *host, enum conversation_opening opening);
/* With the local service, over a connection to its socket. Keeps interface. */
void conversation_init_local(struct conversation *c,
                             const struct conversation_interface *interface);
void conversation_fini(struct conversation *c);

/* The network's side: where the next bytes go, *room of them, NULL: out of memory; that they have
 * come; and what is to be sent, which the caller clears. */
uint8_t *conversation_space(struct conversation *c, size_t *room);
void conversation_received(struct conversation *c, size_t bytes);
struct wire_writer *conversation_out(struct conversation *c);

enum conversation_event {
	CONVERSATION_READ,   /* has to read from the network */
	CONVERSATION_TOKEN,  /* wants a token for its challenge: conversation_take_token */
	CONVERSATION_READY,  /* the pipe is open: conversation_ask_... */
	CONVERSATION_ROWS,   /* conversation_next_row, until it has no more for now */
	CONVERSATION_ANSWER, /* conversation_take_... */
	CONVERSATION_FAILED, /* see err */
};

/* Works on what has come. Afterwards there may be something to send. */
enum conversation_event conversation_next(struct conversation *c);

/* The log-on's next token, borrowed until it is sent; key once the exchange is complete, else
 * NULL. The first token may be handed over at any time. */
void conversation_take_token(struct conversation *c, const uint8_t *token, size_t bytes,
                             const struct smb2_session_key *key);

/* Send NetrSessionEnum or NetrSessionDel. The pipe has to be ready. With streams_rows, rows are
 * given before their answer is complete. */
void conversation_ask_enum(struct conversation *c, const struct session_enum_request *request,
                           bool streams_rows);
void conversation_ask_del(struct conversation *c, const struct session_del_request *request);
/* Call an operation of conversation_local. request: of LOCAL_LIST_BESIDE; else NULL. */
void conversation_ask_local(struct conversation *c, enum local_opnum opnum,
                            const struct session_del_request *request);

/* The next row of an answer that is still coming; as of session_enum_decoder_row. */
bool conversation_next_row(struct conversation *c, struct netsession_row *row, char **scratch,
                           size_t *scratch_bytes);

/* The answers: to NetrSessionEnum as of session_enum_decoder_finish, to NetrSessionDel its status,
 * of the local service's operations the stub, borrowed until the next call. Then the pipe is ready
 * again, unless conversation_is_spent says otherwise. Return what stands in err. */
NET_API_STATUS conversation_take_enum(struct conversation *c, struct session_enum_answer *answer,
                                      void **infos);
NET_API_STATUS conversation_take_del(struct conversation *c, NET_API_STATUS *answer);
NET_API_STATUS conversation_take_local(struct conversation *c, struct wire_reader *stub);

/* More READs were sent than the answer needed, and would swallow the next one: a server whose
 * fragments come otherwise than it told. */
bool conversation_is_spent(const struct conversation *c);

/* The pipe is ready, and nothing is on its way: another call may use it later. */
bool conversation_is_idle(const struct conversation *c);

/* TREE_CONNECT succeeded, whatever became of the rest. */
bool conversation_has_tree(const struct conversation *c);

/* Not one byte has come from the server. */
bool conversation_heard_nothing(const struct conversation *c);

/* The connection ended with err: adds where, and what that means there. */
void conversation_explain_end(const struct conversation *c, struct err *err);

/* What it is about at present, for the story of a deadline: "TREE_CONNECT". Static text. */
const char *conversation_doing(const struct conversation *c);

#endif
