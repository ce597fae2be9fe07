/* SPDX-License-Identifier: MIT */
/* The servers for which NetUseAdd gave credentials: one table for the process, as on Windows one
 * for the log-on session. */
#ifndef NETAPI_USE_TABLE_H
#define NETAPI_USE_TABLE_H

#include <stdbool.h>
#include <netsession.h>
#include <windows.h>
#include <lmcons.h>

struct use;

/* Credentials for a server, its name as it was given, without share; "user" tells one identity
 * from another. Takes credentials, NULL: whoever the environment says. NULL: out of memory, and
 * they are freed. */
struct use *use_new(const char *server, const char *user, const char *domain,
                    struct netsession_credentials *credentials);
struct netsession_credentials *use_credentials(const struct use *use);
/* NULL is allowed. */
void use_release(struct use *use);

/* Gives a hold on the use of a server, with or without leading \\; NULL: there is none. */
struct use *use_table_take(const char *server);

/* Whether the server has a use of another identity. */
bool use_table_conflicts(const struct use *use);

/* Takes use, in the place of the one that its server had. */
void use_table_put(struct use *use);

/* False: there is none. */
bool use_table_remove(const char *server);

#endif
