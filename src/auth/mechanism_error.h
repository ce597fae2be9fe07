/* SPDX-License-Identifier: MIT */
/* Inside src/auth only: what a failure of Kerberos or NTLM means to its initiator. */
#ifndef AUTH_MECHANISM_ERROR_H
#define AUTH_MECHANISM_ERROR_H

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"

/* Records the meaning of minor, an error of libkrb5 itself. Where host, the server's name, is an
 * address, the text says so. */
void kerberos_error_set(uint32_t minor, const char *host, struct err *err);

/* Records the meaning of minor, the reason why the server's answer to a ticket was not accepted. */
void kerberos_error_set_answer(uint32_t minor, struct err *err);

/* Whether Kerberos was not available at all, so that another mechanism does no harm. False where a
 * KDC refused the user or the password. */
bool kerberos_error_allows_other(uint32_t minor);

/* Records the meaning of the error that gss-ntlmssp returned for the server's CHALLENGE. */
void ntlm_error_set(uint32_t major, uint32_t minor, struct err *err);

/* Records why NTLM gives no credentials for a user and a password. minor is the error that
 * gss-ntlmssp returned, if it was there to return one. */
void ntlm_error_set_credentials(uint32_t minor, struct err *err);

#endif
