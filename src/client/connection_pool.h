/* SPDX-License-Identifier: MIT */
/* Contacts kept for a few seconds after a call: the next call to the same server as the same user
 * costs one round trip. All threads share them; a fork's child has none. */
#ifndef CLIENT_CONNECTION_POOL_H
#define CLIENT_CONNECTION_POOL_H

#include "client/idle_connection.h"

#define CONNECTION_IDLE_MS  10000
#define CONNECTION_POOL_MAX 64

/* Takes contact, whose conversation is idle, with its socket. */
void connection_pool_put(struct idle_connection *contact);

/* Whether one may be kept that was made by tickets and leads where key wants to go: then it is
 * worth while to find out whose tickets the caller has now. */
bool connection_pool_has_tickets(const struct connection_key *key);

/* Gives a contact that suits key, its socket still open; NULL: none is kept. */
struct idle_connection *connection_pool_take(const struct connection_key *key);

/* Closes those of a server, whatever port; NULL: all. */
void connection_pool_close(const char *host);

#endif
