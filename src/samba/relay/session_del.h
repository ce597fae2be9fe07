/* SPDX-License-Identifier: MIT */
/* Whom a NetrSessionDel means, in Samba's spelling: Samba compares the user's whole name, with the
 * domain that Windows' callers leave out. One request goes to Samba for each name. */
#ifndef SAMBA_RELAY_SESSION_DEL_H
#define SAMBA_RELAY_SESSION_DEL_H

#include "srvsvc/session_messages.h"
#include "sessions/session_table.h"
#include "wire/writer.h"

struct relay_session_del {
	struct wire_writer texts; /* each with its terminator: the client, "" for any; the users */
	size_t at;                /* of the user who is closed next */
	bool closed_some;
	NET_API_STATUS status; /* why another one was not */
};

/* Finds them in table. False: out of memory. *as_it_is: the caller's own request means them all. */
bool relay_session_del_begin(struct relay_session_del *c, const struct session_table *table,
                             const struct session_del_request *request, bool *as_it_is);
void relay_session_del_fini(struct relay_session_del *c);

/* The next request, which borrows from c. False: there is none left. */
bool relay_session_del_next(struct relay_session_del *c, struct session_del_request *request);
/* What Samba says of it. */
void relay_session_del_receive(struct relay_session_del *c, NET_API_STATUS status);
/* When none is left. */
NET_API_STATUS relay_session_del_status(const struct relay_session_del *c);

#endif
