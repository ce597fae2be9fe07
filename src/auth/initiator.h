/* SPDX-License-Identifier: MIT */
/* The initiator of a SPNEGO exchange, by GSSAPI: NTLMv2 for credentials with a password,
 * Kerberos for the caller's tickets. A step may block on files, and with Kerberos on a KDC: it
 * belongs on a worker thread, one at a time for an initiator. */
#ifndef AUTH_INITIATOR_H
#define AUTH_INITIATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "auth/credentials.h"
#include "auth/mechanisms.h"
#include "base/err.h"

/* The step that fails when a log-on does. */
#define AUTH_INITIATOR_STEP "SESSION_SETUP"

struct auth_initiator;

/* Holds credentials; NULL: the caller's Kerberos tickets. host, borrowed, is the name that the
 * service's ticket is for. NULL: out of memory. */
struct auth_initiator *auth_initiator_new(struct netsession_credentials *credentials,
                                          enum netsession_authentication mode, const char *host);
void auth_initiator_free(struct auth_initiator *a);

/* Whether its first step may wait for a KDC. */
bool auth_initiator_asks_kdc(const struct auth_initiator *a);

/* Takes the acceptor's token, none at first, and gives the answer to it: *answer lives until the
 * next step and may be empty when the exchange is complete. */
enum auth_progress auth_initiator_step(struct auth_initiator *a, const uint8_t *token, size_t bytes,
                                       const uint8_t **answer, size_t *answer_bytes,
                                       struct err *err);

#define AUTH_REASON_BYTES 200

/* What else is known when a log-on has failed. */
struct auth_hints {
	bool used_ticket;       /* the log-on was tried by Kerberos, with a ticket for the server */
	bool compared_times;    /* this side found that two times do not fit */
	int64_t server_time_s;  /* the server's clock as its token shows it, since 1970; 0: it does
	                         * not */
	int64_t ticket_until_s; /* when the caller's expired ticket ended, since 1970; 0: it has not
	                         */
	char no_kerberos[AUTH_REASON_BYTES]; /* why Kerberos was not available, so that NTLM was
	                                      * tried; "": it was not */
};

/* After any step; borrowed while a lives. */
const struct auth_hints *auth_initiator_hints(const struct auth_initiator *a);

/* After AUTH_COMPLETE: the principal of the tickets that logged on, as auth_tickets_principal
 * writes it. False: the log-on used no tickets. */
bool auth_initiator_principal(const struct auth_initiator *a, char to[AUTH_PRINCIPAL_BYTES]);

/* After AUTH_COMPLETE: the session's key, *bytes of it, none for a null session. Wipe it after use.
 */
NET_API_STATUS auth_initiator_key(struct auth_initiator *a, uint8_t key[AUTH_MAX_KEY_BYTES],
                                  size_t *bytes, struct err *err);

/* When principal and key are taken: frees all that only the exchange needed. What was given by the
 * last step stays, and so do the hints. */
void auth_initiator_end(struct auth_initiator *a);

#endif
