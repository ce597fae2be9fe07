/* SPDX-License-Identifier: MIT */
/* The acceptor's side of a negotiation by SPNEGO: RFC 4178 3.1, 4 and 5. It decides; the
 * caller makes the tokens and MICs. Pure.
 *
 *     ( receive, [the mechanism's token], plan, [verify], [make a MIC], encode )* */
#ifndef AUTH_SPNEGO_ACCEPTOR_H
#define AUTH_SPNEGO_ACCEPTOR_H

#include "auth/spnego/exchange.h"

/* All zero before the first message. */
struct spnego_acceptor {
	struct wire_writer list;      /* the initiator's MechTypeList as it came */
	const struct spnego_oid *oid; /* the selected mechanism as the initiator writes it */
	bool is_answered;             /* the first answer was made */
	bool requires_mic, sent_mic;
	enum spnego_state next_state; /* of the answer that was planned last */
};

void spnego_acceptor_fini(struct spnego_acceptor *s);

/* What a mechListMIC protects; borrowed. */
struct crypto_span spnego_acceptor_list(const struct spnego_acceptor *s);

/* Takes the initiator's next message; serves tells for each mechanism whether it is served. Of the
 * mechanisms that are, the initiator's order decides. False: see err, with the NTSTATUS for the
 * initiator. After true, oid is set. */
bool spnego_acceptor_receive(struct spnego_acceptor *s, struct crypto_span bytes,
                             const bool serves[AUTH_MECHANISMS], struct spnego_received *received,
                             struct err *err);

/* What follows. False: the exchange cannot go on, see err. A plan that succeeds always sends. */
bool spnego_acceptor_plan(struct spnego_acceptor *s, const struct spnego_received *received,
                          const struct spnego_mechanism_state *mechanism, struct spnego_plan *plan,
                          struct err *err);

/* Puts the answer that was planned. A span without data is left out. */
void spnego_acceptor_encode(struct spnego_acceptor *s, struct crypto_span token,
                            struct crypto_span mic, struct wire_writer *w);

#endif
