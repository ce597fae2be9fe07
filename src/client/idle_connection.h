/* SPDX-License-Identifier: MIT */
/* A contact: a server, as whom it is spoken to, and the conversation with it. It knows no loop, so
 * that it can be kept from one call to the next. */
#ifndef CLIENT_IDLE_CONNECTION_H
#define CLIENT_IDLE_CONNECTION_H

#include <netsession.h>
#include "auth/credentials.h"
#include "auth/tickets.h"
#include "client/state.h"
#include "client/server_name.h"

/* What tells one contact from another. */
struct connection_key {
	struct server_name server; /* with its port; all zero: the local service */
	char *local;               /* its socket's path; NULL: it is another one */
	const struct client_interface *interface;
	char *wins;                                 /* whom else to ask for it; NULL: not said */
	struct netsession_credentials *credentials; /* NULL: the caller's tickets */
	enum netsession_authentication authentication;
	bool must_encrypt;
	/* Whose tickets they are, or which user the local service takes us for; "": not known, or
	 * none. */
	char principal[AUTH_PRINCIPAL_BYTES];
};

struct idle_connection {
	struct connection_key key; /* its credentials are held, and its texts its own */
	struct client_state conversation;
	bool is_talking; /* the conversation was begun */

	/* While it is kept. */
	int socket;
	uint64_t expires_ms;
	struct idle_connection *next;
};

/* The local service: makes key but for its interface; its texts are the caller's. Returns 0 or
 * ERROR_NOT_ENOUGH_MEMORY. */
NET_API_STATUS connection_key_local(struct connection_key *key, struct err *err);

/* Copies key and its texts. NULL: out of memory. */
struct idle_connection *idle_connection_new(const struct connection_key *key);
void idle_connection_free(struct idle_connection *contact);

/* Begins the conversation, again where there was one. */
void idle_connection_begin(struct idle_connection *contact, enum client_opening opening);

/* Whether it may be kept: whose it is is known. */
bool idle_connection_has_owner(const struct idle_connection *contact);

/* Whether a contact does for a call that wants key, as far as the server and encryption go. */
bool idle_connection_leads_to(const struct idle_connection *contact,
                              const struct connection_key *key);
/* And is nobody else's. */
bool idle_connection_suits(const struct idle_connection *contact, const struct connection_key *key);

#endif
