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
	int64_t answered_s; /* when the call ended: query_now_s */
	struct netsession_page **pages;
	size_t page_count;
	uint32_t total;                    /* sessions, by the first page */
	const struct session_level *level; /* NULL: there is no page */
};

/* Takes page. Returns false if memory ran out. */
bool server_result_add(struct server_result *result, struct netsession_page *page);
void server_result_fini(struct server_result *result);
/* Frees the sessions, but not what else is known of the result. */
void server_result_drop_sessions(struct server_result *result);
const char *server_result_name(const struct server_result *result);

/* How many sessions the pages have. */
size_t server_result_count(const struct server_result *result);

/* Whether the server answered, and no session is known to be missing. */
bool server_result_is_complete(const struct server_result *result);
/* Whether sessions that earlier results had may be missing. */
bool server_result_has_lost_source(const struct server_result *result);
/* Calls each for every warning about a result. */
void server_result_each_warning(const struct server_result *result,
                                void (*each)(void *context, const char *warning), void *context);

/* Calls each for every session of a result, in the server's order. Ends the program if there is no
 * memory for the texts of one session. */
void server_result_each(const struct server_result *result,
                        void (*each)(void *context, const struct server_result *result,
                                     const struct netsession_row *row),
                        void *context);

/* How many sessions have no value in this column, although the level has the column. */
size_t server_result_count_unknown(const struct server_result *result,
                                   const struct session_column *column);

#endif
