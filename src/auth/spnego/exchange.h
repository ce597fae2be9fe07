/* SPDX-License-Identifier: MIT */
/* What both ends of a negotiation share: a received message, the state of the mechanism, and the
 * plan that follows from the two. Pure. */
#ifndef AUTH_SPNEGO_EXCHANGE_H
#define AUTH_SPNEGO_EXCHANGE_H

#include "auth/spnego/message.h"
#include "base/err.h"

/* The step that fails: SPNEGO travels in SESSION_SETUP, and in the binds of DCE/RPC. */
#define SPNEGO_STEP "SESSION_SETUP"

/* The contents of a message. Borrows the message. */
struct spnego_received {
	struct crypto_span token; /* for the selected mechanism */
	struct crypto_span mic;   /* over the list of mechanisms */
	enum spnego_state state;  /* SPNEGO_NO_STATE from an initiator */
	bool selects_other;       /* the acceptor chose another mechanism: begin its context anew */
};

/* The state of the selected mechanism, after it has processed the received token. */
struct spnego_mechanism_state {
	bool is_complete; /* its context is established */
	bool has_token;   /* it gave a token for the peer */
	bool can_sign;    /* its context protects messages, so that a mechListMIC can be made */
	bool wants_mic;   /* it asks for a mechListMIC, whatever RFC 4178 says */
};

/* What to do next, in this order. */
struct spnego_plan {
	bool verifies_mic; /* the received MIC; if it does not hold, the log-on fails */
	bool makes_mic;
	bool sends; /* a message to the peer, with the mechanism's token if there is one */
	bool is_done;
};

#endif
