/* SPDX-License-Identifier: MIT */
/* What a query asks of a server, whatever the server makes of it: a deletion, or an enumeration
 * with its levels, qualifiers and pages. Knows no network. */
#ifndef CLIENT_REQUEST_H
#define CLIENT_REQUEST_H

#include <stdbool.h>
#include <netsession.h>
#include "base/err.h"
#include "srvsvc/session_messages.h"
#include "srvsvc/session_levels.h"

/* ---- NetrSessionDel ---- */

struct deletion {
	struct session_del_request request; /* to be sent */
	char *client, *user;                /* borrowed by request */
};

/* Copies what a deletion needs of query. Returns 0, ERROR_INVALID_PARAMETER or
 * ERROR_NOT_ENOUGH_MEMORY, which then stands in err: nothing is to be sent. */
NET_API_STATUS deletion_init(struct deletion *d, const struct netsession_query *query,
                             struct err *err);
void deletion_fini(struct deletion *d);

/* ---- pages ---- */

/* What a page of <netsession.h> holds. */
struct netsession_page {
	const struct session_level *level;
	void *infos; /* SESSION_INFO_<level>[entries]; NULL: none */
	uint32_t entries, total_entries;
	bool has_more;
	uint32_t resume_handle;
	char *scratch; /* the texts of the row given last */
	size_t scratch_bytes;
};

/* ---- NetrSessionEnum ---- */

struct enumeration {
	struct session_enum_request request; /* to be sent next */
	char *client, *user;                 /* borrowed by request */
	uint32_t level_wanted;               /* the level of the pages, or NETSESSION_LEVEL_AUTO */
	const uint32_t *levels;              /* to be tried, the next one where one is refused */
	size_t level_count, level_index;     /* of levels; of the one that request asks for */
	bool all_pages;
	/* To notice that the server's resume handles repeat, by Brent's method: the handle of an
	 * earlier page, and after which page it is replaced. */
	uint32_t seen_handle, page_number, seen_until_page;
	bool has_given;        /* a page or a row was given to the caller */
	bool seen_client;      /* an answer had an entry of the client that the query names */
	char other_client[64]; /* the first one that was of another client; "": none was */
};

/* Copies what an enumeration needs of query. Returns 0, ERROR_INVALID_LEVEL,
 * ERROR_INVALID_PARAMETER or ERROR_NOT_ENOUGH_MEMORY, which then stands in err: nothing is to be
 * sent. */
NET_API_STATUS enumeration_init(struct enumeration *e, const struct netsession_query *query,
                                struct err *err);
void enumeration_fini(struct enumeration *e);

/* Whether a row of the answer to request, before the whole answer is taken, is for the caller. Then
 * members that the caller's level lacks are cleared, and *level is that level. */
bool enumeration_accepts_row(struct enumeration *e, uint32_t *level, struct netsession_row *row);

enum enumeration_next {
	ENUMERATION_ASK, /* send request, again or for the next page */
	ENUMERATION_DONE,
	ENUMERATION_FAILED, /* see err */
};

/* Takes an answer that was decoded, and infos with it. Gives *page, NULL when the answer has
 * nothing for the caller. */
enum enumeration_next enumeration_take(struct enumeration *e,
                                       const struct session_enum_answer *answer, void *infos,
                                       struct netsession_page **page, struct err *err);

#endif
