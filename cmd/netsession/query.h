/* SPDX-License-Identifier: MIT */
/* Servers asked side by side, as the options say. */
#ifndef NETSESSION_QUERY_H
#define NETSESSION_QUERY_H

#include "options.h"
#include "results.h"

/* What the options ask of a server, as the user wrote it; NULL: of this computer. Borrows all. */
struct netsession_query query_from_options(const struct options *options,
                                           struct netsession_credentials *credentials,
                                           const char *server);

/* Fills the results, whose servers are set. False: out of memory, which was said on stderr. */
bool query_servers(const struct options *options, struct netsession_credentials *credentials,
                   struct server_result results[], size_t count);

/* Whether the answer shows that the server is Samba, or a relative of it: which of the levels it
 * has was asked for, and it has level 1, but neither 2 nor 502. */
bool query_shows_samba(const struct options *options, const struct server_result *result);

/* Says on stderr what failed, and with -v what was done. */
void query_print_messages(const struct options *options, const struct server_result *result);

/* What becomes of servers, of which so many failed. Returns enum exit_code. */
int query_exit_code(const struct server_result results[], size_t count);

/* Writes the results to stdout in the format that the options name. False: it could not be
 * written, which was said on stderr. */
bool query_write_results(const struct options *options, const struct server_result results[],
                         size_t count);

#endif
