/* SPDX-License-Identifier: MIT */
/* Which presentation contexts of a pipe mean srvsvc in NDR, as seen between its two ends: what the
 * caller proposes, and what the server makes of it. C706 12.6.3.1. */
#ifndef SAMBA_RELAY_CONTEXTS_H
#define SAMBA_RELAY_CONTEXTS_H

#include "rpc/bind.h"

struct relay_contexts {
	/* A bind or an alter_context whose answer has not come. There is one at a time. */
	struct {
		bool is_awaited;
		uint32_t call_id;
		struct {
			uint16_t id;
			bool is_srvsvc;
		} contexts[RPC_MAX_CONTEXTS];
		uint8_t count;
	} proposal;
	/* There were two: which answer is whose cannot be told where they share an id. What is
	 * agreed to from then on goes unnoticed, and its calls are passed on. */
	bool is_ambiguous;
	uint16_t accepted[RPC_MAX_CONTEXTS]; /* ids */
	uint8_t accepted_count;
	uint16_t max_frag; /* bytes: of what the server may send; 0: not known yet */
};

/* r stands behind the header. What does not decode proposes nothing. */
void relay_contexts_propose(struct relay_contexts *c, const struct rpc_header *h,
                            struct wire_reader *r);
void relay_contexts_answer(struct relay_contexts *c, const struct rpc_header *h,
                           struct wire_reader *r);
/* Instead of that, a bind_nak or a fault. */
void relay_contexts_refuse(struct relay_contexts *c, const struct rpc_header *h);
bool relay_contexts_is_srvsvc(const struct relay_contexts *c, uint16_t id);

#endif
