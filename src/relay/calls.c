/* SPDX-License-Identifier: MIT */
#include "relay/calls.h"

#include <stdlib.h>
#include "relay/npa.h"
#include "srvsvc/interface.h"
#include "srvsvc/session_del.h"

/* What took longer to come than callers wait is not true any more. */
#define MAX_LISTING_MS 60000

/* What is left for a listing, however much is held for others. */
#define LEAST_LISTING_BYTES 65536

struct relay_call *relay_calls_add(struct relay_calls *calls)
{
	struct relay_call *call = calloc(1, sizeof *call), **at = &calls->first;

	if (call == NULL)
		return NULL;
	while (*at != NULL)
		at = &(*at)->next;
	*at = call;
	calls->count++;
	return call;
}

void relay_calls_remove(struct relay *relay, struct relay_calls *calls, struct relay_call *call)
{
	struct relay_call **at = &calls->first;

	while (*at != call)
		at = &(*at)->next;
	*at = call->next;
	calls->count--;
	service_count_held(&relay->service, &call->held_bytes, 0);
	if (call->step == RELAY_LISTING)
		session_enum_decoder_fini(&call->listed);
	relay_closing_fini(&call->closing);
	free(call->infos);
	wire_writer_fini(&call->raw);
	wire_writer_fini(&call->stub);
	free(call);
}

void relay_calls_fini(struct relay *relay, struct relay_calls *calls)
{
	while (calls->first != NULL)
		relay_calls_remove(relay, calls, calls->first);
}

struct relay_call *relay_calls_find(const struct relay_calls *calls, uint32_t call_id)
{
	struct relay_call *call = calls->first;

	while (call != NULL && call->call_id != call_id)
		call = call->next;
	return call;
}

static struct relay_call *find_step(const struct relay_calls *calls, enum relay_call_step step)
{
	struct relay_call *call = calls->first;

	while (call != NULL && call->step != step)
		call = call->next;
	return call;
}

struct relay_call *relay_calls_collecting(const struct relay_calls *calls)
{
	return find_step(calls, RELAY_COLLECTING);
}

struct relay_call *relay_calls_answering(const struct relay_calls *calls)
{
	return find_step(calls, RELAY_ANSWERING);
}

struct relay_call *relay_calls_checking(const struct relay_calls *calls)
{
	return find_step(calls, RELAY_CHECKING);
}

void relay_call_count(struct relay *relay, struct relay_call *call)
{
	size_t bytes = call->raw.cap + call->stub.cap + call->infos_bytes;

	if (call->step == RELAY_LISTING)
		bytes += call->listed.block.cap;
	service_count_held(&relay->service, &call->held_bytes, bytes);
}

static struct wire_reader request_reader(const struct relay_call *call)
{
	struct wire_reader r;

	wire_reader_init(&r, call->stub.data, call->stub.len);
	r.big_endian = call->big_endian;
	return r;
}

/* What does not decode, and levels that do not exist, Samba refuses in its own words. */
static bool is_ours(struct relay_call *call)
{
	struct wire_reader r = request_reader(call);
	struct session_qualifier_texts texts;
	struct session_enum_request enumeration;
	struct session_del_request deletion;

	if (call->opnum == SRVSVC_NETR_SESSION_DEL) {
		session_del_request_decode(&r, &deletion, &texts);
		return r.error == NULL;
	}
	session_enum_request_decode(&r, &enumeration, &texts);
	call->level = enumeration.level;
	call->has_resume_handle = enumeration.has_resume_handle;
	call->resume_handle = enumeration.resume_handle;
	return r.error == NULL && session_level_find(call->level) != NULL;
}

/* A question of ours in the call's place, by its own id, in fragments that any server takes. stub
 * is taken. */
static void put_question(const struct relay_call *call, uint16_t opnum, struct wire_writer *stub,
                         struct wire_writer *question)
{
	const struct rpc_request request = { .context_id = call->context_id, .opnum = opnum };
	size_t at = 0;

	while (!stub->failed && at < stub->len) {
		size_t begin = npa_message_begin(question);

		rpc_request_encode(question, call->call_id, &request, stub->data, stub->len, &at,
		                   RPC_MIN_FRAG_BYTES);
		npa_message_end(question, begin);
	}
	question->failed |= stub->failed;
	wire_writer_fini(stub);
}

bool relay_call_ask(struct relay *relay, struct relay_call *call, struct wire_writer *question)
{
	static const struct session_enum_request everybody = {
		.level = 1,
		.preferred_bytes = MAX_PREFERRED_LENGTH,
	};
	struct wire_writer stub = { 0 };
	struct ndr_writer w;

	if (!is_ours(call))
		return false;
	ndr_writer_init(&w, &stub);
	session_enum_request_encode(&w, &everybody);
	put_question(call, SRVSVC_NETR_SESSION_ENUM, &stub, question);
	call->question = ++relay->questions;
	call->asked_ms = relay->settings.now_ms(relay->settings.context);
	session_enum_decoder_init(&call->listed, session_level_find(everybody.level));
	call->step = RELAY_LISTING;
	relay_call_count(relay, call);
	return true;
}

bool relay_call_is_heard(const struct relay_call *call)
{
	return call->step == RELAY_LISTING || call->step == RELAY_CLOSING;
}

/* The answer is one number. */
static void hear_closed(struct relay_call *call, const uint8_t *piece, size_t bytes,
                        bool big_endian)
{
	struct wire_reader r;
	NET_API_STATUS status;

	wire_reader_init(&r, piece, bytes);
	r.big_endian = big_endian;
	status = session_del_answer_decode(&r);
	relay_closing_heard(&call->closing, r.error == NULL ? status : ERROR_BAD_NET_RESP);
}

void relay_call_hear(struct relay *relay, struct relay_call *call, const uint8_t *piece,
                     size_t bytes, bool big_endian)
{
	if (call->step == RELAY_CLOSING) {
		hear_closed(call, piece, bytes, big_endian);
		return;
	}
	if (call->is_too_long)
		return;
	session_enum_decoder_feed(&call->listed, piece, bytes, big_endian);
	relay_call_count(relay, call);
	if (call->listed.block.used > relay->settings.max_answer_bytes ||
	    (call->listed.block.used > LEAST_LISTING_BYTES &&
	     relay->service.held_bytes > relay->settings.max_held_bytes)) {
		call->is_too_long = true;
		session_enum_decoder_fini(&call->listed);
		session_enum_decoder_init(&call->listed, session_level_find(1));
		relay_call_count(relay, call);
	}
}

static bool has_transports(uint32_t level)
{
	const struct session_level *l = session_level_find(level);

	for (size_t i = 0; i < l->field_count; i++)
		if (l->fields[i].in_row == offsetof(struct netsession_row, transport))
			return true;
	return false;
}

/* What smbstatus says of a question's answer. */
enum smbstatus_state { NOT_ASKED, CURRENT, UNAVAILABLE };

/* Makes the table what Samba answered to this question, if it was asked after the one that the
 * table comes from. */
static NET_API_STATUS take_infos(struct relay *relay, const struct relay_call *call,
                                 enum smbstatus_state smbstatus)
{
	const struct relay_settings *settings = &relay->settings;
	const struct relay_outside outside = {
		.transport = settings->transport,
		.there = smbstatus != UNAVAILABLE ? settings->there : NULL,
		.context = settings->context,
		.is_current = smbstatus == CURRENT,
		.wants_transports = call->opnum == SRVSVC_NETR_SESSION_ENUM &&
		                    has_transports(call->level),
		.wants_current = call->opnum == SRVSVC_NETR_SESSION_DEL,
	};
	NET_API_STATUS status;

	if (call->question < relay->answered)
		return NERR_Success;
	if (call->answered_ms - call->asked_ms > MAX_LISTING_MS)
		return ERROR_SEM_TIMEOUT;
	relay->listed_ms = call->answered_ms;
	status = relay_listing_take(relay->listing, call->infos, call->entries, call->asked_ms,
	                            call->answered_ms, &outside);
	if (status == NERR_Success)
		relay->answered = call->question;
	return status;
}

static void drop_infos(struct relay_call *call)
{
	free(call->infos);
	call->infos = NULL;
	call->infos_bytes = 0;
}

/* Returns what Samba said, or why it is not listed; RELAY_LISTING_SHORT: smbstatus is to be asked
 * first. */
static NET_API_STATUS take_listing(struct relay *relay, struct relay_call *call)
{
	struct session_enum_answer answer = { 0 };
	NET_API_STATUS status = ERROR_NOT_ENOUGH_MEMORY;
	void *infos = NULL;

	call->answered_ms = relay->settings.now_ms(relay->settings.context);
	call->infos_bytes = call->listed.block.cap;
	if (!call->is_too_long)
		status = session_enum_decoder_finish(&call->listed, &answer, &infos);
	session_enum_decoder_fini(&call->listed);
	call->infos = infos;
	call->entries = answer.entries;
	if (status == NERR_Success)
		status = answer.status;
	if (status == NERR_Success)
		status = take_infos(relay, call, NOT_ASKED);
	if (status != RELAY_LISTING_SHORT)
		drop_infos(call);
	return status;
}

static enum relay_outcome refuse(struct relay_call *call, NET_API_STATUS status)
{
	const struct session_enum_answer answer = {
		.level = call->level,
		.has_resume_handle = call->has_resume_handle,
		.resume_handle = call->resume_handle,
		.status = status,
	};
	struct ndr_writer w;

	/* Who may not list them may close them, for Samba: root, without a winbind. */
	if (call->opnum == SRVSVC_NETR_SESSION_DEL)
		return RELAY_PASS_ON;
	wire_writer_clear(&call->stub);
	ndr_writer_init(&w, &call->stub);
	session_enum_answer_encode(&w, &answer, NULL);
	return RELAY_ANSWERED;
}

static void set_answer(struct relay *relay, struct relay_call *call, struct wire_writer *answer)
{
	wire_writer_fini(&call->stub);
	call->stub = *answer;
	call->step = RELAY_ANSWERING;
	relay_call_count(relay, call);
}

/* ---- NetrSessionDel of somebody who is there ---- */

static void tell_closing(const struct relay *relay, const struct session_del_request *request)
{
	if (relay->settings.closing != NULL)
		relay->settings.closing(relay->settings.context, request->client, request->user);
}

static enum relay_outcome close_next(struct relay *relay, struct relay_call *call, uint32_t *fault,
                                     struct wire_writer *question)
{
	struct session_del_request request;
	struct wire_writer stub = { 0 };
	struct ndr_writer w;

	ndr_writer_init(&w, &stub);
	if (!relay_closing_next(&call->closing, &request)) {
		session_del_answer_encode(&w, relay_closing_status(&call->closing));
		if (stub.failed) {
			*fault = RPC_FAULT_REMOTE_NO_MEMORY;
			return RELAY_FAULT;
		}
		set_answer(relay, call, &stub);
		return RELAY_ANSWERED;
	}
	tell_closing(relay, &request);
	session_del_request_encode(&w, &request);
	put_question(call, SRVSVC_NETR_SESSION_DEL, &stub, question);
	call->step = RELAY_CLOSING;
	return RELAY_ASK_ON;
}

/* Samba closes its own. */
static enum relay_outcome close_those(struct relay *relay, struct relay_call *call, uint32_t *fault,
                                      struct wire_writer *question)
{
	struct wire_reader r = request_reader(call);
	struct session_qualifier_texts texts;
	struct session_del_request request;
	bool as_it_is;

	session_del_request_decode(&r, &request, &texts);
	if (!relay_closing_begin(&call->closing, relay->service.table, &request, &as_it_is)) {
		*fault = RPC_FAULT_REMOTE_NO_MEMORY;
		return RELAY_FAULT;
	}
	if (!as_it_is)
		return close_next(relay, call, fault, question);
	tell_closing(relay, &request);
	return RELAY_PASS_ON;
}

static bool has_succeeded(const struct wire_writer *del_answer)
{
	struct wire_reader r;

	wire_reader_init(&r, del_answer->data, del_answer->len);
	return session_del_answer_decode(&r) == NERR_Success;
}

/* ---- answers ---- */

/* The listing is as it is to be, or status says why not. */
static enum relay_outcome answer_over(struct relay *relay, struct relay_call *call,
                                      NET_API_STATUS status, uint32_t *fault,
                                      struct wire_writer *question)
{
	struct wire_writer answer = { 0 };
	struct wire_reader request = request_reader(call);

	call->step = RELAY_ANSWERING;
	relay_call_count(relay, call);
	if (status != NERR_Success)
		return refuse(call, status);
	*fault = service_srvsvc.call(&relay->caller, call->opnum, &request, &answer);
	if (answer.failed)
		*fault = RPC_FAULT_REMOTE_NO_MEMORY;
	if (*fault == 0 && call->opnum == SRVSVC_NETR_SESSION_DEL && has_succeeded(&answer)) {
		wire_writer_fini(&answer);
		return close_those(relay, call, fault, question);
	}
	if (*fault != 0) {
		wire_writer_fini(&answer);
		return RELAY_FAULT;
	}
	set_answer(relay, call, &answer);
	return RELAY_ANSWERED;
}

enum relay_outcome relay_call_answer(struct relay *relay, struct relay_call *call, uint32_t *fault,
                                     struct wire_writer *question)
{
	NET_API_STATUS status;

	if (call->step == RELAY_CLOSING)
		return close_next(relay, call, fault, question);
	status = take_listing(relay, call);
	if (status != RELAY_LISTING_SHORT)
		return answer_over(relay, call, status, fault, question);
	call->step = RELAY_CHECKING;
	relay_call_count(relay, call);
	return RELAY_CHECK;
}

enum relay_outcome relay_call_checked(struct relay *relay, struct relay_call *call, bool is_current,
                                      uint32_t *fault, struct wire_writer *question)
{
	NET_API_STATUS status = take_infos(relay, call, is_current ? CURRENT : UNAVAILABLE);

	drop_infos(call);
	return answer_over(relay, call, status, fault, question);
}
