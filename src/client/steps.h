/* SPDX-License-Identifier: MIT */
/* Inside a conversation: its steps, each named after what it sends, and what they share. */
#ifndef CLIENT_STEPS_H
#define CLIENT_STEPS_H

#include "client/state.h"

enum { STEP_NEGOTIATE, STEP_LOG_ON, STEP_OPEN_PIPE, STEP_BIND, STEP_READY, STEP_CALL };

/* Each step sends what it can and takes the answers to that. It ends by entering another. */
struct client_step {
	const char *doing; /* NULL: this carrier has no such step */
	void (*send)(struct client_state *c);
	void (*receive)(struct client_state *c, struct smb2_reply *reply); /* of SMB2 */
};

/* What carries a pipe's bytes. */
struct client_transport {
	const struct client_step *steps;
	/* Takes a piece of what has come. False: more has to come first. */
	bool (*take)(struct client_state *c);
	/* Nothing is on its way. */
	bool (*is_at_rest)(const struct client_state *c);
	uint8_t *(*space)(struct client_state *c, size_t *room);
	void (*received)(struct client_state *c, size_t bytes);
	struct wire_writer *(*out)(struct client_state *c);
};

/* smb2_carrier.c, local_carrier.c */
extern const struct client_transport smb2_carrier, local_carrier;

/* What a request is about, over all steps: it comes back with the answer. */
enum {
	TAG_TREE_CONNECT,
	TAG_CREATE,
	TAG_BIND,
	TAG_LOG_ON, /* NEGOTIATE and SESSION_SETUP */
	TAG_CALL,
	TAG_VALIDATE,
	TAG_READ = 0x10000, /* and its sequence number, cut to 16 bits */
};

/* conversation.c */
void step_enter(struct client_state *c, unsigned step);
/* The first failure is the conversation's. */
void step_fail(struct client_state *c, NET_API_STATUS status, const char *why);

/* smb2_carrier.c */
/* An answer that refuses: its NTSTATUS is the story. */
void step_refuse(struct client_state *c, const char *doing, uint32_t nt);
/* Whether an answer decoded; the story of it if not. */
bool step_decoded(struct client_state *c, const struct smb2_reply *reply);

/* log_on.c */
void negotiate_send(struct client_state *c);
void negotiate_receive(struct client_state *c, struct smb2_reply *reply);
void session_setup_send(struct client_state *c);
void session_setup_receive(struct client_state *c, struct smb2_reply *reply);

/* open_pipe.c */
void open_pipe_send(struct client_state *c);
void open_pipe_receive(struct client_state *c, struct smb2_reply *reply);

/* pipe.c */
bool pipe_carries_data(uint32_t nt);
void pipe_take_transceive(struct client_state *c, struct smb2_reply *reply);
void pipe_take_read(struct client_state *c, struct smb2_reply *reply);
void pipe_call_send(struct client_state *c);
void pipe_call_receive(struct client_state *c, struct smb2_reply *reply);

/* association.c: what is said over the pipe, whatever carries it. */
/* The bind, and a call's next fragment, into fragment. */
void association_bind(struct client_state *c);
void association_fragment(struct client_state *c);
bool association_has_fragment(const struct client_state *c);
/* Bytes of the pipe, in their order. */
void association_feed(struct client_state *c, const uint8_t *data, size_t bytes);
/* An answer, or the rest of it, is waited for. */
bool association_wants_more(const struct client_state *c);

/* session_call.c */
/* A method's answer: takes its stub's pieces as they come. */
struct client_method {
	const char *name;
	uint16_t opnum;
	void (*feed)(struct client_state *c, const struct rpc_piece *piece);
	size_t max_answer_bytes; /* of one that is kept whole; 0: it is not */
};
/* A row is there that was not given. */
bool call_has_row(const struct client_state *c);

#endif
