/* SPDX-License-Identifier: MIT */
/* The acceptor of a log-on, by GSSAPI: NTLM for the accounts of a file, Kerberos by a keytab. A
 * step reads files: it belongs on a worker thread, one step at a time. */
#ifndef AUTH_ACCEPTOR_H
#define AUTH_ACCEPTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "auth/acceptor_settings.h"
#include "auth/identity.h"
#include "auth/mechanisms.h"
#include "base/err.h"

struct auth_acceptor;
struct gss_ctx_id_struct;

/* Holds settings. NULL: out of memory. */
struct auth_acceptor *auth_acceptor_new(struct auth_acceptor_settings *settings);
void auth_acceptor_free(struct auth_acceptor *a);

/* Processes the initiator's token, and gives the answer, which lives until the next step. After a
 * failure err->nt_status is the NTSTATUS for the client. */
enum auth_progress auth_acceptor_step(struct auth_acceptor *a, const uint8_t *token, size_t bytes,
                                      const uint8_t **answer, size_t *answer_bytes,
                                      struct err *err);

/* Whether the next step with this token is a guess at a password: an NTLM AUTHENTICATE that names a
 * user. Gives text_hash_nocase of the user's name then. Does not block, and changes nothing. */
bool auth_acceptor_is_guess(const struct auth_acceptor *a, const uint8_t *token, size_t bytes,
                            uint32_t *account);

/* Once after AUTH_COMPLETE: gives the caller's identity, with one holder, and the session's key; a
 * null session has none. Wipe the key after use. */
NET_API_STATUS auth_acceptor_finish(struct auth_acceptor *a, struct identity **who,
                                    uint8_t key[AUTH_MAX_KEY_BYTES], size_t *key_bytes,
                                    struct err *err);

/* After AUTH_COMPLETE: "kerberos", "ntlm" or "anonymous"; static text. */
const char *auth_acceptor_mechanism(const struct auth_acceptor *a);

/* After AUTH_COMPLETE: how many seconds the log-on is good for. By Kerberos, until the ticket's end
 * and the difference of clocks that libkrb5 allows: as long as the same ticket could log on again.
 * AUTH_NO_END: for ever. */
#define AUTH_NO_END UINT32_MAX
uint32_t auth_acceptor_lifetime_s(const struct auth_acceptor *a);

/* After AUTH_COMPLETE: the settings that accepted the log-on, borrowed, and the mechanism, which is
 * AUTH_NTLM also of a null session. */
const struct auth_acceptor_settings *auth_acceptor_settings_of(const struct auth_acceptor *a);
enum auth_mechanism auth_acceptor_mechanism_of(const struct auth_acceptor *a);

/* Of a log-on that failed, for a log, borrowed: the user that the client named by NTLM,
 * "DOMAIN\user" as the client spells it, "" for none; and the reason, NULL where the status says it
 * all. */
const char *auth_acceptor_claim(const struct auth_acceptor *a);
const char *auth_acceptor_reason(const struct auth_acceptor *a);

/* Inside src/auth only: the context of a log-on that is complete; none of a null session. */
struct gss_ctx_id_struct *auth_acceptor_context(const struct auth_acceptor *a);

#endif
