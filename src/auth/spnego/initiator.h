/* SPDX-License-Identifier: MIT */
/* The initiator's side of a negotiation by SPNEGO: RFC 4178 3.2, 4 and 5. It decides; the
 * caller makes the tokens and MICs. Pure.
 *
 *     begin ( receive, [the mechanism's token], plan, [verify], [make a MIC], [encode] )* */
#ifndef AUTH_SPNEGO_INITIATOR_H
#define AUTH_SPNEGO_INITIATOR_H

#include "auth/spnego/exchange.h"

#define SPNEGO_MAX_OFFERED 2

/* All zero before spnego_initiator_offer. */
struct spnego_initiator {
	enum auth_mechanism offered[SPNEGO_MAX_OFFERED];
	size_t count;
	struct wire_writer list; /* the DER of MechTypeList, which both MICs protect */
	enum auth_mechanism selected;
	bool is_answered;   /* the acceptor has selected a mechanism */
	bool is_reselected; /* ... and it is not the first one of the list */
	bool requires_mic, sent_mic, verified_mic;
};

/* The mechanisms, most preferred first. False: out of memory. */
bool spnego_initiator_offer(struct spnego_initiator *s, const enum auth_mechanism mechanisms[],
                            size_t count);
void spnego_initiator_fini(struct spnego_initiator *s);

/* What a mechListMIC protects; borrowed. */
struct crypto_span spnego_initiator_list(const struct spnego_initiator *s);

/* Puts the first message. token is of the first mechanism. */
void spnego_initiator_begin(const struct spnego_initiator *s, struct crypto_span token,
                            struct wire_writer *w);

/* Takes the acceptor's next message. No bytes at all mean that it ended the exchange without one:
 * some servers end so after the client's last token. False: see err. */
bool spnego_initiator_receive(struct spnego_initiator *s, struct crypto_span bytes,
                              struct spnego_received *received, struct err *err);

/* What follows. False: the exchange cannot go on, see err. */
bool spnego_initiator_plan(struct spnego_initiator *s, const struct spnego_received *received,
                           const struct spnego_mechanism_state *mechanism, struct spnego_plan *plan,
                           struct err *err);

/* Puts the next message. A span without data is left out. */
void spnego_initiator_encode(struct crypto_span token, struct crypto_span mic,
                             struct wire_writer *w);

#endif
