/* SPDX-License-Identifier: MIT */
/* One enumeration as its caller sees it, whatever the server makes of it: which request is next,
 * levels stepping down, qualifiers that the server neglects, pages. Knows no network. */
#ifndef CLIENT_ENUMERATION_H
#define CLIENT_ENUMERATION_H

#include "base/err.h"
#include "srvsvc/session_enum.h"

struct enumeration {
	struct session_enum_request request; /* to be sent next */
	char *client, *user;                 /* what request borrows */
	uint32_t level_wanted;               /* NETSESSION_LEVEL_AUTO, or what pages are of */
	const uint32_t *ladder;              /* levels to ask at, one after another is refused */
	size_t rungs, rung;                  /* of the ladder; where we stand */
	bool all_pages;
	bool given;       /* a page was */
	bool seen_client; /* an entry of the client that was asked for came by */
};

/* Copies what it needs of query. Returns 0, ERROR_INVALID_LEVEL, ERROR_INVALID_PARAMETER,
 * NERR_InvalidComputer or ERROR_NOT_ENOUGH_MEMORY: nothing is to be sent then. */
NET_API_STATUS enumeration_init(struct enumeration *e, const struct netsession_query *query,
                                struct err *err);
void enumeration_fini(struct enumeration *e);

/* A row of the answer to request, before the whole of it is taken: whether it is for the caller.
 * Then members that the caller's level lacks are cleared, and *level is that level. */
bool enumeration_accepts_row(struct enumeration *e, uint32_t *level, struct netsession_row *row);

enum enumeration_next {
	ENUMERATION_ASK, /* send request, again or for the next page */
	ENUMERATION_DONE,
	ENUMERATION_FAILED, /* see err */
};

/* Takes an answer that decoded, and infos with it. Gives *page, NULL when the answer holds nothing
 * for the caller. */
enum enumeration_next enumeration_take(struct enumeration *e,
                                       const struct session_enum_answer *answer, void *infos,
                                       struct netsession_page **page, struct err *err);

#endif
