/* SPDX-License-Identifier: MIT */
/* What a query asks of a server, whatever the server makes of it: a deletion, or an enumeration
 * with its levels, qualifiers and pages. Knows no network. */
#ifndef CLIENT_REQUEST_H
#define CLIENT_REQUEST_H

#include <stdbool.h>
#include <netsession.h>
#include "base/err.h"
#include "srvsvc/session_deletions.h"
#include "srvsvc/session_levels.h"
#include "srvsvc/session_messages.h"

/* ---- pages ---- */

/* What a page of <netsession.h> holds. */
struct netsession_page {
	const struct session_level *level;
	void *infos; /* SESSION_INFO_<level>[entries]; NULL: none */
	uint32_t entries, total_entries;
	bool has_more;
	uint32_t resume_handle;
	bool is_incomplete;   /* sessions are missing, and no page follows */
	bool has_lost_source; /* among them sessions of earlier answers */
	bool shows_unknown;   /* the local service's: a text that is NULL is not known */
	char **warnings;
	uint32_t warning_count;
	char *scratch; /* the texts of the row given last */
	size_t scratch_bytes;
};

/* Adds a warning about the answer. Out of memory, the page only counts as incomplete. */
void page_add_warning(struct netsession_page *page, bool is_incomplete, const char *text);

/* ---- NetrSessionEnum ---- */

struct enumeration {
	struct session_enum_request request; /* to be sent next */
	char *client, *user;                 /* what the query selects */
	char *account_room;                  /* the account of user, where it was copied */
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

/* The same, to find the sessions that a deletion means. */
NET_API_STATUS enumeration_init_for_deletion(struct enumeration *e,
                                             const struct netsession_query *query, struct err *err);

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

/* ---- NetrSessionDel ---- */

/* The sessions are listed first, because a server compares the names in the request with its own
 * spelling: Samba in a domain knows LAB\\alice, Windows knows alice, and Samba knows ::1.
 * netsessiond on this computer compares as this library does, and needs no list. */
struct deletion {
	struct session_del_request request; /* to be sent next; borrows from requests */
	char *client, *user;                /* what the query selects */
	bool is_listing;                    /* an enumeration must be answered first */
	struct session_deletions requests;
	struct err not_found; /* the list has no session that is meant */
	struct err list_err;  /* the list broke off: sessions that are meant may be left */
};

/* Copies what a deletion needs of query. Returns 0, ERROR_INVALID_PARAMETER or
 * ERROR_NOT_ENOUGH_MEMORY, which then stands in err: nothing is to be sent. */
NET_API_STATUS deletion_init(struct deletion *d, const struct netsession_query *query, bool lists,
                             struct err *err);
void deletion_fini(struct deletion *d);

/* Adds the sessions of a page of the list. */
void deletion_add_page(struct deletion *d, struct netsession_page *page);
/* The list is complete, or list_err says why not. If there is no list, the server gets the names of
 * the query, because it may let a caller close sessions that it does not let the caller list. If
 * the list broke off, the sessions in it are closed, and list_err is the result then. */
NET_API_STATUS deletion_end_list(struct deletion *d, const struct err *list_err, struct err *err);

/* Takes the answer to request. True: there is another one to be sent. False: err says the result.
 */
bool deletion_receive(struct deletion *d, NET_API_STATUS answer, struct err *err);

#endif
