/* SPDX-License-Identifier: MIT */
/* What the servers answered. */
#ifndef NETSESSION_RESULTS_H
#define NETSESSION_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <netsession.h>
#include "srvsvc/session_levels.h"

#define LOCAL_COMPUTER "local computer" /* how people see a server that is NULL */

struct server_result {
	const char *server; /* as the user wrote it; NULL: the local computer */
	struct netsession_error error;
	struct netsession_page **pages;
	size_t page_count;
	uint32_t total;                    /* as the first page told */
	const struct session_level *level; /* NULL: there is no page */
};

/* Takes page. False: out of memory. */
bool server_result_add(struct server_result *result, struct netsession_page *page);
void server_result_fini(struct server_result *result);
const char *server_result_name(const struct server_result *result);

/* Calls each for every session of a result, in the server's order. */
void server_result_each(const struct server_result *result,
                        void (*each)(void *context, const struct server_result *result,
                                     const struct netsession_row *row),
                        void *context);

/* How many sessions came with 4294967295 seconds: Samba says so of brand-new ones, and
 * server_result_each gives 0 for it. */
size_t server_result_underflows(const struct server_result *result);

#endif
