/* SPDX-License-Identifier: MIT */
#include "client/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/client_name.h"
#include "base/escape.h"
#include "base/text.h"
#include "base/user_name.h"
#include "srvsvc/session_block.h"
#include "srvsvc/session_messages.h"

#define ENUM_STEP "NetrSessionEnum"
#define DEL_STEP  "NetrSessionDel"

/* ---- the client and the user of a query, as the wire wants them ---- */

/* [MS-SRVS] 3.1.4.5 and 3.1.4.6 want \\ before a client; callers may leave it out. */
static char *qualifiers_unc_name(const char *client)
{
	const char *bare = client_name_bare(client);
	size_t bytes = strlen(bare) + 1;
	char *name = malloc(bytes + 2);

	if (name != NULL) {
		memcpy(name, "\\\\", 2);
		memcpy(name + 2, bare, bytes);
	}
	return name;
}

/* For a server that compares texts, as Windows does, an address has to be spelled as there. */
static char *qualifiers_spelled_unc_name(const char *client)
{
	char room[CLIENT_NAME_ROOM];

	return qualifiers_unc_name(client_name_spell(client, room));
}

static NET_API_STATUS qualifiers_copy_text(const char *text, char *(*copier)(const char *),
                                           char **to, struct err *err)
{
	if (!session_qualifier_is_given(text))
		return NERR_Success;
	*to = copier(text);
	if (*to == NULL)
		return err_set(err, ERROR_NOT_ENOUGH_MEMORY, "query", NULL);
	if (!text_utf8_is_valid(*to))
		return err_set(err, ERROR_INVALID_PARAMETER, "query",
		               "the client or the user is not valid UTF-8");
	if (session_qualifier_is_too_long(*to))
		return err_set(err, ERROR_INVALID_PARAMETER, "query",
		               "the client or the user is longer than 1,023 characters");
	return NERR_Success;
}

static NET_API_STATUS qualifiers_copy(const struct netsession_query *query,
                                      char *(*copy_client)(const char *), char **client,
                                      char **user, struct err *err)
{
	NET_API_STATUS status = qualifiers_copy_text(query->client, copy_client, client, err);

	return status != NERR_Success ? status
	                              : qualifiers_copy_text(query->user, strdup, user, err);
}

/* ---- pages ---- */

uint32_t netsession_page_level(const struct netsession_page *page)
{
	return page->level->number;
}

uint32_t netsession_page_entries(const struct netsession_page *page)
{
	return page->entries;
}

uint32_t netsession_page_total(const struct netsession_page *page)
{
	return page->total_entries;
}

int netsession_page_has_more(const struct netsession_page *page)
{
	return page->has_more;
}

uint32_t netsession_page_resume_handle(const struct netsession_page *page)
{
	return page->resume_handle;
}

int netsession_page_is_complete(const struct netsession_page *page)
{
	return !page->is_incomplete;
}

int netsession_page_has_lost_source(const struct netsession_page *page)
{
	return page->has_lost_source;
}

const char *netsession_page_warning(const struct netsession_page *page, uint32_t number)
{
	return number < page->warning_count ? page->warnings[number] : NULL;
}

void page_add_warning(struct netsession_page *page, bool is_incomplete, const char *text)
{
	char **warnings = reallocarray(page->warnings, (size_t)page->warning_count + 1,
	                               sizeof *warnings);
	char *copy = escape_format("%s", text);

	page->is_incomplete |= is_incomplete || warnings == NULL || copy == NULL;
	if (warnings != NULL)
		page->warnings = warnings;
	if (warnings != NULL && copy != NULL)
		warnings[page->warning_count++] = copy;
	else
		free(copy);
}

uint32_t netsession_page_row(struct netsession_page *page, uint32_t entry,
                             struct netsession_row *row)
{
	if (!session_infos_row(page->level, page->infos, entry, row, &page->scratch,
	                       &page->scratch_bytes))
		return ERROR_NOT_ENOUGH_MEMORY;
	session_row_mark_unknown(row);
	return NERR_Success;
}

void *netsession_page_take_infos(struct netsession_page *page)
{
	void *infos = page->infos;

	session_infos_clear_unknown(page->level, infos, page->entries, page->shows_unknown);
	page->infos = NULL;
	page->entries = 0;
	return infos;
}

void netsession_page_free(struct netsession_page *page)
{
	if (page == NULL)
		return;
	while (page->warning_count > 0)
		free(page->warnings[--page->warning_count]);
	free(page->warnings);
	free(page->infos);
	free(page->scratch);
	free(page);
}

/* ---- NetrSessionEnum ---- */

#define ALL_BYTES  0xFFFFFFFFu         /* MAX_PREFERRED_LENGTH */
#define PART_BYTES (16u * 1024 * 1024) /* where all is too much at once */

/* Entries of level 0 do not show whether a server applied the user of the query, and Samba does
 * not: a level that names users is tried first, and its entries are reduced. */
static void enumeration_set_levels(struct enumeration *e, bool is_for_user)
{
	static const uint32_t naming_users[] = { 10, 1, 0 };

	e->levels = &e->level_wanted;
	e->level_count = 1;
	if (e->level_wanted == NETSESSION_LEVEL_AUTO) {
		e->levels = session_levels_richest_first;
		e->level_count = SESSION_LEVEL_COUNT;
	} else if (e->level_wanted == 0 && is_for_user) {
		e->levels = naming_users;
		e->level_count = sizeof naming_users / sizeof *naming_users;
	}
	e->request.level = e->levels[0];
}

/* Windows compares the user with accounts, which have no domain. */
static NET_API_STATUS enumeration_set_account(struct enumeration *e, struct err *err)
{
	size_t room = e->user != NULL ? strlen(e->user) + 1 : 0;

	if (e->user == NULL)
		return NERR_Success;
	e->account_room = malloc(room);
	if (e->account_room == NULL)
		return err_set(err, ERROR_NOT_ENOUGH_MEMORY, "query", NULL);
	e->request.user = user_name_account(e->user, e->account_room, room);
	return NERR_Success;
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
	enumeration_set_levels(e, session_qualifier_is_given(query->user));
	if (session_level_find(e->request.level) == NULL)
		return err_set(err, ERROR_INVALID_LEVEL, "query", NULL);
	if (qualifiers_copy(query, qualifiers_spelled_unc_name, &e->client, &e->user, err) !=
	    NERR_Success)
		return err->status;
	e->request.client = e->client;
	return enumeration_set_account(e, err);
}

NET_API_STATUS enumeration_init_for_deletion(struct enumeration *e,
                                             const struct netsession_query *query, struct err *err)
{
	/* Samba knows level 1, and Windows grants it to those who may close sessions. */
	static const uint32_t levels[] = { 1, 10 };
	struct netsession_query all = *query;

	all.level = NETSESSION_LEVEL_AUTO;
	all.all_pages = 1;
	all.preferred_bytes = all.resume_handle = 0;
	if (enumeration_init(e, &all, err) != NERR_Success)
		return err->status;
	e->levels = levels;
	e->level_count = sizeof levels / sizeof *levels;
	e->request.level = levels[0];
	return NERR_Success;
}

void enumeration_fini(struct enumeration *e)
{
	free(e->client);
	free(e->user);
	free(e->account_room);
}

/* A server that does not know the level, or does not grant it to the caller, may grant a lower
 * one. */
static bool enumeration_step_down(struct enumeration *e, NET_API_STATUS status)
{
	if ((status != ERROR_INVALID_LEVEL && status != ERROR_ACCESS_DENIED) ||
	    e->level_index + 1 == e->level_count || e->has_given)
		return false;
	e->request.level = e->levels[++e->level_index];
	return true;
}

/* [MS-SRVS] 3.1.4.5: where no length is preferred, the server gives all entries or fails;
 * netsessiond fails beyond max_answer_mib. It can always give a part of them. */
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
	/* Where the server grants no level that names users, only the server can apply the user. */
	bool has_user = session_level_field(level, session_columns[SESSION_COLUMN_USER]) != NULL;

	if (e->client != NULL && !client_name_equal(e->client, row->client)) {
		if (e->other_client[0] == '\0' && row->client != NULL) {
			if (snprintf(e->other_client, sizeof e->other_client, "%s",
			             client_name_bare(row->client)) >= (int)sizeof e->other_client)
				text_drop_cut_character(e->other_client);
		}
		return false;
	}
	e->seen_client = true;
	return e->user == NULL || !has_user || user_name_matches(e->user, row->user);
}

bool enumeration_accepts_row(struct enumeration *e, uint32_t *level, struct netsession_row *row)
{
	const struct session_level *asked = session_level_find(e->request.level), *wanted = asked;

	if (!enumeration_matches(e, asked, row))
		return false;
	e->has_given = true;
	if (e->level_wanted != NETSESSION_LEVEL_AUTO)
		wanted = session_level_find(e->level_wanted);
	session_row_reduce(row, wanted);
	*level = wanted->number;
	return true;
}

/* A server that ignores the qualifiers, as Samba does, answers with all sessions. */
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

/* Whether the handle has come before. Opaque as it is, a handle that comes again begins the same
 * pages again, and without end. */
static bool enumeration_handle_repeats(struct enumeration *e, uint32_t handle)
{
	if (handle == e->request.resume_handle || (e->page_number > 0 && handle == e->seen_handle))
		return true;
	if (e->page_number++ == e->seen_until_page) {
		e->seen_handle = handle;
		e->seen_until_page = 2 * e->page_number;
	}
	return false;
}

/* Makes the request for what follows the answer. */
static NET_API_STATUS enumeration_turn_page(struct enumeration *e,
                                            const struct session_enum_answer *answer,
                                            struct err *err)
{
	if (answer->entries == 0) { /* not even one entry fitted; 3.1.4.5 allows that */
		if (e->request.preferred_bytes == ALL_BYTES)
			return err_set(err, ERROR_BAD_NET_RESP, ENUM_STEP,
			               "the server announced more entries and returned none");
		e->request.preferred_bytes = e->request.preferred_bytes < 4096 ? 4096
		                             : e->request.preferred_bytes < ALL_BYTES / 2
		                                     ? 2 * e->request.preferred_bytes
		                                     : ALL_BYTES;
		return NERR_Success;
	}
	if (!answer->has_resume_handle || enumeration_handle_repeats(e, answer->resume_handle))
		return err_set(err, ERROR_BAD_NET_RESP, ENUM_STEP,
		               "the server's resume handle does not advance");
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
	/* [MS-SRVS] 3.1.4.5: TotalEntries counts these entries, too. */
	page->total_entries = answer->total_entries > answer->entries ? answer->total_entries
	                                                              : answer->entries;
	page->has_more = answer->status == ERROR_MORE_DATA;
	page->resume_handle = answer->resume_handle;
	return page;
}

/* [MS-SRVS] 3.1.4.5: TotalEntries is what could have been enumerated from the resume handle on, so
 * the last page has as many. Samba counts from the beginning in any case, and sends all entries at
 * once; and whether a server counts sessions that do not match a qualifier is its own business. */
static void enumeration_check_total(const struct enumeration *e,
                                    const struct session_enum_answer *answer,
                                    struct netsession_page *page)
{
	char text[128];

	if (answer->status != NERR_Success || answer->total_entries <= answer->entries ||
	    e->client != NULL || e->user != NULL ||
	    (e->request.resume_handle != 0 && e->page_number == 0))
		return;
	snprintf(text, sizeof text, "the server announced %u sessions and sent %u",
	         (unsigned)answer->total_entries, (unsigned)answer->entries);
	page_add_warning(page, true, text);
}

/* No name is looked up: whether its owner has an address today says nothing of a session that began
 * yesterday, and a look-up would tell others what is asked here. */
static NET_API_STATUS enumeration_set_client_not_found(const struct enumeration *e, struct err *err)
{
	struct ip_address address;
	bool by_address = ip_address_parse(e->client, &address);

	if (e->other_client[0] != '\0' && by_address == ip_address_parse(e->other_client, &address))
		return err_set(err, NERR_ClientNameNotFound, ENUM_STEP, NULL);
	if (e->other_client[0] != '\0')
		return err_format(err, NERR_ClientNameNotFound, ENUM_STEP,
		                  by_address ? "the server lists clients by name, such as %s, and "
		                               "netsession does not look up names of addresses"
		                             : "the server lists clients by address, such as %s, "
		                               "and netsession does not look up names: select the "
		                               "client by its address",
		                  e->other_client);
	return err_set(err, NERR_ClientNameNotFound, ENUM_STEP,
	               by_address ? NULL
	                          : "most servers list clients by address, and netsession does not "
	                            "look up names: select the client as the server lists it");
}

/* What an enumeration without a single entry means where a qualifier was given. */
static NET_API_STATUS enumeration_set_not_found(const struct enumeration *e, struct err *err)
{
	return e->client != NULL && !e->seen_client
	               ? enumeration_set_client_not_found(e, err)
	               : err_set(err, NERR_UserNotFound, ENUM_STEP, NULL);
}

/* [MS-SRVS] knows clients by name only, and does not say how a server compares and spells an
 * address. So where a server finds none in Windows' spelling, all sessions are requested, and
 * compared here. That costs a second round trip only where the first answer is that there is no
 * such session. */
static bool enumeration_ask_for_all_clients(struct enumeration *e,
                                            const struct session_enum_answer *answer)
{
	struct ip_address address;

	if (e->request.client == NULL || e->has_given ||
	    (answer->status != NERR_ClientNameNotFound && answer->status != NERR_UserNotFound &&
	     (answer->status != NERR_Success || answer->entries > 0)) ||
	    !ip_address_parse(e->client, &address))
		return false;
	e->request.client = NULL;
	return true;
}

enum enumeration_next enumeration_take(struct enumeration *e,
                                       const struct session_enum_answer *answer, void *infos,
                                       struct netsession_page **page, struct err *err)
{
	bool is_qualified = e->client != NULL || e->user != NULL;
	struct netsession_page *made;

	*page = NULL;
	if (enumeration_ask_for_all_clients(e, answer)) {
		free(infos);
		return ENUMERATION_ASK;
	}
	if (answer->status != NERR_Success && answer->status != ERROR_MORE_DATA) {
		free(infos);
		if (enumeration_step_down(e, answer->status) ||
		    enumeration_ask_for_less(e, answer->status))
			return ENUMERATION_ASK;
		if (answer->status == NERR_ClientNameNotFound && e->client != NULL)
			enumeration_set_client_not_found(e, err);
		else
			err_set(err, answer->status, ENUM_STEP, NULL);
		return ENUMERATION_FAILED;
	}
	made = enumeration_make_page(answer, infos);
	if (made != NULL)
		enumeration_check_total(e, answer, made);
	if (made == NULL || !enumeration_filter_page(e, made)) {
		netsession_page_free(made);
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, ENUM_STEP, NULL);
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
	if (made->entries == 0 && is_qualified && !e->has_given) {
		netsession_page_free(made);
		enumeration_set_not_found(e, err);
		return ENUMERATION_FAILED;
	}
	e->has_given = true;
	*page = made;
	return made->has_more && e->all_pages ? ENUMERATION_ASK : ENUMERATION_DONE;
}

/* ---- NetrSessionDel ---- */

/* Where the caller may not list, the client is spelled as the caller spells it: Samba compares
 * texts, and spells addresses in its own way. */
NET_API_STATUS deletion_init(struct deletion *d, const struct netsession_query *query, bool lists,
                             struct err *err)
{
	*d = (struct deletion){ .is_listing = lists };
	if (qualifiers_copy(query, qualifiers_unc_name, &d->client, &d->user, err) != NERR_Success)
		return err->status;
	/* Neither of both would mean all sessions: Samba does that, [MS-SRVS] 3.1.4.6 forbids it.
	 */
	if (d->client == NULL && d->user == NULL)
		return err_set(err, ERROR_INVALID_PARAMETER, "query",
		               "name the client, the user or both whose sessions shall be closed");
	d->request.client = d->client;
	d->request.user = d->user;
	return NERR_Success;
}

void deletion_fini(struct deletion *d)
{
	free(d->client);
	free(d->user);
	session_deletions_fini(&d->requests);
}

void deletion_add_page(struct deletion *d, struct netsession_page *page)
{
	struct netsession_row row;

	for (uint32_t entry = 0; page != NULL && entry < page->entries; entry++) {
		if (netsession_page_row(page, entry, &row) != NERR_Success)
			d->requests.texts.failed = true;
		else
			session_deletions_add(&d->requests, d->client != NULL ? row.client : NULL,
			                      d->user != NULL ? row.user : NULL);
	}
}

NET_API_STATUS deletion_end_list(struct deletion *d, const struct err *list_err, struct err *err)
{
	d->is_listing = false;
	if (list_err->status == NERR_UserNotFound)
		err_set(&d->not_found, NERR_ClientNameNotFound, DEL_STEP,
		        "the server lists no session of that user");
	else if (list_err->status == NERR_ClientNameNotFound)
		err_set(&d->not_found, list_err->status, DEL_STEP,
		        list_err->text[0] != '\0' ? list_err->text : NULL);
	else if (d->requests.texts.len > 0)
		d->list_err = *list_err;
	if (d->requests.texts.len == 0)
		session_deletions_add(&d->requests, d->client, d->user);
	if (d->requests.texts.failed)
		return err_set(err, ERROR_NOT_ENOUGH_MEMORY, DEL_STEP, NULL);
	(void)session_deletions_next(&d->requests, &d->request);
	return NERR_Success;
}

/* Samba answers access denied where no session has the names. [MS-SRVS] 3.1.4.6: "If no matching
 * session is found [...], the server MUST return NERR_ClientNameNotFound". */
bool deletion_receive(struct deletion *d, NET_API_STATUS answer, struct err *err)
{
	NET_API_STATUS status;

	session_deletions_receive(&d->requests, answer);
	if (session_deletions_next(&d->requests, &d->request))
		return true;
	status = session_deletions_status(&d->requests);
	if (status == ERROR_ACCESS_DENIED && d->not_found.status != NERR_Success)
		*err = d->not_found;
	else if (status != NERR_Success)
		err_set(err, status, DEL_STEP, NULL);
	else if (d->list_err.status != NERR_Success)
		*err = d->list_err;
	return false;
}
