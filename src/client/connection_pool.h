/* SPDX-License-Identifier: MIT */
/* Idle connections, kept for a few seconds after a call: the next call to the same server as the
 * same user costs one round trip. All threads share them; the child of a fork has none. */
#ifndef CLIENT_CONNECTION_POOL_H
#define CLIENT_CONNECTION_POOL_H

#include <netsession.h>
#include "auth/mechanisms.h"
#include "client/server_name.h"
#include "client/state.h"

#define CONNECTION_IDLE_MS  10000
#define CONNECTION_POOL_MAX 64

/* What tells one connection from another: the server, and as whom the caller is logged on. */
struct connection_key {
	struct server_name server; /* with its port; all zero: the local service */
	char *local;               /* the path of the local service's socket; NULL: an SMB server */
	const struct client_interface *interface;
	char *wins; /* the WINS server that the name is looked up at; NULL: not given */
	struct netsession_credentials *credentials; /* NULL: the caller's tickets */
	enum netsession_authentication authentication;
	bool must_encrypt;
	/* Whose tickets they are, or the user whom the local service takes the caller for; "": not
	 * known, or none. */
	char principal[AUTH_PRINCIPAL_BYTES];
};

/* Makes the key of the local service but for its interface; its texts are the key's own. Returns 0
 * or ERROR_NOT_ENOUGH_MEMORY, which then stands in err. */
NET_API_STATUS connection_key_init_local(struct connection_key *key, struct err *err);
/* Copies from with its texts and holds its credentials. False: out of memory, and *key is empty. */
bool connection_key_copy(struct connection_key *key, const struct connection_key *from);
void connection_key_fini(struct connection_key *key);

/* Whose the connection is, is known: it may be kept. */
bool connection_key_has_owner(const struct connection_key *key);

/* Keeps a connection whose state is idle and whose key has an owner. Takes key's contents, state
 * and socket. */
void connection_pool_put(struct connection_key *key, struct client_state *state, int socket);

/* Whether an idle connection may lead where key wants to go that was logged on by tickets: then it
 * is worth while to find out whose tickets the caller has now. */
bool connection_pool_has_tickets(const struct connection_key *key);

/* Gives an idle connection that does for key: its socket, which is still open, and *state. -1:
 * there is none. */
int connection_pool_take(const struct connection_key *key, struct client_state **state);

/* Closes the idle connections to a server, whatever port; NULL: all. */
void connection_pool_close(const char *host);

/* Frees a state of calloc's. NULL is allowed. */
void connection_state_free(struct client_state *state);

#endif
