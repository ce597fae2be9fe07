/* SPDX-License-Identifier: MIT */
/* The exchange of tokens of a log-on, each step on a worker thread: GSSAPI may read files and wait
 * for a KDC, and neither the loop nor the caller's deadline waits for it. */
#ifndef CLIENT_AUTHENTICATION_H
#define CLIENT_AUTHENTICATION_H

#include <stdbool.h>
#include "auth/initiator.h"
#include "net/loop.h"
#include "smb2/session.h"

struct authentication;

/* The result of a step; borrowed until the next step. */
struct authentication_result {
	enum auth_progress progress;
	const uint8_t *token;
	size_t token_bytes;
	struct smb2_session_key key;          /* with AUTH_COMPLETE */
	char principal[AUTH_PRINCIPAL_BYTES]; /* then, whose tickets were used; "": none */
	struct err err;                       /* with AUTH_FAILED */
};

/* Keeps loop. stepped is called after each step, never from one of these functions. NULL: out of
 * memory. */
struct authentication *
authentication_new(struct net_loop *loop, struct netsession_credentials *credentials,
                   enum netsession_authentication mode, const char *host,
                   void (*stepped)(void *context, const struct authentication_result *),
                   void *context);

/* Begins a step with the server's token; the first step has none. No other step may be under way.
 * False: out of memory or threads. */
bool authentication_step(struct authentication *a, const uint8_t *token, size_t bytes);
bool authentication_is_busy(const struct authentication *a);

/* What the steps so far found out; borrowed. No step may be under way. */
const struct auth_hints *authentication_hints(const struct authentication *a);

/* A step under way runs to its end, and its result is dropped. NULL is allowed. */
void authentication_free(struct authentication *a);

/* Looks up, on a worker thread, whose Kerberos tickets the caller holds now. */
struct ticket_lookup;

/* found: called with the principal, borrowed; "" when the caller holds no tickets. Gives the
 * look-up, which is freed when found returns; NULL: out of memory or threads. */
struct ticket_lookup *ticket_lookup_start(struct net_loop *loop,
                                          void (*found)(void *context, const char *principal),
                                          void *context);
/* Frees the look-up: found is not called. NULL is allowed. */
void ticket_lookup_cancel(struct ticket_lookup *lookup);

#endif
