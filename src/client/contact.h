/* SPDX-License-Identifier: MIT */
/* A contact: a server, as whom it is spoken to, and the conversation with it. It knows no loop, so
 * that it can be kept from one call to the next. */
#ifndef CLIENT_CONTACT_H
#define CLIENT_CONTACT_H

#include <netsession.h>
#include "auth/credentials.h"
#include "auth/tickets.h"
#include "client/conversation.h"
#include "client/server_name.h"

/* What tells one contact from another. */
struct contact_key {
	struct server_name server; /* with its port; all zero: the local service */
	char *local;               /* its socket's path; NULL: it is another one */
	const struct conversation_interface *interface;
	char *wins;                                 /* whom else to ask for it; NULL: not said */
	struct netsession_credentials *credentials; /* NULL: the caller's tickets */
	enum netsession_authentication authentication;
	bool must_encrypt;
	/* Whose tickets they are, or which user the local service takes us for; "": not known, or
	 * none. */
	char principal[AUTH_PRINCIPAL_BYTES];
};

struct contact {
	struct contact_key key; /* its credentials are held, and its texts its own */
	struct conversation conversation;
	bool is_talking; /* the conversation was begun */

	/* While it is kept. */
	int socket;
	uint64_t expires_ms;
	struct contact *next;
};

/* The local service: makes key but for its interface; its texts are the caller's. Returns 0 or
 * ERROR_NOT_ENOUGH_MEMORY. */
NET_API_STATUS contact_key_local(struct contact_key *key, struct err *err);

/* Copies key and its texts. NULL: out of memory. */
struct contact *contact_new(const struct contact_key *key);
void contact_free(struct contact *contact);

/* Begins the conversation, again where there was one. */
void contact_begin(struct contact *contact, enum conversation_opening opening);

/* Whether it may be kept: whose it is is known. */
bool contact_has_owner(const struct contact *contact);

/* Whether a contact does for a call that wants key, as far as the server and encryption go. */
bool contact_leads_to(const struct contact *contact, const struct contact_key *key);
/* And is nobody else's. */
bool contact_suits(const struct contact *contact, const struct contact_key *key);

#endif
