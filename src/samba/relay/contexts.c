/* SPDX-License-Identifier: MIT */
#include "samba/relay/contexts.h"

#include "srvsvc/interface.h"

static const struct rpc_syntax srvsvc = { SRVSVC_INTERFACE_UUID, SRVSVC_INTERFACE_VERSION, 0 };

static bool context_offers_srvsvc(const struct rpc_presentation_context *proposed)
{
	bool offers_ndr = false;

	for (size_t i = 0; i < proposed->transfer_count; i++)
		offers_ndr |= rpc_syntax_equal(&proposed->transfers[i], &rpc_ndr_syntax);
	return offers_ndr && rpc_syntax_same_uuid(&proposed->interface, &srvsvc) &&
	       proposed->interface.version == srvsvc.version;
}

void relay_contexts_propose(struct relay_contexts *c, const struct rpc_header *h,
                            struct wire_reader *r)
{
	struct rpc_bind bind;

	rpc_bind_decode(r, &bind);
	c->is_ambiguous |= c->proposal.is_pending;
	c->proposal.is_pending = true;
	c->proposal.call_id = h->call_id;
	c->proposal.count = r->error == NULL ? bind.context_count : 0;
	for (size_t i = 0; i < c->proposal.count; i++) {
		c->proposal.contexts[i].id = bind.contexts[i].id;
		c->proposal.contexts[i].is_srvsvc = context_offers_srvsvc(&bind.contexts[i]);
	}
}

static void relay_contexts_accept(struct relay_contexts *c, uint16_t id)
{
	if (!relay_contexts_is_srvsvc(c, id) && c->accepted_count < RPC_MAX_CONTEXTS)
		c->accepted[c->accepted_count++] = id;
}

void relay_contexts_answer(struct relay_contexts *c, const struct rpc_header *h,
                           struct wire_reader *r)
{
	struct rpc_bind_ack ack;

	if (c->is_ambiguous || !c->proposal.is_pending || c->proposal.call_id != h->call_id)
		return;
	c->proposal.is_pending = false;
	rpc_bind_ack_decode(r, &ack);
	if (r->error != NULL || ack.result_count != c->proposal.count)
		return;
	/* An alter_context does not change the size: [MS-RPCE] 3.3.1.5.6. */
	if (c->max_frag == 0)
		c->max_frag = ack.max_xmit_frag;
	for (size_t i = 0; i < ack.result_count; i++)
		if (c->proposal.contexts[i].is_srvsvc && ack.results[i].result == RPC_ACCEPTANCE &&
		    rpc_syntax_equal(&ack.results[i].transfer, &rpc_ndr_syntax))
			relay_contexts_accept(c, c->proposal.contexts[i].id);
}

void relay_contexts_refuse(struct relay_contexts *c, const struct rpc_header *h)
{
	if (c->proposal.call_id == h->call_id)
		c->proposal.is_pending = false;
}

bool relay_contexts_is_srvsvc(const struct relay_contexts *c, uint16_t id)
{
	for (size_t i = 0; i < c->accepted_count; i++)
		if (c->accepted[i] == id)
			return true;
	return false;
}
