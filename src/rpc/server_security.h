/* SPDX-License-Identifier: MIT */
/* Inside the server's side of an association: its security context, and the sec_trailer that stands
 * before a token at the end of a PDU ([MS-RPCE] 2.2.2.11, 3.3.1.5.2). */
#ifndef RPC_SERVER_SECURITY_H
#define RPC_SERVER_SECURITY_H

#include "rpc/bind.h"
#include "rpc/call.h"
#include "rpc/security.h"

/* ---- sec_trailer ---- */

struct rpc_trailer {
	uint8_t type, level; /* enum rpc_auth_type, enum rpc_auth_level */
	uint8_t pad_bytes;   /* between the body and the trailer */
	bool is_unaligned;   /* the trailer does not begin at a multiple of 4 bytes of its PDU */
	uint32_t context_id;
	const uint8_t *token; /* borrowed from the PDU */
	size_t token_bytes;
};

#define RPC_TRAILER_BYTES 8

/* The alignment of a trailer, counted from where the body begins: in a response, and in the answer
 * to a bind, where Windows and Samba have 4, whatever the specification says. */
#define RPC_TRAILER_ALIGN     16
#define RPC_TRAILER_ALIGN_ACK 4

/* Decodes the trailer of a PDU whose auth_length is not 0. r stands behind the part of the body
 * that was read already; afterwards r ends with the body and its padding. Fails r if the PDU has no
 * room for all of these, or if the trailer is not aligned to 4 bytes, which t->is_unaligned
 * reports. */
void rpc_trailer_decode(struct wire_reader *r, const struct rpc_header *h, struct rpc_trailer *t);

/* Appends padding, the trailer and room for the token to the PDU that begins at begin, and sets the
 * PDU's lengths. Returns where the token is to be written; NULL: out of memory. Ignores
 * t->pad_bytes and t->token. */
uint8_t *rpc_trailer_encode(struct wire_writer *w, size_t begin, size_t body_at, size_t align,
                            const struct rpc_trailer *t);

/* ---- security context ---- */

enum rpc_security_step {
	RPC_SECURITY_NONE,
	RPC_SECURITY_PENDING,     /* the provider works on a token */
	RPC_SECURITY_WANTS_TOKEN, /* the caller has to send another token */
	RPC_SECURITY_ESTABLISHED,
	RPC_SECURITY_REFUSED,
};

/* The security context of an association, which has one at most. All zero: there is none. */
struct rpc_security_context {
	const struct rpc_security_provider *provider; /* NULL: callers cannot authenticate */
	void *context;                                /* of the provider */
	enum rpc_security_step step;
	uint8_t type, level;
	uint32_t context_id;
	size_t token_bytes;           /* of the token in a protected request or response */
	bool signs_header;            /* all of a PDU but its token is signed */
	struct wire_writer plain_pdu; /* a protected request, in plain */
};

void rpc_security_fini(struct rpc_security_context *c);

/* Whether a security context can begin with this trailer. False: *reason is why the bind is
 * refused. */
bool rpc_security_can_begin(const struct rpc_security_context *c, const struct rpc_trailer *trailer,
                            enum rpc_nak_reason *reason);

/* Whether an alter_context may carry this trailer: it continues the security context that wants a
 * token, or begins one if there is none. */
bool rpc_security_may_alter(const struct rpc_security_context *c,
                            const struct rpc_trailer *trailer);

/* Whether trailer names this security context. */
bool rpc_security_is_same(const struct rpc_security_context *c, const struct rpc_trailer *trailer);

/* The host gets the token of trailer. The security context is the one that trailer names. */
void rpc_security_begin_token(struct rpc_security_context *c, const struct rpc_trailer *trailer);

/* Adopts the result of that token. Returns progress, or RPC_AUTH_FAILED if the provider cannot seal
 * although that was agreed on. */
enum rpc_auth_progress rpc_security_finish_token(struct rpc_security_context *c,
                                                 enum rpc_auth_progress progress);

/* The trailer of a PDU that is sent with a token of token_bytes. */
struct rpc_trailer rpc_security_trailer(const struct rpc_security_context *c, size_t token_bytes);

/* Whether calls are signed, or sealed as well. */
bool rpc_security_protects(const struct rpc_security_context *c);

/* Checks the protection of a request whose header and body up to the stub were read. True:
 * afterwards r gives the plain stub. False: *fault is the answer, and the association ends. */
bool rpc_security_check_request(struct rpc_security_context *c, const struct rpc_header *h,
                                const struct rpc_request *request, struct wire_reader *r,
                                struct rpc_fault *fault);

/* How many bytes of a stub fit into a protected fragment of max_frag bytes. */
size_t rpc_security_part_bytes(const struct rpc_security_context *c, size_t max_frag);
/* The length of a protected fragment with part_bytes of a stub. */
size_t rpc_security_fragment_bytes(const struct rpc_security_context *c, size_t part_bytes);
/* Signs or seals the response that w holds, whose body begins at body_at. If that fails, w fails:
 * what cannot be protected is not sent. */
void rpc_security_protect_response(struct rpc_security_context *c, struct wire_writer *w,
                                   size_t body_at);

#endif
