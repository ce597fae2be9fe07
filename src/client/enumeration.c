/* SPDX-License-Identifier: MIT */
#include "client/enumeration.h"

#include <stdlib.h>
#include <string.h>
#include "client/page.h"
#include "client/qualifiers.h"

#define DOING "NetrSessionEnum"

#define ALL_BYTES  0xFFFFFFFFu         /* MAX_PREFERRED_LENGTH */
#define PART_BYTES (16u * 1024 * 1024) /* of what is too much at once */

/* At level 0 nobody could tell whether a server minded the user that was asked for (Samba does
 * not): a level that names users is asked first, and cut down. */
static void enumeration_set_ladder(struct enumeration *e, bool is_for_user)
{
	static const uint32_t naming_users[] = { 10, 1, 0 };

	e->ladder = &e->level_wanted;
	e->rungs = 1;
	if (e->level_wanted == NETSESSION_LEVEL_AUTO) {
		e->ladder = session_levels_richest_first;
		e->rungs = SESSION_LEVEL_COUNT;
	} else if (e->level_wanted == 0 && is_for_user) {
		e->ladder = naming_users;
		e->rungs = sizeof naming_users / sizeof *naming_users;
	}
	e->request.level = e->ladder[0];
}

NET_API_STATUS enumeration_init(struct enumeration *e, const struct netsession_query *query,
                                struct err *err)
{
	*e = (struct enumeration){
		.level_wanted = query->level,
		.all_pages = query->all_pages != 0,
		.request = {
			.preferred_bytes = query->preferred_bytes != 0 ? query->preferred_bytes : ALL_BYTES,
			.has_resume_handle = true,
			.resume_handle = query->resume_handle,
		},
	};
	enumeration_set_ladder(e, session_qualifier_is_given(query->user));
	if (session_level_find(e->request.level) == NULL)
		return err_set(err, ERROR_INVALID_LEVEL, "query", NULL);
	if (qualifiers_copy(query, &e->client, &e->user, err) != NERR_Success)
		return err->status;
	e->request.client = e->client;
	e->request.user = e->user;
	return NERR_Success;
}

void enumeration_fini(struct enumeration *e)
{
	free(e->client);
	free(e->user);
}

/* A server that does not know the level, or keeps it for others, may grant a poorer one. */
static bool enumeration_step_down(struct enumeration *e, NET_API_STATUS status)
{
	if ((status != ERROR_INVALID_LEVEL && status != ERROR_ACCESS_DENIED) ||
	    e->rung + 1 == e->rungs || e->given)
		return false;
	e->request.level = e->ladder[++e->rung];
	return true;
}

/* 3.1.4.5 wants all of it or a failure where no length is preferred; netsessiond fails beyond
 * max_answer_mib. There is always a page that it can give. */
static bool enumeration_ask_for_less(struct enumeration *e, NET_API_STATUS status)
{
	if (status != ERROR_NOT_ENOUGH_MEMORY || e->request.preferred_bytes != ALL_BYTES)
		return false;
	e->request.preferred_bytes = PART_BYTES;
	return true;
}

static bool enumeration_matches(struct enumeration *e, const struct session_level *level,
                                const struct netsession_row *row)
{
	/* Where no level that names users is granted, the question stays the server's. */
	bool has_user = session_level_field(level, session_columns[1]) != NULL;

	if (e->client != NULL && !session_client_equal(e->client, row->client))
		return false;
	e->seen_client = true;
	return e->user == NULL || !has_user || session_user_equal(e->user, row->user);
}

bool enumeration_accepts_row(struct enumeration *e, uint32_t *level, struct netsession_row *row)
{
	const struct session_level *asked = session_level_find(e->request.level), *wanted = asked;

	if (!enumeration_matches(e, asked, row))
		return false;
	e->given = true;
	if (e->level_wanted != NETSESSION_LEVEL_AUTO)
		wanted = session_level_find(e->level_wanted);
	session_row_reduce(row, wanted);
	*level = wanted->number;
	return true;
}

/* Servers that ignore the qualifiers (Samba does) answer with everybody. */
static bool enumeration_filter_page(struct enumeration *e, struct netsession_page *page)
{
	uint32_t kept = 0;

	if (e->client == NULL && e->user == NULL)
		return true;
	for (uint32_t entry = 0; entry < page->entries; entry++) {
		struct netsession_row row;

		if (netsession_page_row(page, entry, &row) != NERR_Success)
			return false;
		if (enumeration_matches(e, page->level, &row))
			session_infos_move(page->level, page->infos, kept++, entry);
	}
	if (kept < page->entries && !page->has_more)
		page->total_entries = kept;
	page->entries = kept;
	if (kept == 0) {
		free(page->infos);
		page->infos = NULL;
	}
	return true;
}

static void enumeration_reduce_page(struct netsession_page *page, const struct session_level *level)
{
	if (page->level != level)
		session_infos_reduce(page->level, page->infos, page->entries, level);
	page->level = level;
}

/* Makes the request for what follows the answer. */
static NET_API_STATUS enumeration_turn_page(struct enumeration *e,
                                            const struct session_enum_answer *answer,
                                            struct err *err)
{
	if (answer->entries == 0) { /* not even one fitted: 3.1.4.5 leaves that open */
		if (e->request.preferred_bytes == ALL_BYTES)
			return err_set(err, ERROR_BAD_NET_RESP, DOING,
			               "more data is promised, none given");
		e->request.preferred_bytes = e->request.preferred_bytes < 4096 ? 4096
		                             : e->request.preferred_bytes < ALL_BYTES / 2
		                                     ? 2 * e->request.preferred_bytes
		                                     : ALL_BYTES;
		return NERR_Success;
	}
	if (!answer->has_resume_handle || answer->resume_handle == e->request.resume_handle)
		return err_set(err, ERROR_BAD_NET_RESP, DOING,
		               "the resume handle does not advance");
	e->request.resume_handle = answer->resume_handle;
	return NERR_Success;
}

static struct netsession_page *enumeration_make_page(const struct session_enum_answer *answer,
                                                     void *infos)
{
	struct netsession_page *page = calloc(1, sizeof *page);

	if (page == NULL) {
		free(infos);
		return NULL;
	}
	page->level = session_level_find(answer->level);
	page->infos = infos;
	page->entries = answer->entries;
	page->total_entries = answer->total_entries;
	page->has_more = answer->status == ERROR_MORE_DATA;
	page->resume_handle = answer->resume_handle;
	return page;
}

/* What an end without a single entry means where a qualifier was given. */
static NET_API_STATUS enumeration_set_not_found(const struct enumeration *e, struct err *err)
{
	return e->client != NULL && !e->seen_client
	               ? err_set(err, NERR_ClientNameNotFound, DOING, NULL)
	               : err_set(err, NERR_UserNotFound, DOING, NULL);
}

enum enumeration_next enumeration_take(struct enumeration *e,
                                       const struct session_enum_answer *answer, void *infos,
                                       struct netsession_page **page, struct err *err)
{
	bool is_qualified = e->client != NULL || e->user != NULL;
	struct netsession_page *made;

	*page = NULL;
	if (answer->status != NERR_Success && answer->status != ERROR_MORE_DATA) {
		free(infos);
		if (enumeration_step_down(e, answer->status) ||
		    enumeration_ask_for_less(e, answer->status))
			return ENUMERATION_ASK;
		err_set(err, answer->status, DOING, NULL);
		return ENUMERATION_FAILED;
	}
	made = enumeration_make_page(answer, infos);
	if (made == NULL || !enumeration_filter_page(e, made)) {
		netsession_page_free(made);
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, DOING, NULL);
		return ENUMERATION_FAILED;
	}
	if (e->level_wanted != NETSESSION_LEVEL_AUTO)
		enumeration_reduce_page(made, session_level_find(e->level_wanted));
	if (made->has_more && (e->all_pages || made->entries == 0) &&
	    enumeration_turn_page(e, answer, err) != NERR_Success) {
		netsession_page_free(made);
		return ENUMERATION_FAILED;
	}
	if (made->has_more && made->entries == 0) {
		netsession_page_free(made);
		return ENUMERATION_ASK;
	}
	if (made->entries == 0 && is_qualified && !e->given) {
		netsession_page_free(made);
		enumeration_set_not_found(e, err);
		return ENUMERATION_FAILED;
	}
	e->given = true;
	*page = made;
	return made->has_more && e->all_pages ? ENUMERATION_ASK : ENUMERATION_DONE;
}
