/* SPDX-License-Identifier: MIT */
/* Contacts kept for a few seconds after a call: the next call to the same server as the same user
 * costs one round trip. All threads share them; a fork's child has none. */
#ifndef CLIENT_KEPT_H
#define CLIENT_KEPT_H

#include "client/contact.h"

#define KEPT_MS  10000
#define KEPT_MAX 64

/* Takes contact, whose conversation is idle, with its socket. */
void kept_put(struct contact *contact);

/* Gives a contact that suits key, its socket still open; NULL: none is kept. */
struct contact *kept_take(const struct contact_key *key);

/* Closes those of a server, whatever port; NULL: all. */
void kept_close(const char *host);

#endif
