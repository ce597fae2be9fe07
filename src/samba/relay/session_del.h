/* SPDX-License-Identifier: MIT */
/* A NetrSessionDel for Samba. Samba compares the whole name of a user, with the domain, which
 * Windows' clients leave out, and the text of an address, which Windows' clients spell differently.
 * So Samba gets one request for each client and user in its own spelling. */
#ifndef SAMBA_RELAY_SESSION_DEL_H
#define SAMBA_RELAY_SESSION_DEL_H

#include "samba/relay/session_cache.h"
#include "srvsvc/session_messages.h"
#include "wire/writer.h"

struct relay_session_del {
	/* With terminators: client and user of each request; "" for any. */
	struct wire_writer texts;
	size_t at; /* where the next request begins */
	bool closed_some;
	NET_API_STATUS status; /* the first one that was not 0 */
};

/* Finds the names in cache. as_it_is: the client's own request has the same meaning for Samba.
 * False: out of memory. */
bool relay_session_del_begin(struct relay_session_del *c, const struct session_cache *cache,
                             const struct session_del_request *request, bool *as_it_is);
void relay_session_del_fini(struct relay_session_del *c);

/* Gives the next request, which borrows from c. False: there is none left. */
bool relay_session_del_next(struct relay_session_del *c, struct session_del_request *request);
/* Samba's answer to that request. */
void relay_session_del_receive(struct relay_session_del *c, NET_API_STATUS status);
/* The answer to the client, when there is no request left. */
NET_API_STATUS relay_session_del_status(const struct relay_session_del *c);

#endif
