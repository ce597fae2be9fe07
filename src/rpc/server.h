/* SPDX-License-Identifier: MIT */
/* The server's side of one association: presentation contexts, calls in fragments, answers cut
 * into fragments when they are fetched. Bytes in, bytes out. C706 9 and 12, [MS-RPCE] 3.3. */
#ifndef RPC_SERVER_H
#define RPC_SERVER_H

#include "rpc/interface.h"
#include "rpc/security.h"

struct rpc_server;

/* Keeps endpoint; context goes to its interfaces. NULL: out of memory. */
struct rpc_server *rpc_server_new(const struct rpc_endpoint *endpoint, void *context);
void rpc_server_free(struct rpc_server *s);

/* Lends it a security provider, and keeps it and its context: else callers cannot authenticate
 * themselves to it, and are whom they came as. Before anything is fed. */
void rpc_server_set_security(struct rpc_server *s, const struct rpc_security_provider *security,
                             void *security_context);

/* What became of the token that step gave: token is what goes back, borrowed. Look for what is
 * pending afterwards. */
void rpc_server_authenticated(struct rpc_server *s, enum rpc_auth_progress progress,
                              const uint8_t *token, size_t bytes);

/* Calls are made only while has_turn says so; without a turn, what was written waits for
 * rpc_server_go_on, as it does for an answer to be read. NULL, as at first: always. */
void rpc_server_take_turns(struct rpc_server *s, bool (*has_turn)(void *context), void *context);
/* There is a turn again: takes up what waits, if no answer is to be read before. */
void rpc_server_go_on(struct rpc_server *s);

/* Bytes that the caller wrote, however they are cut. False: what came breaks the protocol in a way
 * that has no answer, or comes after the end, and the pipe or the connection has to be closed. */
bool rpc_server_feed(struct rpc_server *s, const void *data, size_t bytes);

/* Whether the association has ended: once what is pending was read, the pipe or the connection has
 * to be closed, as Windows does it. */
bool rpc_server_is_over(const struct rpc_server *s);

/* Bytes that wait to be read, all fragments of an answer together; 0: none. What the caller wrote
 * before it read an answer is taken up when that was read. */
size_t rpc_server_pending(const struct rpc_server *s);

/* Memory that it holds for its caller: what was written and not taken up yet, and what waits to be
 * read. */
size_t rpc_server_held_bytes(const struct rpc_server *s);

/* Appends at most max_bytes of the next message, one PDU, to to. Returns how many; *left gives what
 * is left of that message, which the next call goes on with. */
size_t rpc_server_read(struct rpc_server *s, struct wire_writer *to, size_t max_bytes,
                       size_t *left);

#endif
