/* SPDX-License-Identifier: MIT */
/* The texts of sessions. Equal texts are kept once; a session holds four references. */
#ifndef SESSIONS_SESSION_TEXTS_H
#define SESSIONS_SESSION_TEXTS_H

#include <stdbool.h>
#include <stdint.h>
#include <netsession.h>
#include "sessions/session.h"
#include "sessions/text_pool.h"

struct session_text_pools {
	/* All begin with \\, and all addresses are spelled as client_name_spell does. */
	struct text_pool clients;
	struct text_pool users;
	struct text_pool labels; /* client types and transports */
};

/* References; 0: no text. */
struct session_texts {
	uint32_t client; /* its highest bit: the client is shown without its \\ */
	uint32_t user, client_type, transport;
};

/* False: out of memory; session_text_pools_fini is allowed then. */
bool session_text_pools_init(struct session_text_pools *p);
void session_text_pools_fini(struct session_text_pools *p);

/* False: a text is too long, or memory ran out; nothing is held then. */
bool session_texts_hold(struct session_text_pools *p, const struct session_facts *facts,
                        struct session_texts *texts);
void session_texts_release(struct session_text_pools *p, const struct session_texts *texts);
/* Sets the texts of row, which are borrowed from the pools. */
void session_texts_show(const struct session_text_pools *p, const struct session_texts *texts,
                        struct netsession_row *row);
/* Loads client and user into the processor's cache, because they will be read soon. */
void session_texts_prefetch(const struct session_text_pools *p, const struct session_texts *texts);

/* The text group of the client, and that of the user; 0: none. Users with one account name are one
 * group, whatever their domains; so are all scopes of one address. */
uint32_t session_texts_client_group(const struct session_text_pools *p,
                                    const struct session_texts *texts);
uint32_t session_texts_user_group(const struct session_text_pools *p,
                                  const struct session_texts *texts);
/* Whether client and user of both are of the same groups, and so in the same lists. */
bool session_texts_same_groups(const struct session_text_pools *p, const struct session_texts *a,
                               const struct session_texts *b);
/* The text group of a client, with or without its \\. 0: no session comes from it. */
uint32_t session_texts_find_client(const struct session_text_pools *p, const char *client);
/* Whether the client is this one, the scope of its address included. */
bool session_texts_are_from(const struct session_text_pools *p, const struct session_texts *texts,
                            const char *client);
/* Whether the user is this one, domain included. */
bool session_texts_are_of(const struct session_text_pools *p, const struct session_texts *texts,
                          const char *user);

#endif
