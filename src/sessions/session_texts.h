/* SPDX-License-Identifier: MIT */
/* The texts of sessions, each kept once: what a session holds of them are four references. */
#ifndef SESSIONS_SESSION_TEXTS_H
#define SESSIONS_SESSION_TEXTS_H

#include <stdbool.h>
#include <stdint.h>
#include "sessions/session_table.h"
#include "sessions/text_pool.h"

struct session_text_pools {
	struct text_pool clients; /* all with \\ before them */
	struct text_pool users;
	struct text_pool labels; /* client types and transports */
};

/* References; 0: none. */
struct session_texts {
	uint32_t client; /* its highest bit: it was told without its \\ */
	uint32_t user, client_type, transport;
};

/* False: out of memory; fini is allowed then. */
bool session_text_pools_init(struct session_text_pools *p);
void session_text_pools_fini(struct session_text_pools *p);

/* False: one is too long, or out of memory; nothing is held then. */
bool session_texts_hold(struct session_text_pools *p, const struct session_facts *facts,
                        struct session_texts *texts);
void session_texts_release(struct session_text_pools *p, const struct session_texts *texts);
/* Fills the texts of row, which borrows them. */
void session_texts_show(const struct session_text_pools *p, const struct session_texts *texts,
                        struct netsession_row *row);
/* Brings them closer, for who will show them soon. */
void session_texts_prefetch(const struct session_text_pools *p, const struct session_texts *texts);

/* The group of the client's and of the user's text; 0: none. Users of one account are one group,
 * whatever their domains. */
uint32_t session_texts_client_group(const struct session_text_pools *p,
                                    const struct session_texts *texts);
uint32_t session_texts_user_group(const struct session_text_pools *p,
                                  const struct session_texts *texts);
/* Whether both are of the same groups, so that they belong to the same lists. */
bool session_texts_same_groups(const struct session_text_pools *p, const struct session_texts *a,
                               const struct session_texts *b);
/* The group of a client, with or without its \\, who need not be there; 0: there is none. */
uint32_t session_texts_find_client(const struct session_text_pools *p, const char *client);
/* Whether they are of this very user. */
bool session_texts_are_of(const struct session_text_pools *p, const struct session_texts *texts,
                          const char *user);

#endif
