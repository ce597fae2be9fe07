/* SPDX-License-Identifier: MIT */
/* The NetrSessionDel requests that close listed sessions. Samba compares the whole texts of a
 * client and of a user with its own spelling, and puts a domain before the user. So it gets one
 * request for each pair of names that its list has. */
#ifndef SRVSVC_SESSION_DELETIONS_H
#define SRVSVC_SESSION_DELETIONS_H

#include "sessions/key_map.h"
#include "srvsvc/session_messages.h"
#include "wire/writer.h"

/* All zero at first. */
struct session_deletions {
	struct wire_writer
		texts;         /* with terminators: client and user of each request, "" for any */
	struct key_map places; /* of the requests in texts, plus 1, by the hash of their names */
	size_t at;             /* where the client of the next request begins */
	bool closed_some;
	NET_API_STATUS status; /* the first one that was not 0 */
};

void session_deletions_fini(struct session_deletions *d);

/* Adds a request, if there is none of these names yet. Either name may be NULL: any. Check
 * texts.failed when all are added. */
void session_deletions_add(struct session_deletions *d, const char *client, const char *user);

/* Gives the next request, which borrows from d. False: there is none left. */
bool session_deletions_next(struct session_deletions *d, struct session_del_request *request);
/* The server's answer to that request. */
void session_deletions_receive(struct session_deletions *d, NET_API_STATUS status);
/* The result when there is no request left: 0 if at least one session was closed, as a server
 * answers for the sessions of one name. */
NET_API_STATUS session_deletions_status(const struct session_deletions *d);

#endif
