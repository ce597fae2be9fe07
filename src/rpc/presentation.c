/* SPDX-License-Identifier: MIT */
#include "rpc/presentation.h"

#include "rpc/management.h"

/* [MS-RPCE] 2.2.2.14. Security contexts are not multiplexed. */
#define KEEP_CONNECTION_ON_ORPHAN 0x02

/* C706 2.1.1: an interface serves clients of its own minor version and of lower ones. */
static bool rpc_interface_serves(const struct rpc_interface *interface,
                                 const struct rpc_syntax *wanted)
{
	const struct rpc_syntax *has = &interface->syntax;

	return rpc_syntax_same_uuid(has, wanted) && has->version == wanted->version &&
	       has->version_minor >= wanted->version_minor;
}

static const struct rpc_interface *rpc_endpoint_find_interface(const struct rpc_endpoint *endpoint,
                                                               const struct rpc_syntax *wanted)
{
	for (size_t i = 0; i < endpoint->interface_count; i++)
		if (rpc_interface_serves(endpoint->interfaces[i], wanted))
			return endpoint->interfaces[i];
	return rpc_interface_serves(&rpc_management, wanted) ? &rpc_management : NULL;
}

static bool rpc_presentation_offers_ndr(const struct rpc_presentation_context *proposed)
{
	for (size_t i = 0; i < proposed->transfer_count; i++)
		if (rpc_syntax_equal(&proposed->transfers[i], &rpc_ndr_syntax))
			return true;
	return false;
}

/* 3.3.1.5.3: the transfer syntax 6cb71c2c-9812-4540, whose other eight octets are the features.
 * Windows looks at the first transfer syntax of an element only. */
static bool rpc_presentation_asks_for_features(const struct rpc_presentation_context *proposed)
{
	const struct rpc_syntax *first = &proposed->transfers[0];

	return first->uuid.time_low == 0x6cb71c2c && first->uuid.time_mid == 0x9812 &&
	       first->uuid.time_hi == 0x4540 && first->version == 1 && first->version_minor == 0;
}

static void rpc_presentation_reject(struct rpc_context_result *result,
                                    enum rpc_provider_reason reason)
{
	*result = (struct rpc_context_result){ .result = RPC_PROVIDER_REJECTION,
		                               .reason = (uint16_t)reason };
}

static void rpc_presentation_agree_on_features(struct rpc_presentation *c,
                                               const struct rpc_presentation_context *proposed,
                                               struct rpc_context_result *result)
{
	uint8_t features = proposed->transfers[0].uuid.rest[0] & KEEP_CONNECTION_ON_ORPHAN;

	c->keeps_on_orphan = features != 0;
	*result = (struct rpc_context_result){ .result = RPC_NEGOTIATE_ACK, .reason = features };
}

/* Answers one element. interface is the one that it proposes, NULL if this server does not offer
 * it. is_taken: an element before it in the same message was accepted for that interface, [MS-RPCE]
 * 3.3.1.5.6. False: the id belongs to another interface already. */
static bool rpc_presentation_answer(struct rpc_presentation *c,
                                    const struct rpc_interface *interface, bool is_taken,
                                    const struct rpc_presentation_context *proposed,
                                    struct rpc_context_result *result)
{
	const struct rpc_interface *agreed = rpc_presentation_find(c, proposed->id);

	if (agreed != NULL && agreed != interface)
		return false;
	if (interface == NULL) {
		rpc_presentation_reject(result, RPC_ABSTRACT_SYNTAX_NOT_SUPPORTED);
	} else if (is_taken || !rpc_presentation_offers_ndr(proposed)) {
		rpc_presentation_reject(result, RPC_TRANSFER_SYNTAXES_NOT_SUPPORTED);
	} else if (agreed == NULL && c->count == RPC_MAX_CONTEXTS) {
		rpc_presentation_reject(result, RPC_CONTEXT_LIMIT_EXCEEDED);
	} else {
		if (agreed == NULL) {
			c->accepted[c->count].id = proposed->id;
			c->accepted[c->count++].interface = interface;
		}
		*result = (struct rpc_context_result){ .result = RPC_ACCEPTANCE,
			                               .transfer = rpc_ndr_syntax };
	}
	return true;
}

/* Whether an element before the one at index was accepted for its interface. */
static bool rpc_presentation_has_before(const struct rpc_interface *const interfaces[],
                                        const struct rpc_bind_ack *ack, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (interfaces[i] == interfaces[index] && ack->results[i].result == RPC_ACCEPTANCE)
			return true;
	return false;
}

bool rpc_presentation_negotiate(struct rpc_presentation *c, const struct rpc_endpoint *endpoint,
                                const struct rpc_bind *proposal, bool is_alter,
                                struct rpc_bind_ack *ack)
{
	const struct rpc_interface *interfaces[RPC_MAX_CONTEXTS];
	struct rpc_presentation agreed = *c;
	bool asked_for_features = false;

	if (proposal->context_count == 0)
		return false;
	for (size_t i = 0; i < proposal->context_count; i++) {
		const struct rpc_presentation_context *proposed = &proposal->contexts[i];

		if (proposed->transfer_count == 0)
			return false;
		interfaces[i] = rpc_endpoint_find_interface(endpoint, &proposed->interface);
		if (!is_alter && rpc_presentation_asks_for_features(proposed)) {
			if (asked_for_features)
				return false;
			asked_for_features = true;
			rpc_presentation_agree_on_features(&agreed, proposed, &ack->results[i]);
		} else if (!rpc_presentation_answer(&agreed, interfaces[i],
		                                    rpc_presentation_has_before(interfaces, ack, i),
		                                    proposed, &ack->results[i])) {
			return false;
		}
	}
	ack->result_count = proposal->context_count;
	*c = agreed;
	return true;
}

const struct rpc_interface *rpc_presentation_find(const struct rpc_presentation *c, uint16_t id)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->accepted[i].id == id)
			return c->accepted[i].interface;
	return NULL;
}
