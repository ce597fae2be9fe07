/* SPDX-License-Identifier: MIT */
/* Inside src/auth only: what a failure of Kerberos means. */
#ifndef AUTH_KERBEROS_ERROR_H
#define AUTH_KERBEROS_ERROR_H

#include <stdbool.h>
#include "auth/gss.h"
#include "base/err.h"

/* Records the meaning of minor, an error of libkrb5 itself, in which host is named as an address
 * where it is one. */
void kerberos_error_set(OM_uint32 minor, const char *host, struct err *err);

/* Records the meaning of minor, by which the server's answer to a ticket was not accepted. */
void kerberos_error_set_answer(OM_uint32 minor, struct err *err);

/* Whether Kerberos could not be had at all, so that another mechanism does no harm: not so when a
 * KDC refused the user or the password. */
bool kerberos_error_allows_other(OM_uint32 minor);

#endif
