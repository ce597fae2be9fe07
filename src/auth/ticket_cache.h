/* SPDX-License-Identifier: MIT */
/* Inside src/auth only: what is wrong with the caller's credential cache. GSSAPI says only that it
 * found no credentials, whatever the reason. */
#ifndef AUTH_TICKET_CACHE_H
#define AUTH_TICKET_CACHE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"

/* Whether GSSAPI may look into the default credential cache. libkrb5 1.20 frees an uninitialised
 * pointer (krb5_cccol_have_content) where it finds a cache that it cannot read. False: err names
 * the cache and why it cannot be read. A cache that does not exist is no failure here. Reads files:
 * it belongs on a worker thread. */
bool ticket_cache_is_readable(struct err *err);

/* Explains why no ticket of the default credential cache can be used; err names the cache. Gives in
 * *valid_until_s when the ticket-granting ticket ends, in seconds since 1970; 0: there is none.
 * Reads files, too. Returns false if the cache is in order. */
bool ticket_cache_explain(int64_t *valid_until_s, struct err *err);

#endif
