/* SPDX-License-Identifier: MIT */
/* The server's side of one association: C706 9 and 12, [MS-RPCE] 3.3. Bytes in, events and bytes
 * out.
 *
 * The host feeds what the caller sends, asks for events with rpc_server_next until there is none,
 * answers each event, and reads the answers with rpc_server_read while rpc_server_pending says that
 * there are some. It asks again whenever it has fed, read or answered something. */
#ifndef RPC_SERVER_H
#define RPC_SERVER_H

#include "rpc/interface.h"
#include "rpc/security.h"

struct rpc_server;

/* Keeps endpoint. NULL: out of memory. */
struct rpc_server *rpc_server_new(const struct rpc_endpoint *endpoint);
void rpc_server_free(struct rpc_server *s);

/* Lets callers authenticate by provider. Keeps provider and its context. To be called before
 * anything is fed; without it callers cannot authenticate by RPC. */
void rpc_server_set_security(struct rpc_server *s, const struct rpc_security_provider *provider,
                             void *provider_context);

/* Bytes of the caller, however they are cut; borrowed. False: they violate the protocol in a way
 * that has no answer, or come after the end of the association, and the pipe or the connection has
 * to be closed. */
bool rpc_server_feed(struct rpc_server *s, const void *data, size_t bytes);

enum rpc_server_event_kind {
	RPC_SERVER_IDLE,  /* nothing to do until something is fed, read or answered */
	RPC_SERVER_TOKEN, /* run a step of the log-on, then rpc_server_authenticated */
	RPC_SERVER_CALL,  /* run the call, then rpc_server_finish_call */
};

/* What it points at is borrowed until the event is answered. */
struct rpc_server_event {
	const uint8_t *token; /* of RPC_SERVER_TOKEN */
	size_t token_bytes;
	const struct rpc_interface *interface; /* of RPC_SERVER_CALL, as for interface->call */
	uint16_t opnum;
	struct wire_reader stub;
	struct wire_writer *answer;
};

/* Gives the event that the host has to answer next. The event is the same until it is answered, so
 * a host may leave a call for later: what the caller sends meanwhile waits. */
enum rpc_server_event_kind rpc_server_next(struct rpc_server *s, struct rpc_server_event *event);

/* Answers RPC_SERVER_TOKEN. token, borrowed, is sent to the caller. */
void rpc_server_authenticated(struct rpc_server *s, enum rpc_auth_progress progress,
                              const uint8_t *token, size_t bytes);

/* Answers RPC_SERVER_CALL. fault_status is what interface->call returned: 0, or a fault, and then
 * what stands in the event's answer is dropped. */
void rpc_server_finish_call(struct rpc_server *s, uint32_t fault_status);

/* Runs the call of event, or a part of it, and answers it when it is finished. context goes to the
 * interface. False: it is not finished, and is the next event once more. */
static inline bool rpc_server_run_call(struct rpc_server *s, struct rpc_server_event *event,
                                       void *context)
{
	uint32_t status = event->interface->call(context, event->opnum, &event->stub,
	                                         event->answer);

	if (status != RPC_CALL_UNFINISHED)
		rpc_server_finish_call(s, status);
	return status != RPC_CALL_UNFINISHED;
}

/* Whether the association has ended: when the pending answer is read, the pipe or the connection
 * has to be closed, as Windows does it. */
bool rpc_server_is_over(const struct rpc_server *s);
/* Returns why it has ended, a static text: "the fragments of two requests are mixed". NULL: it has
 * not. */
const char *rpc_server_end_reason(const struct rpc_server *s);

/* How many bytes can be read, over all fragments of the answer; 0: none. */
size_t rpc_server_pending(const struct rpc_server *s);

/* How much memory is held for the caller: input that waits, and answers that wait to be read. */
size_t rpc_server_held_bytes(const struct rpc_server *s);

/* Appends to to at most max_bytes of the next PDU. Returns how many; *left is how many bytes of
 * that PDU are left for the next call. */
size_t rpc_server_read(struct rpc_server *s, struct wire_writer *to, size_t max_bytes,
                       size_t *left);

#endif
