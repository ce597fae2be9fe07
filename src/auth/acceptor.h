/* SPDX-License-Identifier: MIT */
/* The acceptor of a SPNEGO exchange, by GSSAPI: NTLM for the accounts of a file, Kerberos by a
 * keytab. A step reads files: it belongs on a worker thread, one at a time for an acceptor. */
#ifndef AUTH_ACCEPTOR_H
#define AUTH_ACCEPTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "auth/identity.h"
#include "auth/initiator.h"
#include "auth/mechanisms.h"
#include "base/err.h"

/* The steps that fail when one of the files is wrong. */
#define AUTH_STEP_KEYTAB "keytab"
#define AUTH_STEP_USERS  "NTLM users' file"

/* By what callers may log on. Texts are UTF-8, borrowed. */
struct auth_acceptor_options {
	bool kerberos, ntlm, anonymous;
	const char *keytab; /* NULL or "": the system's, and no Kerberos where that has no key */
	/* A file of lines DOMAIN:user:password, the domain written as its users write it: NTLMv2
	 * proves that too. NULL or "": no NTLM. */
	const char *ntlm_users;
};

/* What all acceptors share: the acquired credential and the hint. */
struct auth_acceptor_settings;

/* Reads the accounts once. Refuses files that others may read; err says what to do about one. Where
 * neither mechanism is left and anonymous is false, there is an acceptance that accepts nobody.
 * Gives *out with one holder, NULL after a failure: see err. A process has one set of NTLM accounts
 * at a time, the last one read. Call it first before there are threads: it sets a variable of the
 * environment then, and only then. */
NET_API_STATUS auth_acceptor_settings_new(const struct auth_acceptor_options *options,
                                          struct auth_acceptor_settings **out, struct err *err);
struct auth_acceptor_settings *auth_acceptor_settings_hold(struct auth_acceptor_settings *a);
void auth_acceptor_settings_release(struct auth_acceptor_settings *a);

/* The token that NEGOTIATE's answer carries; borrowed, may be empty. */
const uint8_t *auth_acceptor_settings_hint(const struct auth_acceptor_settings *a, size_t *bytes);

/* Whether log-ons by this mechanism are possible. */
bool auth_acceptor_settings_serve(const struct auth_acceptor_settings *a,
                                  enum auth_mechanism mechanism);

struct auth_acceptor;

/* Holds acceptance. NULL: out of memory. */
struct auth_acceptor *auth_acceptor_new(struct auth_acceptor_settings *acceptance);
void auth_acceptor_free(struct auth_acceptor *a);

/* Takes the initiator's token and gives the answer to it: *answer lives until the next step. After
 * a failure err->nt is the NTSTATUS for the caller. */
enum auth_progress auth_acceptor_step(struct auth_acceptor *a, const uint8_t *token, size_t bytes,
                                      const uint8_t **answer, size_t *answer_bytes,
                                      struct err *err);

/* Once after AUTH_COMPLETE: gives who it is, with one holder, and the session's key, none of a null
 * session. Wipe the key after use. */
NET_API_STATUS auth_acceptor_finish(struct auth_acceptor *a, struct identity **who,
                                    uint8_t key[AUTH_MAX_KEY_BYTES], size_t *key_bytes,
                                    struct err *err);

/* After AUTH_COMPLETE: "kerberos", "ntlm" or "anonymous"; static text. */
const char *auth_acceptor_mechanism(const struct auth_acceptor *a);

/* Of a log-on that failed, for a log: whom it claimed to be by NTLM, "DOMAIN\user" in the caller's
 * own words, "" where it named nobody; and why it failed, static text, NULL: its status says it. */
const char *auth_acceptor_claim(const struct auth_acceptor *a);
const char *auth_acceptor_reason(const struct auth_acceptor *a);

#endif
