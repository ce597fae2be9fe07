/* SPDX-License-Identifier: MIT */
/* Which presentation contexts of a pipe are srvsvc in NDR, seen from between client and server:
 * what the client proposes in a bind or an alter_context, and what the server accepts.
 * C706 12.6.3.1. */
#ifndef SAMBA_RELAY_CONTEXTS_H
#define SAMBA_RELAY_CONTEXTS_H

#include "rpc/bind.h"

struct relay_contexts {
	/* A bind or an alter_context without an answer so far: one at a time. */
	struct {
		bool is_pending;
		uint32_t call_id;
		struct {
			uint16_t id;
			bool is_srvsvc;
		} contexts[RPC_MAX_CONTEXTS];
		uint8_t count;
	} proposal;
	/* Two proposals were pending: if they have the same call id, an answer could be to either
	 * of them. Contexts that are accepted from then on are ignored, so their calls are
	 * forwarded. */
	bool is_ambiguous;
	uint16_t accepted[RPC_MAX_CONTEXTS]; /* ids */
	uint8_t accepted_count;
	uint16_t max_frag; /* bytes of a fragment that the server may send; 0: not known yet */
};

/* The client sent a bind or an alter_context; r stands behind the header. What does not decode
 * proposes nothing. */
void relay_contexts_propose(struct relay_contexts *c, const struct rpc_header *h,
                            struct wire_reader *r);
/* The server sent a bind_ack or an alter_context_resp. */
void relay_contexts_answer(struct relay_contexts *c, const struct rpc_header *h,
                           struct wire_reader *r);
/* The server sent a bind_nak or a fault instead. */
void relay_contexts_refuse(struct relay_contexts *c, const struct rpc_header *h);
bool relay_contexts_is_srvsvc(const struct relay_contexts *c, uint16_t id);

#endif
