/* SPDX-License-Identifier: MIT */
/* Inside src/auth only: what a failure of Kerberos or NTLM means to its initiator. */
#ifndef AUTH_MECHANISM_ERROR_H
#define AUTH_MECHANISM_ERROR_H

#include <stdbool.h>
#include <stdint.h>
#include "auth/mechanisms.h"
#include "base/err.h"

#define MECHANISM_TEXT_BYTES 256

/* Writes the library's own text for an error that it returned last to this thread. */
void mechanism_error_text(enum auth_mechanism mechanism, uint32_t minor,
                          char to[MECHANISM_TEXT_BYTES]);

/* Records the meaning of minor, an error of libkrb5 itself. Where host, the server's name, is an
 * address, the text says so. has_password: the ticket was asked for with a password. */
void kerberos_error_set(uint32_t minor, const char *host, bool has_password, struct err *err);

/* Records the meaning of minor, the reason why the server's answer to a ticket was not accepted. */
void kerberos_error_set_answer(uint32_t minor, struct err *err);

/* Whether Kerberos was not available at all, so that another mechanism does no harm. False where a
 * KDC refused the user or the password. */
bool kerberos_error_allows_other(uint32_t minor);

/* Whether the caller's credential cache may be the reason. */
bool kerberos_error_is_about_cache(uint32_t minor);

/* Whether the failure is the result of comparing two times. */
bool kerberos_error_is_about_time(uint32_t minor);
bool ntlm_error_is_about_time(uint32_t minor);

/* Records the meaning of the error that gss-ntlmssp returned for the server's CHALLENGE. */
void ntlm_error_set(uint32_t major, uint32_t minor, struct err *err);

/* Records why NTLM gives no credentials for a user and a password. minor is the error that
 * gss-ntlmssp returned, if it was there to return one. */
void ntlm_error_set_credentials(uint32_t minor, struct err *err);

#endif
