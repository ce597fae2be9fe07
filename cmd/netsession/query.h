/* SPDX-License-Identifier: MIT */
/* Asks servers for their sessions, many at the same time, as the options say. */
#ifndef NETSESSION_QUERY_H
#define NETSESSION_QUERY_H

#include "options.h"
#include "client/server_operand.h"
#include "results.h"

/* Gives the query that the options ask of server, which is as the user wrote it; NULL: the local
 * computer. The query borrows all, its server from room. False: server cannot be the name of one,
 * as *error says. */
bool query_from_options(const struct options *options, struct netsession_credentials *credentials,
                        const char *server, struct server_operand *room,
                        struct netsession_query *query, struct netsession_error *error);

/* Asks the servers that are set in results, and fills the rest of results. A result that has an
 * error is left as it is. Returns false if memory ran out, after a message on stderr.
 *
 * answered  is called when a server has answered or failed, while others may still be asked; may be
 *           NULL */
bool query_servers(const struct options *options, struct netsession_credentials *credentials,
                   struct server_result results[], size_t count,
                   void (*answered)(void *context, struct server_result *result), void *context);

/* The time by which results say when a server answered, in seconds since this computer started. It
 * goes on while the computer sleeps, as sessions do. */
int64_t query_now_s(void);

/* Whether the answer shows that the server is Samba or derived from it: all levels were tried, and
 * the server has level 1, but neither 2 nor 502. */
bool query_shows_samba(const struct options *options, const struct server_result *result);

/* Writes to stderr what failed, the server's warnings and, with --verbose, at which level it
 * answered. */
void query_print_messages(const struct options *options, const struct server_result *result);

/* Returns an enum exit_code: whether all, some or none of the servers answered, and completely. */
int query_exit_code(const struct server_result results[], size_t count);

/* Writes the results to stdout in the format that the options name. Returns false if that failed,
 * after a message on stderr. */
bool query_write_results(const struct options *options, const struct server_result results[],
                         size_t count);

/* The message of a write to stdout that failed, by errno. */
void query_print_write_error(void);

#endif
