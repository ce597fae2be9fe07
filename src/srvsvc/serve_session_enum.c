/* SPDX-License-Identifier: MIT */
/* NetrSessionEnum: [MS-SRVS] 3.1.4.5; numbers in angle brackets are notes of that section.
 *
 * The specification leaves the order of the checks open. This server checks the level, because
 * access depends on it, then access, then the qualifiers, then the sessions. So a caller without
 * access learns nothing about sessions.
 *
 * A call may take longer than a turn on the loop. It runs in parts then, and continues behind the
 * last session that it has visited; a session that starts or ends meanwhile may be in the answer or
 * not. */
#include "srvsvc/serve_session_enum.h"

#include <lmerr.h>
#include <stdlib.h>
#include <string.h>
#include "rpc/call.h"
#include "rpc/interface.h"
#include "srvsvc/session_levels.h"
#include "srvsvc/session_messages.h"

/* To encode a session costs as much as so many visits. */
#define ENCODE_VISITS 8

/* Texts that are moved in one part. */
#define MOVE_BYTES ((size_t)4 << 20)

/* An answer may always be so long, however much memory is held for others. */
#define LEAST_ANSWER_BYTES ((size_t)65536)

enum srvsvc_enumeration_step { COUNT_SESSIONS, ENCODE_SESSIONS, CLOSE_GAP, FINISHED };

/* A page that is being made: the sessions of the table that pass the filter, from the resume handle
 * on. */
struct srvsvc_enumeration {
	enum srvsvc_enumeration_step step;
	int64_t now_ms;
	uint32_t at;       /* the id of the last session that was visited */
	uint32_t before;   /* that of the session visited before the first one of the page */
	bool has_match;    /* a session passes the filter, before the resume handle perhaps */
	uint32_t total;    /* sessions that pass the filter, from the resume handle on */
	uint32_t last_id;  /* of the page */
	size_t info_bytes; /* of a page, as the caller counts them */
	size_t wire_bytes; /* of a page, at most */
	size_t held_bytes; /* as the service has counted them */
	NET_API_STATUS status;
	struct session_enum_encoder encoder;
};

/* A part of a call that is being run. */
struct srvsvc_part {
	const struct srvsvc_call *call;
	const struct session_enum_request *request;
	struct session_filter filter;
	struct srvsvc_enumeration *e;
	uint32_t visits; /* that are left */
};

static bool srvsvc_part_spend(struct srvsvc_part *p, uint32_t visits)
{
	if (p->call->caller->service->part_visits == 0)
		return true;
	p->visits -= visits < p->visits ? visits : p->visits;
	return p->visits > 0;
}

/* ---- the steps. False: the part is over ---- */

/* "If no entries that match the qualifiers are found when a qualifier is specified, the server MUST
 * fail the call with either an NERR_UserNotFound or NERR_ClientNameNotFound." At or past the end,
 * however, it "MUST return NERR_Success and zero entries". */
static NET_API_STATUS srvsvc_explain_no_match(const struct session_table *table,
                                              const struct session_filter *filter)
{
	if (!session_qualifier_is_given(filter->client))
		return NERR_UserNotFound;
	return session_qualifier_is_given(filter->user) &&
	                       session_table_knows_client(table, filter->client)
	               ? NERR_UserNotFound
	               : NERR_ClientNameNotFound;
}

static size_t srvsvc_max_answer_bytes(const struct srvsvc_part *p)
{
	const struct srvsvc_server *s = p->call->caller->service;
	size_t left = srvsvc_memory_left(s, p->call->caller->account) + p->e->held_bytes;

	if (left < LEAST_ANSWER_BYTES)
		left = LEAST_ANSWER_BYTES;
	return left < s->max_answer_bytes ? left : s->max_answer_bytes;
}

/* How many entries the page has at most. */
static uint32_t srvsvc_most_entries(const struct srvsvc_part *p, const struct session_level *level)
{
	size_t most = srvsvc_max_answer_bytes(p) / session_row_wire_bytes(level, level->info_bytes);

	if (p->request->preferred_bytes / level->info_bytes < most)
		most = p->request->preferred_bytes / level->info_bytes;
	return most < p->e->total ? (uint32_t)most + 1 : p->e->total;
}

static void srvsvc_end_count(struct srvsvc_part *p)
{
	const struct session_level *level = session_level_find(p->request->level);
	struct srvsvc_enumeration *e = p->e;

	session_enum_encoder_init(&e->encoder, level, srvsvc_most_entries(p, level));
	e->at = e->before;
	e->step = e->total > 0 ? ENCODE_SESSIONS : FINISHED;
	if (!e->has_match)
		e->status = srvsvc_explain_no_match(p->call->caller->service->table, &p->filter);
}

/* "TotalEntries [...] could have been enumerated from the current resume position." */
static bool srvsvc_count_sessions(struct srvsvc_part *p)
{
	const struct session_table *table = p->call->caller->service->table;
	struct srvsvc_enumeration *e = p->e;
	struct netsession_row row;
	enum session_visit visit;
	struct session_walk walk;
	uint32_t before = e->at;

	if (!session_qualifier_is_given(p->filter.client) &&
	    !session_qualifier_is_given(p->filter.user)) {
		session_walk_begin(&walk, table, NULL, p->request->resume_handle);
		e->total = session_walk_total(&walk);
		e->has_match = true;
		e->before = p->request->resume_handle;
		srvsvc_end_count(p);
		return true;
	}
	session_walk_resume(&walk, table, &p->filter, e->at);
	while ((visit = session_walk_visit(&walk, e->now_ms, &row, &e->at)) != SESSION_VISIT_END) {
		e->has_match |= visit == SESSION_VISIT_ROW;
		/* "If ResumeHandle is either NULL or points to 0x00000000, the enumeration MUST
		 * start from the beginning": there is no id 0. */
		if (visit == SESSION_VISIT_ROW && e->at > p->request->resume_handle &&
		    e->total++ == 0)
			e->before = before;
		before = e->at;
		if (!srvsvc_part_spend(p, 1))
			return false;
	}
	srvsvc_end_count(p);
	return true;
}

/* "If PreferedMaximumLength is insufficient to hold all the entries, the server MUST return the
 * maximum number of entries that will fit": but at least one, so that the caller's loop ends. The
 * page is smaller where this server has not as much memory. */
static bool srvsvc_fits_into_page(struct srvsvc_part *p, const struct netsession_row *row,
                                  size_t max_answer_bytes)
{
	const struct session_level *level = session_level_find(p->request->level);
	struct srvsvc_enumeration *e = p->e;
	size_t info_bytes = session_row_info_bytes(level, row);

	e->info_bytes += info_bytes;
	e->wire_bytes += session_row_wire_bytes(level, info_bytes);
	return e->encoder.count == 0 ||
	       (e->info_bytes <= p->request->preferred_bytes && e->wire_bytes <= max_answer_bytes);
}

/* Returns ERROR_MORE_DATA where the row does not fit into the page. "If [PreferedMaximumLength] is
 * equal to MAX_PREFERRED_LENGTH, the server MUST return all": if all are too much for this server,
 * the call fails with ERROR_NOT_ENOUGH_MEMORY. */
static NET_API_STATUS srvsvc_add_row(struct srvsvc_part *p, const struct netsession_row *row,
                                     size_t max_answer_bytes)
{
	const bool wants_all = p->request->preferred_bytes == MAX_PREFERRED_LENGTH;
	struct session_enum_encoder *encoder = &p->e->encoder;
	struct netsession_row known = *row;

	session_row_clear_unknown(&known); /* pages are the same for all callers */
	if (!wants_all && !srvsvc_fits_into_page(p, &known, max_answer_bytes))
		return ERROR_MORE_DATA;
	if (encoder->count == encoder->room)
		return wants_all ? ERROR_NOT_ENOUGH_MEMORY : ERROR_MORE_DATA;
	session_enum_encoder_add(encoder, p->call->shows_unknown ? row : &known);
	if (wants_all && session_enum_encoder_bytes(encoder) > max_answer_bytes)
		return ERROR_NOT_ENOUGH_MEMORY;
	return NERR_Success;
}

static bool srvsvc_encode_sessions(struct srvsvc_part *p)
{
	size_t max_answer_bytes = srvsvc_max_answer_bytes(p);
	struct srvsvc_enumeration *e = p->e;
	struct netsession_row row;
	enum session_visit visit;
	struct session_walk walk;
	uint32_t id;

	session_walk_resume(&walk, p->call->caller->service->table, &p->filter, e->at);
	/* Sessions that have started since they were counted may be left out. */
	while (e->encoder.count < e->total &&
	       (visit = session_walk_visit(&walk, e->now_ms, &row, &id)) != SESSION_VISIT_END) {
		bool is_wanted = visit == SESSION_VISIT_ROW && id > p->request->resume_handle;

		if (is_wanted)
			e->status = srvsvc_add_row(p, &row, max_answer_bytes);
		if (e->status != NERR_Success)
			break;
		e->at = id;
		if (is_wanted)
			e->last_id = id;
		if (!srvsvc_part_spend(p, is_wanted ? ENCODE_VISITS : 1))
			return false;
	}
	e->step = e->status == ERROR_NOT_ENOUGH_MEMORY ? FINISHED : CLOSE_GAP;
	return true;
}

static bool srvsvc_close_gap(struct srvsvc_part *p)
{
	size_t most = p->call->caller->service->part_visits > 0 ? MOVE_BYTES : SIZE_MAX;

	if (!session_enum_encoder_close_gap(&p->e->encoder, most))
		return false;
	p->e->step = FINISHED;
	return true;
}

/* Returns whether the enumeration is finished. */
static bool srvsvc_run_part(struct srvsvc_part *p)
{
	static bool (*const steps[])(struct srvsvc_part *) = {
		[COUNT_SESSIONS] = srvsvc_count_sessions,
		[ENCODE_SESSIONS] = srvsvc_encode_sessions,
		[CLOSE_GAP] = srvsvc_close_gap,
	};

	while (p->e->step != FINISHED)
		if (!steps[p->e->step](p))
			return false;
	return true;
}

/* ---- the call ---- */

void srvsvc_abandon_session_enum(struct srvsvc_caller *caller)
{
	struct srvsvc_enumeration *e = caller->enumeration;

	if (e == NULL)
		return;
	srvsvc_count_held(caller->service, caller->account, &e->held_bytes, 0);
	session_enum_encoder_fini(&e->encoder);
	free(e);
	caller->enumeration = NULL;
}

/* False: out of memory. */
static bool srvsvc_begin_enumeration(struct srvsvc_caller *caller)
{
	struct srvsvc_enumeration *e = calloc(1, sizeof *e);

	if (e == NULL)
		return false;
	e->now_ms = caller->service->now_ms(caller->service->context);
	caller->enumeration = e;
	return true;
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

static void srvsvc_fill_answer(const struct srvsvc_enumeration *e,
                               struct session_enum_answer *answer)
{
	bool is_page = e->status == NERR_Success || e->status == ERROR_MORE_DATA;

	answer->status = e->status;
	answer->entries = is_page ? e->encoder.count : 0;
	/* Sessions may have started or ended since they were counted. */
	if (e->status == NERR_Success || (is_page && e->total < answer->entries))
		answer->total_entries = answer->entries;
	else if (is_page)
		answer->total_entries = e->total;
	/* "MUST set ResumeHandle to the index value of the last enumerated session." Also after
	 * the last page: a caller who goes on by mistake then gets no entries. */
	if (answer->entries > 0)
		answer->resume_handle = e->last_id;
}

static void srvsvc_answer_session_enum(struct srvsvc_call *c, struct session_enum_answer *answer)
{
	struct srvsvc_enumeration *e = c->caller->enumeration;

	if (answer->entries > 0)
		session_enum_encoder_finish(&e->encoder, answer, c->answer.wire);
	else
		session_enum_answer_encode(&c->answer, answer, NULL);
	srvsvc_abandon_session_enum(c->caller);
}

uint32_t srvsvc_serve_session_enum(struct srvsvc_call *c)
{
	struct session_qualifier_texts texts;
	struct session_enum_request request;
	struct session_enum_answer answer;
	struct srvsvc_part part = { .call = c,
		                    .request = &request,
		                    .visits = c->caller->service->part_visits };

	session_enum_request_decode(c->stub, &request, &texts);
	if (c->stub->error != NULL)
		return RPC_FAULT_BAD_STUB_DATA;
	answer = (struct session_enum_answer){
		.level = request.level,
		.has_resume_handle = request.has_resume_handle,
		.resume_handle = request.resume_handle,
		.status = srvsvc_check_session_enum(c, &request),
	};
	if (answer.status == NERR_Success) {
		if (c->caller->enumeration == NULL && !srvsvc_begin_enumeration(c->caller))
			return RPC_FAULT_REMOTE_NO_MEMORY;
		part.e = c->caller->enumeration;
		part.filter = (struct session_filter){ request.client, request.user };
		if (!srvsvc_run_part(&part)) {
			srvsvc_count_held(c->caller->service, c->caller->account,
			                  &part.e->held_bytes,
			                  session_enum_encoder_bytes(&part.e->encoder));
			return RPC_CALL_UNFINISHED;
		}
		srvsvc_fill_answer(part.e, &answer);
	}
	c->event.level = request.level;
	c->event.client = request.client;
	c->event.user = request.user;
	c->event.entries = answer.entries;
	c->event.total = answer.total_entries;
	c->event.status = answer.status;
	c->event.is_incomplete = answer.status != ERROR_ACCESS_DENIED &&
	                         !session_sources_are_complete(&c->caller->service->sources);
	srvsvc_answer_session_enum(c, &answer);
	srvsvc_report(c);
	return 0;
}
