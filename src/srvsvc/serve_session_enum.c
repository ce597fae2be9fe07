/* SPDX-License-Identifier: MIT */
/* NetrSessionEnum: [MS-SRVS] 3.1.4.5, to which all numbers in brackets here belong.
 *
 * The specification leaves the order of its checks open. Here it is: the level, since who may ask
 * depends on it; who asks; the qualifiers; the sessions. So one who may not ask learns nothing of
 * who is there. */
#include <lmerr.h>
#include "rpc/call.h"
#include "srvsvc/operations.h"
#include "srvsvc/session_enum.h"

/* A page of the table: what passes the filter, from the resume handle on. */
struct srvsvc_page {
	struct session_walk from, at; /* its first session; the next one that is encoded */
	int64_t now_ms;
	uint32_t last_id;
	uint32_t entries;
};

static bool srvsvc_page_next(void *context, struct netsession_row *row)
{
	struct srvsvc_page *p = context;
	uint32_t id;

	return session_walk_next(&p->at, p->now_ms, row, &id);
}

static void srvsvc_page_rewind(void *context)
{
	struct srvsvc_page *p = context;

	p->at = p->from;
}

/* "If PreferedMaximumLength is insufficient to hold all the entries, the server MUST return the
 * maximum number of entries that will fit": but one at least, so that each caller's loop ends.
 * "If [it] is equal to MAX_PREFERRED_LENGTH, the server MUST return all": where that is too much
 * for this server, it is an error; any other wish is met in smaller pages. */
static NET_API_STATUS srvsvc_page_measure(struct srvsvc_page *p, const struct session_level *level,
                                          uint32_t preferred_bytes, size_t max_answer_bytes)
{
	size_t info_bytes = 0, wire_bytes = 0;
	struct netsession_row row;
	uint32_t id;

	srvsvc_page_rewind(p);
	while (session_walk_next(&p->at, p->now_ms, &row, &id)) {
		info_bytes += session_row_info_bytes(level, &row);
		wire_bytes += session_row_wire_bytes(level, &row);
		if (preferred_bytes == MAX_PREFERRED_LENGTH && wire_bytes > max_answer_bytes)
			return ERROR_NOT_ENOUGH_MEMORY;
		if (preferred_bytes != MAX_PREFERRED_LENGTH && p->entries > 0 &&
		    (info_bytes > preferred_bytes || wire_bytes > max_answer_bytes))
			return ERROR_MORE_DATA;
		p->entries++;
		p->last_id = id;
	}
	return NERR_Success;
}

/* "If no entries that match the qualifiers are found when a qualifier is specified, the server MUST
 * fail the call with either an NERR_UserNotFound or NERR_ClientNameNotFound." At or past the end,
 * however, it "MUST return NERR_Success and zero entries": so all sessions are looked at. */
static NET_API_STATUS srvsvc_explain_no_match(const struct session_table *table,
                                              const struct session_filter *filter)
{
	bool has_client = session_qualifier_is_given(filter->client),
	     has_user = session_qualifier_is_given(filter->user);
	struct session_walk all;

	session_walk_begin(&all, table, filter, 0);
	if ((!has_client && !has_user) || session_walk_total(&all) > 0)
		return NERR_Success;
	return has_client && (!has_user || !session_table_knows_client(table, filter->client))
	               ? NERR_ClientNameNotFound
	               : NERR_UserNotFound;
}

/* What is left for an answer, however much is held for others. */
#define LEAST_ANSWER_BYTES ((size_t)65536)

static size_t srvsvc_max_answer_bytes(const struct srvsvc_server *s)
{
	size_t left = LEAST_ANSWER_BYTES;

	if (s->max_held_bytes > s->held_bytes + left)
		left = s->max_held_bytes - s->held_bytes;
	return left < s->max_answer_bytes ? left : s->max_answer_bytes;
}

/* Fills page and answer, whose status says what became of it. */
static void srvsvc_fill_page(const struct srvsvc_server *s,
                             const struct session_enum_request *request, struct srvsvc_page *p,
                             struct session_enum_answer *answer)
{
	const struct session_filter filter = { request->client, request->user };

	/* "If ResumeHandle is either NULL or points to 0x00000000, the enumeration MUST start from
	 * the beginning": there is no id 0. */
	session_walk_begin(&p->from, s->table, &filter, request->resume_handle);
	p->now_ms = s->now_ms(s->context);
	/* "TotalEntries [...] could have been enumerated from the current resume position." */
	answer->total_entries = session_walk_total(&p->from);
	if (answer->total_entries == 0)
		answer->status = srvsvc_explain_no_match(s->table, &filter);
	else
		answer->status = srvsvc_page_measure(p, session_level_find(request->level),
		                                     request->preferred_bytes,
		                                     srvsvc_max_answer_bytes(s));
	if (answer->status != NERR_Success && answer->status != ERROR_MORE_DATA) {
		p->entries = 0;
		answer->total_entries = 0;
	}
	answer->entries = p->entries;
	/* "MUST set ResumeHandle to the index value of the last enumerated session." After the last
	 * page too: who goes on by mistake is told that nothing follows. */
	if (p->entries > 0)
		answer->resume_handle = p->last_id;
}

static NET_API_STATUS srvsvc_check_session_enum(const struct srvsvc_call *c,
                                                const struct session_enum_request *request)
{
	if (session_level_find(request->level) == NULL)
		return ERROR_INVALID_LEVEL;
	/* "The server SHOULD enforce the security measures", <52>, <53>. */
	if (!srvsvc_allows(c, access_right_of_level(request->level)))
		return ERROR_ACCESS_DENIED;
	return session_enum_request_check(request);
}

uint32_t srvsvc_serve_session_enum(struct srvsvc_call *c)
{
	struct session_qualifier_texts texts;
	struct session_enum_request request;
	struct session_enum_answer answer;
	struct srvsvc_page page = { 0 };
	const struct session_rows rows = { srvsvc_page_next, srvsvc_page_rewind, &page };

	session_enum_request_decode(c->stub, &request, &texts);
	if (c->stub->error != NULL)
		return RPC_FAULT_BAD_STUB_DATA;
	answer = (struct session_enum_answer){
		.level = request.level,
		.has_resume_handle = request.has_resume_handle,
		.resume_handle = request.resume_handle,
		.status = srvsvc_check_session_enum(c, &request),
	};
	if (answer.status == NERR_Success)
		srvsvc_fill_page(c->caller->service, &request, &page, &answer);
	session_enum_answer_encode(&c->answer, &answer, answer.entries > 0 ? &rows : NULL);
	c->event.level = request.level;
	c->event.client = request.client;
	c->event.user = request.user;
	c->event.entries = answer.entries;
	c->event.total = answer.total_entries;
	c->event.status = answer.status;
	srvsvc_report(c);
	return 0;
}
