/* SPDX-License-Identifier: MIT */
/* The credentials that NetUseAdd was given for servers: one table for the process, as Windows has
 * one for the log-on session. */
#ifndef NETAPI_USE_TABLE_H
#define NETAPI_USE_TABLE_H

#include <stdbool.h>
#include <netsession.h>
#include <windows.h>
#include <lmcons.h>

struct use;

/* Makes a use: a server, by its name without a share, and the credentials for it. user and domain
 * are those of the credentials. Takes credentials, NULL: those of the environment. NULL: out of
 * memory, and credentials are freed. */
struct use *use_new(const char *server, const char *user, const char *domain,
                    struct netsession_credentials *credentials);
struct netsession_credentials *use_credentials(const struct use *use);
/* NULL is allowed. */
void use_release(struct use *use);

/* Gives a hold on the use of a server, with or without leading \\; NULL: it has none. */
struct use *use_table_take(const char *server);

/* Whether the server has a use of another user. */
bool use_table_conflicts(const struct use *use);

/* Takes use, which replaces the one that its server had. */
void use_table_put(struct use *use);

/* False: the server has none. */
bool use_table_remove(const char *server);

#endif
