/* SPDX-License-Identifier: MIT */
/* A NetrSessionDel for Samba. Samba compares the whole name of a user, with the domain, which
 * Windows' clients leave out, and the text of an address, which Windows' clients spell differently.
 * So Samba gets one request for each client and user in its own spelling. */
#ifndef SAMBA_RELAY_SESSION_DEL_H
#define SAMBA_RELAY_SESSION_DEL_H

#include "samba/relay/session_cache.h"
#include "srvsvc/session_deletions.h"

/* Finds the names in cache. as_it_is: the client's own request has the same meaning for Samba.
 * False: out of memory. */
bool relay_session_del_begin(struct session_deletions *d, const struct session_cache *cache,
                             const struct session_del_request *request, bool *as_it_is);

#endif
