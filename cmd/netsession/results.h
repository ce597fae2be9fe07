/* SPDX-License-Identifier: MIT */
/* What a server answered: its sessions, or an error. */
#ifndef NETSESSION_RESULTS_H
#define NETSESSION_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <netsession.h>
#include "srvsvc/session_levels.h"

#define LOCAL_COMPUTER "local computer" /* the name of the server that is NULL */

struct server_result {
	const char *server;  /* as the user wrote it; NULL: the local computer */
	uint32_t timeout_ms; /* for this server; 0: as the options say */
	struct netsession_error error;
	int64_t answered_s; /* when the call ended: see query_now_s */
	struct netsession_page **pages;
	size_t page_count;
	uint32_t total;                    /* sessions, by the first page */
	const struct session_level *level; /* NULL: there is no page */
};

/* Takes page. Returns false if memory ran out. */
bool server_result_add(struct server_result *result, struct netsession_page *page);
void server_result_fini(struct server_result *result);
const char *server_result_name(const struct server_result *result);

/* How many sessions the pages have. */
size_t server_result_count(const struct server_result *result);

/* Calls each for every session of a result, in the server's order. Times of 4294967295 seconds,
 * which Samba sends for brand-new sessions, are given as 0. */
void server_result_each(const struct server_result *result,
                        void (*each)(void *context, const struct server_result *result,
                                     const struct netsession_row *row),
                        void *context);

/* How many sessions came with such a time. */
size_t server_result_underflows(const struct server_result *result);

#endif
