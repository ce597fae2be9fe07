/* SPDX-License-Identifier: MIT */
/* Inside the server's side of an association: what its parts share.
 *   service.c        bytes in and out, answers
 *   service_bind.c   bind, alter_context, AUTH3
 *   service_call.c   requests
 *   service_guard.c  what protects them */
#ifndef RPC_INTERNAL_H
#define RPC_INTERNAL_H

#include "rpc/call.h"
#include "rpc/contexts.h"
#include "rpc/pdu_reader.h"
#include "rpc/server.h"
#include "rpc/trailer.h"

/* What we receive in a fragment, and send where the caller can receive it. All that a pipe carries
 * in one READ. */
#define MAX_FRAG 65528

/* A request that comes in fragments. */
struct rpc_collected_call {
	bool is_open; /* its last fragment has not come */
	bool big_endian;
	uint32_t id;
	struct rpc_request request; /* its first fragment's */
	struct wire_writer stub;
};

/* A message that waits to be read: a PDU, or a whole answer cut into them. */
struct rpc_answer {
	struct wire_writer head; /* the PDU that is being read, without its part of stub */
	size_t part_bytes;       /* of that; none where it stands in head, protected */
	size_t at;               /* what was read of that PDU */
	struct wire_writer stub;
	size_t stub_at; /* where that part begins, and the next one */
	size_t stub_next;
	uint32_t call_id;
	uint16_t context_id;
};

/* A bind, alter_context or AUTH3 whose token is being judged. */
struct rpc_pending_bind {
	uint8_t ptype;
	uint32_t call_id;
	struct rpc_bind_ack ack;
};

enum rpc_security_step {
	RPC_SECURITY_NONE,
	RPC_SECURITY_PENDING,
	RPC_SECURITY_WANTS_TOKEN,
	RPC_SECURITY_ESTABLISHED,
	REFUSED
};

/* The security context; one an association. */
struct rpc_security_context {
	const struct rpc_security_provider *provider; /* NULL: there is none to be had */
	void *context;
	enum rpc_security_step step;
	uint8_t type, level;
	uint32_t context_id;
	size_t token_bytes;               /* of what is sent and comes, protected */
	bool signs_header;                /* what is signed is all of a PDU but the token */
	struct rpc_pending_bind *pending; /* while RPC_SECURITY_PENDING */
	struct wire_writer plain_pdu;     /* a request that was protected, made plain */
};

struct rpc_server {
	const struct rpc_endpoint *endpoint;
	void *context;
	enum { UNBOUND, BOUND, OVER } step;
	uint16_t max_frag; /* bytes, both ways */
	uint32_t assoc_group;
	bool is_multiplexed;
	bool (*has_turn)(void *context); /* NULL: always */
	void *turn_context;
	struct rpc_presentation presentation;
	struct rpc_security_context security;
	struct rpc_pdu_reader pdus;
	struct wire_writer queued; /* written before the answer was read */
	size_t queued_at;
	struct rpc_collected_call call;
	bool has_called;
	uint32_t last_call_id;
	struct rpc_answer answer;
};

/* ---- service.c ---- */

/* The fragment of answer.stub that begins at stub_at. */
void rpc_answer_begin_fragment(struct rpc_server *s);
void rpc_answer_clear(struct rpc_server *s);
/* After a PDU was put into answer.head: without memory, the association ends. */
void rpc_answer_check(struct rpc_server *s);
void rpc_answer_fault(struct rpc_server *s, uint32_t call_id, const struct rpc_fault *fault);
/* The same, and the association ends: Windows hangs up. */
void rpc_answer_last_fault(struct rpc_server *s, uint32_t call_id, const struct rpc_fault *fault);
/* [MS-RPCE] 3.3.3.5.7 */
void rpc_answer_protocol_error(struct rpc_server *s, uint32_t call_id, uint16_t context_id);
void rpc_answer_nak(struct rpc_server *s, uint32_t call_id, enum rpc_nak_reason reason);

/* ---- each takes a PDU behind whose header r stands ---- */

void rpc_server_on_bind(struct rpc_server *s, const struct rpc_header *h, struct wire_reader *r);
void rpc_server_on_alter_context(struct rpc_server *s, const struct rpc_header *h,
                                 struct wire_reader *r);
void rpc_server_on_auth3(struct rpc_server *s, const struct rpc_header *h, struct wire_reader *r);
void rpc_server_on_request(struct rpc_server *s, const struct rpc_header *h, struct wire_reader *r);
void rpc_server_on_co_cancel(struct rpc_server *s, const struct rpc_header *h,
                             struct wire_reader *r);
void rpc_server_on_orphaned(struct rpc_server *s, const struct rpc_header *h,
                            struct wire_reader *r);

/* ---- service_bind.c ---- */

/* A token was judged: what came with it is answered, if it has an answer. */
void rpc_server_finish_token(struct rpc_server *s, enum rpc_auth_progress progress,
                             const uint8_t *token, size_t bytes);

/* ---- service_guard.c ---- */

/* Whether calls are signed, or sealed as well. */
bool rpc_security_protects(const struct rpc_security_context *g);
/* The trailer of what we send, for so long a token. */
struct rpc_trailer rpc_security_trailer(const struct rpc_security_context *g, size_t token_bytes);
/* Begins to judge a token of the security context that trailer names, which is a new one or the one
 * that wants it. Takes judged. False: out of memory. */
bool rpc_security_begin_token(struct rpc_security_context *g, const struct rpc_trailer *trailer,
                              struct rpc_pending_bind *judged);
/* The caller is known now. False: what was agreed on cannot be sealed. */
bool rpc_security_complete(struct rpc_security_context *g);
/* Whether this is the security context that there is. */
bool rpc_security_is_same(const struct rpc_security_context *g, const struct rpc_trailer *trailer);

/* Lets a request through whose header and request were read: r gives its stub then, plain. False:
 * it was answered with the fault that ends the association. */
bool rpc_security_check_request(struct rpc_server *s, const struct rpc_header *h,
                                const struct rpc_request *request, struct wire_reader *r);

/* How many bytes of a stub go into a fragment of ours that is protected. */
size_t rpc_security_part_bytes(const struct rpc_server *s);
/* Signs or seals the response in answer.head, whose body is at body_at. */
void rpc_security_protect_response(struct rpc_server *s, size_t body_at);
/* What a protected fragment weighs with so much of a stub in it. */
size_t rpc_security_fragment_bytes(const struct rpc_server *s, size_t part_bytes);

void rpc_security_fini(struct rpc_security_context *g);

#endif
