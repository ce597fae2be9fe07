/* SPDX-License-Identifier: MIT */
#include "samba/relay/intercepted_calls.h"

#include <stdlib.h>
#include "samba/relay/npa.h"
#include "srvsvc/interface.h"
#include "srvsvc/session_messages.h"

/* An answer that took longer than clients wait is not true any more. */
#define MAX_QUERY_MS 60000

/* An answer of Samba's may have so many bytes, however much is held for other clients. */
#define ALWAYS_ALLOWED_BYTES 65536

void intercepted_calls_init(struct intercepted_calls *calls)
{
	TAILQ_INIT(&calls->list);
	calls->count = 0;
}

void intercepted_calls_fini(struct relay *relay, struct intercepted_calls *calls)
{
	while (!TAILQ_EMPTY(&calls->list))
		intercepted_calls_remove(relay, calls, TAILQ_FIRST(&calls->list));
}

struct intercepted_call *intercepted_calls_add(struct intercepted_calls *calls)
{
	struct intercepted_call *call = calloc(1, sizeof *call);

	if (call == NULL)
		return NULL;
	TAILQ_INSERT_TAIL(&calls->list, call, entry);
	calls->count++;
	return call;
}

void intercepted_calls_remove(struct relay *relay, struct intercepted_calls *calls,
                              struct intercepted_call *call)
{
	TAILQ_REMOVE(&calls->list, call, entry);
	calls->count--;
	srvsvc_count_held(&relay->service, NULL, &call->held_bytes, 0);
	if (call->step == CALL_LISTING)
		session_enum_decoder_fini(&call->list);
	session_deletions_fini(&call->del);
	free(call->infos);
	wire_writer_fini(&call->raw);
	wire_writer_fini(&call->stub);
	free(call);
}

struct intercepted_call *intercepted_calls_find(const struct intercepted_calls *calls,
                                                uint32_t call_id)
{
	struct intercepted_call *call;

	TAILQ_FOREACH(call, &calls->list, entry)
		if (call->call_id == call_id)
			break;
	return call;
}

struct intercepted_call *intercepted_calls_first(const struct intercepted_calls *calls,
                                                 enum intercepted_call_step step)
{
	struct intercepted_call *call;

	TAILQ_FOREACH(call, &calls->list, entry)
		if (call->step == step)
			break;
	return call;
}

void intercepted_call_count_bytes(struct relay *relay, struct intercepted_call *call)
{
	size_t bytes = call->raw.cap + call->stub.cap + call->infos_bytes;

	if (call->step == CALL_LISTING)
		bytes += call->list.block.cap;
	srvsvc_count_held(&relay->service, NULL, &call->held_bytes, bytes);
}

static struct wire_reader intercepted_call_reader(const struct intercepted_call *call)
{
	struct wire_reader r;

	wire_reader_init(&r, call->stub.data, call->stub.len);
	r.big_endian = call->big_endian;
	return r;
}

/* False: the request does not decode, or asks for a level that does not exist; Samba refuses it. */
static bool intercepted_call_decode(struct intercepted_call *call)
{
	struct wire_reader r = intercepted_call_reader(call);
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

/* Appends a request in place of the call, with the same call id, in fragments that any server
 * takes. Takes stub. */
static void intercepted_call_put_query(const struct intercepted_call *call, uint16_t opnum,
                                       struct wire_writer *stub, struct wire_writer *query)
{
	const struct rpc_request request = { .context_id = call->context_id, .opnum = opnum };
	size_t at = 0;

	while (!stub->failed && at < stub->len) {
		size_t begin = npa_message_begin(query);

		rpc_request_encode(query, call->call_id, &request, stub->data, stub->len, &at,
		                   RPC_MIN_FRAG_BYTES);
		npa_message_end(query, begin);
	}
	query->failed |= stub->failed;
	wire_writer_fini(stub);
}

bool intercepted_call_query(struct relay *relay, struct intercepted_call *call,
                            struct wire_writer *query)
{
	static const struct session_enum_request all_sessions = {
		.level = 1,
		.preferred_bytes = MAX_PREFERRED_LENGTH,
	};
	struct wire_writer stub = { 0 };
	struct ndr_writer w;

	if (!intercepted_call_decode(call))
		return false;
	ndr_writer_init(&w, &stub);
	session_enum_request_encode(&w, &all_sessions);
	intercepted_call_put_query(call, SRVSVC_NETR_SESSION_ENUM, &stub, query);
	call->query = ++relay->queries;
	call->asked_ms = relay->settings.now_ms(relay->settings.context);
	session_enum_decoder_init(&call->list, session_level_find(all_sessions.level));
	call->step = CALL_LISTING;
	intercepted_call_count_bytes(relay, call);
	return true;
}

bool intercepted_call_expects_response(const struct intercepted_call *call)
{
	return call->step == CALL_LISTING || call->step == CALL_DELETING;
}

/* The answer is a status. */
static void intercepted_call_receive_del(struct intercepted_call *call, const uint8_t *piece,
                                         size_t bytes, bool big_endian)
{
	struct wire_reader r;
	NET_API_STATUS status;

	wire_reader_init(&r, piece, bytes);
	r.big_endian = big_endian;
	status = session_del_answer_decode(&r);
	session_deletions_receive(&call->del, r.error == NULL ? status : ERROR_BAD_NET_RESP);
}

void intercepted_call_receive(struct relay *relay, struct intercepted_call *call,
                              const uint8_t *piece, size_t bytes, bool big_endian)
{
	if (call->step == CALL_DELETING) {
		intercepted_call_receive_del(call, piece, bytes, big_endian);
		return;
	}
	if (call->is_too_long)
		return;
	session_enum_decoder_feed(&call->list, piece, bytes, big_endian);
	intercepted_call_count_bytes(relay, call);
	if (call->list.block.used > relay->settings.max_answer_bytes ||
	    (call->list.block.used > ALWAYS_ALLOWED_BYTES &&
	     relay->service.held_bytes > relay->settings.max_held_bytes)) {
		call->is_too_long = true;
		session_enum_decoder_fini(&call->list);
		session_enum_decoder_init(&call->list, session_level_find(1));
		intercepted_call_count_bytes(relay, call);
	}
}

static bool level_has_transport(uint32_t level)
{
	const struct session_level *l = session_level_find(level);

	for (size_t i = 0; i < l->field_count; i++)
		if (l->fields[i].in_row == offsetof(struct netsession_row, transport))
			return true;
	return false;
}

/* Whether smbstatus has run since the query. */
enum smbstatus_answer { NOT_ASKED, CURRENT, UNAVAILABLE };

/* Makes the cache what Samba answered, unless the cache has the answer to a later query. */
static NET_API_STATUS intercepted_call_update_cache(struct relay *relay,
                                                    const struct intercepted_call *call,
                                                    enum smbstatus_answer smbstatus)
{
	const struct relay_settings *settings = &relay->settings;
	const struct relay_smbstatus view = {
		.find_transport = settings->find_transport,
		.count_sessions = smbstatus != UNAVAILABLE ? settings->count_sessions : NULL,
		.context = settings->context,
		.is_current = smbstatus == CURRENT,
		.wants_transports = call->opnum == SRVSVC_NETR_SESSION_ENUM &&
		                    level_has_transport(call->level),
		.wants_current = call->opnum == SRVSVC_NETR_SESSION_DEL,
	};
	NET_API_STATUS status;

	if (call->query < relay->cached_query)
		return NERR_Success;
	if (call->answered_ms - call->asked_ms > MAX_QUERY_MS)
		return ERROR_SEM_TIMEOUT;
	relay->cached_ms = call->answered_ms;
	status = session_cache_update(relay->cache, call->infos, call->entries, call->asked_ms,
	                              call->answered_ms, &view);
	if (status == NERR_Success) {
		relay->cached_query = call->query;
		relay->is_doubtful = smbstatus == UNAVAILABLE;
	}
	return status;
}

static void intercepted_call_drop_infos(struct intercepted_call *call)
{
	free(call->infos);
	call->infos = NULL;
	call->infos_bytes = 0;
}

/* Samba's list is complete. Returns Samba's status, or why the list was not accepted;
 * SESSION_CACHE_SHORT: smbstatus must be asked first. */
static NET_API_STATUS intercepted_call_accept_list(struct relay *relay,
                                                   struct intercepted_call *call)
{
	struct session_enum_answer answer = { 0 };
	NET_API_STATUS status = ERROR_NOT_ENOUGH_MEMORY;
	void *infos = NULL;

	call->answered_ms = relay->settings.now_ms(relay->settings.context);
	call->infos_bytes = call->list.block.cap;
	if (!call->is_too_long)
		status = session_enum_decoder_finish(&call->list, &answer, &infos);
	session_enum_decoder_fini(&call->list);
	call->infos = infos;
	call->entries = answer.entries;
	if (status == NERR_Success)
		status = answer.status;
	if (status == NERR_Success)
		status = intercepted_call_update_cache(relay, call, NOT_ASKED);
	if (status != SESSION_CACHE_SHORT)
		intercepted_call_drop_infos(call);
	return status;
}

static enum intercepted_call_outcome intercepted_call_refuse(struct intercepted_call *call,
                                                             NET_API_STATUS status)
{
	const struct session_enum_answer answer = {
		.level = call->level,
		.has_resume_handle = call->has_resume_handle,
		.resume_handle = call->resume_handle,
		.status = status,
	};
	struct ndr_writer w;

	/* Samba lets clients close sessions that may not list them: root, without a winbind. */
	if (call->opnum == SRVSVC_NETR_SESSION_DEL)
		return CALL_FORWARD;
	wire_writer_clear(&call->stub);
	ndr_writer_init(&w, &call->stub);
	session_enum_answer_encode(&w, &answer, NULL);
	return CALL_ANSWERED;
}

static void intercepted_call_set_answer(struct relay *relay, struct intercepted_call *call,
                                        struct wire_writer *answer)
{
	wire_writer_fini(&call->stub);
	call->stub = *answer;
	call->step = CALL_ANSWERING;
	intercepted_call_count_bytes(relay, call);
}

/* ---- NetrSessionDel of sessions that are there ---- */

static void relay_report_session_del(const struct relay *relay,
                                     const struct session_del_request *request)
{
	if (relay->settings.on_session_del != NULL)
		relay->settings.on_session_del(relay->settings.context, request->client,
		                               request->user);
}

static enum intercepted_call_outcome intercepted_call_delete_next(struct relay *relay,
                                                                  struct intercepted_call *call,
                                                                  uint32_t *fault,
                                                                  struct wire_writer *query)
{
	struct session_del_request request;
	struct wire_writer stub = { 0 };
	struct ndr_writer w;

	ndr_writer_init(&w, &stub);
	if (!session_deletions_next(&call->del, &request)) {
		session_del_answer_encode(&w, session_deletions_status(&call->del));
		if (stub.failed) {
			*fault = RPC_FAULT_REMOTE_NO_MEMORY;
			return CALL_FAULT;
		}
		intercepted_call_set_answer(relay, call, &stub);
		return CALL_ANSWERED;
	}
	relay_report_session_del(relay, &request);
	session_del_request_encode(&w, &request);
	intercepted_call_put_query(call, SRVSVC_NETR_SESSION_DEL, &stub, query);
	call->step = CALL_DELETING;
	return CALL_QUERY;
}

/* Has Samba close the sessions. */
static enum intercepted_call_outcome intercepted_call_delete(struct relay *relay,
                                                             struct intercepted_call *call,
                                                             uint32_t *fault,
                                                             struct wire_writer *query)
{
	struct wire_reader r = intercepted_call_reader(call);
	struct session_qualifier_texts texts;
	struct session_del_request request;
	bool as_it_is;

	session_del_request_decode(&r, &request, &texts);
	if (!relay_session_del_begin(&call->del, relay->cache, &request, &as_it_is)) {
		*fault = RPC_FAULT_REMOTE_NO_MEMORY;
		return CALL_FAULT;
	}
	if (!as_it_is)
		return intercepted_call_delete_next(relay, call, fault, query);
	relay_report_session_del(relay, &request);
	return CALL_FORWARD;
}

static bool session_del_has_succeeded(const struct wire_writer *del_answer)
{
	struct wire_reader r;

	wire_reader_init(&r, del_answer->data, del_answer->len);
	return session_del_answer_decode(&r) == NERR_Success;
}

/* ---- answers ---- */

/* Answers the call by the cache, or with status if that says why the cache is not up to date. */
static enum intercepted_call_outcome intercepted_call_answer(struct relay *relay,
                                                             struct intercepted_call *call,
                                                             NET_API_STATUS status, uint32_t *fault,
                                                             struct wire_writer *query)
{
	struct wire_writer answer = { 0 };
	struct wire_reader request = intercepted_call_reader(call);

	call->step = CALL_ANSWERING;
	intercepted_call_count_bytes(relay, call);
	if (status != NERR_Success)
		return intercepted_call_refuse(call, status);
	*fault = srvsvc_interface.call(&relay->caller, call->opnum, &request, &answer);
	if (answer.failed)
		*fault = RPC_FAULT_REMOTE_NO_MEMORY;
	if (*fault == 0 && call->opnum == SRVSVC_NETR_SESSION_DEL &&
	    session_del_has_succeeded(&answer)) {
		wire_writer_fini(&answer);
		return intercepted_call_delete(relay, call, fault, query);
	}
	if (*fault != 0) {
		wire_writer_fini(&answer);
		return CALL_FAULT;
	}
	intercepted_call_set_answer(relay, call, &answer);
	return CALL_ANSWERED;
}

enum intercepted_call_outcome intercepted_call_complete(struct relay *relay,
                                                        struct intercepted_call *call,
                                                        uint32_t *fault, struct wire_writer *query)
{
	NET_API_STATUS status;

	if (call->step == CALL_DELETING)
		return intercepted_call_delete_next(relay, call, fault, query);
	status = intercepted_call_accept_list(relay, call);
	if (status != SESSION_CACHE_SHORT)
		return intercepted_call_answer(relay, call, status, fault, query);
	call->step = CALL_REFRESHING;
	intercepted_call_count_bytes(relay, call);
	return CALL_REFRESH;
}

enum intercepted_call_outcome intercepted_call_refreshed(struct relay *relay,
                                                         struct intercepted_call *call,
                                                         bool is_current, uint32_t *fault,
                                                         struct wire_writer *query)
{
	NET_API_STATUS status = intercepted_call_update_cache(relay, call,
	                                                      is_current ? CURRENT : UNAVAILABLE);

	intercepted_call_drop_infos(call);
	return intercepted_call_answer(relay, call, status, fault, query);
}
