/* SPDX-License-Identifier: MIT */
/* What the acceptors of all log-ons share: credentials of the mechanisms, the accounts of NTLM, the
 * hint. */
#ifndef AUTH_ACCEPTOR_SETTINGS_H
#define AUTH_ACCEPTOR_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "auth/identity.h"
#include "auth/mechanisms.h"
#include "base/err.h"

/* How callers may log on. Texts are UTF-8, borrowed. */
struct auth_acceptor_options {
	bool kerberos, ntlm, anonymous;
	const char *keytab; /* NULL or "": the system's, and no Kerberos where that has no key */
	/* A file of lines DOMAIN:user:password, the domain written as its users write it: NTLMv2
	 * proves that too. NULL or "": no NTLM. */
	const char *ntlm_users;
};

struct auth_acceptor_settings;

/* Reads the accounts. The step of a failure is KEYTAB_STEP or ACCOUNTS_STEP where that file is the
 * reason. Refuses files that others may read; err says what to do about them. Where
 * neither mechanism is available and anonymous is false, all log-ons are refused. Gives *out with
 * one holder, NULL after a failure: see err. The first call sets a variable of the environment, so
 * it must come before there are threads. */
NET_API_STATUS auth_acceptor_settings_new(const struct auth_acceptor_options *options,
                                          struct auth_acceptor_settings **out, struct err *err);
struct auth_acceptor_settings *auth_acceptor_settings_hold(struct auth_acceptor_settings *s);
void auth_acceptor_settings_release(struct auth_acceptor_settings *s);

/* The token that the answer to an SMB2 NEGOTIATE carries; borrowed, may be empty. */
const uint8_t *auth_acceptor_settings_hint(const struct auth_acceptor_settings *s, size_t *bytes);

/* Whether users can log on by this mechanism. */
bool auth_acceptor_settings_serve(const struct auth_acceptor_settings *s,
                                  enum auth_mechanism mechanism);

/* Why Kerberos is not accepted, though the options allow it: what is wrong with the system's
 * keytab. NULL: it is accepted, or not allowed. */
const char *auth_acceptor_settings_no_kerberos(const struct auth_acceptor_settings *s);

/* Whether a log-on that former settings have accepted is good under these settings, too: the
 * mechanism is still accepted, and for a user of NTLM the account is there and has the password
 * that it had. who is the identity that the log-on gave. */
bool auth_acceptor_settings_keep(const struct auth_acceptor_settings *s,
                                 const struct auth_acceptor_settings *former,
                                 enum auth_mechanism mechanism, const struct identity *who);

/* Inside src/auth only. */
struct account;
struct accounts;
struct gss_cred_id_struct;

/* The mechanisms whose tokens are accepted, those of null sessions included. */
const bool *auth_acceptor_settings_accepted(const struct auth_acceptor_settings *s);
bool auth_acceptor_settings_allow_anonymous(const struct auth_acceptor_settings *s);
struct gss_cred_id_struct *auth_acceptor_settings_credential(const struct auth_acceptor_settings *s,
                                                             enum auth_mechanism mechanism);
/* NULL: there are none. */
const struct accounts *auth_acceptor_settings_accounts(const struct auth_acceptor_settings *s);
/* As accounts_find; NULL also where there are no accounts. */
const struct account *auth_acceptor_settings_account(const struct auth_acceptor_settings *s,
                                                     const char *domain, const char *user);
/* Whether realm is the default realm. */
bool auth_acceptor_settings_own_realm(const struct auth_acceptor_settings *s, const char *realm);

#endif
