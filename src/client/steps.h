/* SPDX-License-Identifier: MIT */
/* Inside a conversation: its steps, each named after what it sends, and what they share. */
#ifndef CLIENT_STEPS_H
#define CLIENT_STEPS_H

#include "client/conversation.h"

enum { STEP_NEGOTIATE, STEP_LOG_ON, STEP_OPEN_PIPE, STEP_READY, STEP_CALL };

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
void step_enter(struct conversation *c, unsigned step);
/* The first failure is the conversation's. */
void step_fail(struct conversation *c, NET_API_STATUS status, const char *why);
/* An answer that refuses: its NTSTATUS is the story. */
void step_refuse(struct conversation *c, const char *doing, uint32_t nt);
/* Whether an answer decoded; the story of it if not. */
bool step_decoded(struct conversation *c, const struct smb2_reply *reply);

/* log_on.c */
void negotiate_send(struct conversation *c);
void negotiate_receive(struct conversation *c, struct smb2_reply *reply);
void session_setup_send(struct conversation *c);
void session_setup_receive(struct conversation *c, struct smb2_reply *reply);

/* open_pipe.c */
void open_pipe_send(struct conversation *c);
void open_pipe_receive(struct conversation *c, struct smb2_reply *reply);

/* session_call.c */
/* A method's answer: takes its stub's pieces as they come. */
struct conversation_method {
	const char *name;
	uint16_t opnum;
	void (*feed)(struct conversation *c, const struct rpc_piece *piece);
};
/* A row is there that was not given. */
bool call_has_row(const struct conversation *c);
void call_send(struct conversation *c);
void call_receive(struct conversation *c, struct smb2_reply *reply);

/* pipe.c */
bool pipe_carries_data(uint32_t nt);
void pipe_take_transceive(struct conversation *c, struct smb2_reply *reply);
void pipe_take_read(struct conversation *c, struct smb2_reply *reply);

#endif
