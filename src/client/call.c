/* SPDX-License-Identifier: MIT */
#include "client/call.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "auth/credentials.h"
#include "client/request.h"
#include "client/environment.h"
#include "client/connection.h"
#include "client/server_name.h"
#include "client/error_message.h"
#include "local/local_list.h"

#define DEFAULT_TIMEOUT_MS 30000
#define DEFAULT_MAX_BYTES  ((uint64_t)1 << 30)

struct netsession_call {
	struct net_loop *loop;
	enum call_kind kind;
	const struct netsession_handler *handler;
	void *context;
	struct connection_key key; /* its credentials are held, and its texts its own */
	struct enumeration enumeration;
	struct deletion *deletion; /* of CALL_DEL alone */
	/* The last page of the local service waits here for the warnings about it; NULL where the
	 * enumeration found no session. */
	struct netsession_page *last_page;
	bool wants_warnings, is_told_missing;
	struct connection *connection; /* NULL until it begins */
	struct net_timer *start, *deadline;
	struct err err;
	uint64_t max_bytes, held_bytes; /* of rows; of those that were kept or given */
	bool is_cancelled;
	char *scratch; /* the texts of the row given last */
	size_t scratch_bytes;
};

static void call_free(struct netsession_call *call)
{
	connection_close(call->connection);
	net_timer_stop(call->start);
	net_timer_stop(call->deadline);
	netsession_page_free(call->last_page);
	enumeration_fini(&call->enumeration);
	if (call->deletion != NULL)
		deletion_fini(call->deletion);
	free(call->deletion);
	connection_key_fini(&call->key);
	free(call->scratch);
	free(call);
}

static bool call_is_anonymous(const struct netsession_call *call)
{
	return call->key.credentials != NULL && call->key.credentials->is_anonymous;
}

/* What is to be done is not to check a password that was not given. */
static void call_advise_anonymous(struct err *err)
{
	if (err->status == ERROR_ACCESS_DENIED)
		err_advise(err,
		           "the server does not let an anonymous caller do this: log on as a user");
	else if (err->status == ERROR_LOGON_FAILURE || err->status == ERROR_ACCOUNT_RESTRICTION)
		err_advise(err, "the server does not accept anonymous log-ons: log on as a user");
}

static void call_finish(struct netsession_call *call)
{
	const struct netsession_handler *handler = call->handler;
	void *context = call->context;
	struct netsession_error error;

	if (call_is_anonymous(call))
		call_advise_anonymous(&call->err);
	if (call->err.status == ERROR_LOGON_FAILURE && call->key.credentials != NULL)
		err_advise(&call->err, credentials_find_doubt(call->key.credentials));
	error_message_write(&error, &call->err, call->enumeration.level_wanted);
	call_free(call);
	handler->on_end(context, &error);
}

static void call_finish_cancelled(struct netsession_call *call)
{
	call->err = (struct err){ 0 };
	err_set(&call->err, ERROR_CANCELLED,
	        call->connection != NULL ? connection_step(call->connection) : "query", NULL);
	call_finish(call);
}

/* The call is answered: the connection may serve another one. */
static void call_finish_answered(struct netsession_call *call)
{
	struct connection *connection = call->connection;

	call->connection = NULL;
	connection_release(connection);
	call_finish(call);
}

/* ---- memory ---- */

/* How many bytes the rows of the next answer may have; at least 1, because 0 means any number. */
static size_t call_room(const struct netsession_call *call)
{
	uint64_t held = call->held_bytes +
	                (call->deletion != NULL ? call->deletion->requests.texts.len : 0);
	uint64_t room = held < call->max_bytes ? call->max_bytes - held : 1;

	return room < SIZE_MAX ? (size_t)room : SIZE_MAX;
}

static void call_explain_quota(const struct netsession_call *call, struct err *err)
{
	const char *step = err->step;

	if (err->status != ERROR_NOT_ENOUGH_QUOTA || err->nt_status != 0 || err->text[0] != '\0')
		return; /* it is the server's */
	*err = (struct err){ 0 };
	err_format(err, ERROR_NOT_ENOUGH_QUOTA, step,
	           "the sessions need more than %" PRIu64
	           " bytes of memory, the limit of this call",
	           call->max_bytes);
	err_advise(err, "select fewer sessions, or raise the limit (--max-bytes, max_bytes)");
}

/* ---- what the connection reports ---- */

static bool call_lists_first(const struct netsession_call *call)
{
	return call->kind == CALL_ENUM || (call->kind == CALL_DEL && call->deletion->is_listing);
}

static void call_begin_list(struct netsession_call *call)
{
	client_state_call_enum(connection_state(call->connection), &call->enumeration.request,
	                       call_room(call),
	                       call->kind == CALL_ENUM && call->handler->on_row != NULL);
}

static void call_on_logged_on(void *context)
{
	struct netsession_call *call = context;

	if (call_lists_first(call))
		call_begin_list(call);
}

static bool call_on_ready(void *context)
{
	struct netsession_call *call = context;
	struct client_state *state = connection_state(call->connection);

	if (call->kind == CALL_CONNECT) {
		call_finish_answered(call);
		return false;
	}
	if (call->wants_warnings)
		client_state_call_local(state, LOCAL_LIST_WARNINGS, NULL);
	else if (call_lists_first(call))
		call_begin_list(call);
	else
		client_state_call_del(state, &call->deletion->request);
	return true;
}

static bool call_on_rows(void *context)
{
	struct netsession_call *call = context;
	struct client_state *state = connection_state(call->connection);
	uint32_t level = call->enumeration.request.level;
	struct netsession_row row;

	while (!call->is_cancelled &&
	       client_state_next_row(state, &row, &call->scratch, &call->scratch_bytes))
		if (enumeration_accepts_row(&call->enumeration, &level, &row))
			call->handler->on_row(call->context, level, &row);
	if (!call->is_cancelled)
		return true;
	call_finish_cancelled(call);
	return false;
}

/* Takes page. */
static void call_give_page(struct netsession_call *call, struct netsession_page *page)
{
	if (page != NULL && call->handler->on_page != NULL)
		call->handler->on_page(call->context, page);
	else
		netsession_page_free(page);
}

/* ---- warnings of the local service ---- */

/* Whether netsessiond may know more about the answer, which was the last one. */
static bool call_may_have_warnings(const struct netsession_call *call,
                                   const struct netsession_page *page)
{
	if (call->key.interface != &client_netsession_local || call->is_cancelled)
		return false;
	return page != NULL ? !page->has_more
	                    : call->err.status == NERR_ClientNameNotFound ||
	                              call->err.status == NERR_UserNotFound;
}

/* The session that was not found may be one of those that are missing. */
static void call_add_warning(struct netsession_call *call, uint64_t what, const char *text)
{
	const bool is_incomplete = (what & LOCAL_WARNING_INCOMPLETE) != 0;
	const struct err not_found = call->err;

	if (call->last_page != NULL) {
		page_add_warning(call->last_page, is_incomplete, text);
		call->last_page->has_lost_source |= (what & LOCAL_WARNING_LOST_SOURCE) != 0;
	} else if (is_incomplete && !call->is_told_missing) {
		call->err = (struct err){ 0 };
		err_format(&call->err, not_found.status, not_found.step,
		           "%s%ssessions are missing: %s", not_found.text,
		           not_found.text[0] != '\0' ? "; " : "", text);
		call->is_told_missing = true;
	}
}

static void call_read_warnings(struct netsession_call *call, struct wire_reader *stub)
{
	struct local_list list;
	struct local_entry entry;

	local_list_decode(&list, stub);
	while (local_list_next(&list, &entry))
		if (entry.name != NULL)
			call_add_warning(call, entry.value, entry.name);
	if (stub->error != NULL || list.status != NERR_Success)
		call_add_warning(call, LOCAL_WARNING_INCOMPLETE,
		                 "netsessiond does not say whether its sources are complete");
}

static void call_give_last_page(struct netsession_call *call)
{
	struct netsession_page *page = call->last_page;

	call->last_page = NULL;
	call->wants_warnings = false;
	call_give_page(call, page);
}

/* Ends the call, unless the connection has failed meanwhile. */
static bool call_take_warnings(struct netsession_call *call)
{
	struct wire_reader stub;

	if (client_state_take_local(connection_state(call->connection), &stub) != NERR_Success)
		return true; /* the connection reports the failure next */
	call_read_warnings(call, &stub);
	call_give_last_page(call);
	if (call->is_cancelled)
		call_finish_cancelled(call);
	else
		call_finish_answered(call);
	return false;
}

/* False: the call has ended. */
static bool call_take_enum(struct netsession_call *call)
{
	struct session_enum_answer answer;
	struct netsession_page *page;
	enum enumeration_next next;
	void *infos;

	if (client_state_take_enum(connection_state(call->connection), &answer, &infos) !=
	    NERR_Success)
		return true; /* the connection reports the failure next */
	next = enumeration_take(&call->enumeration, &answer, infos, &page, &call->err);
	if (page != NULL && call->handler->on_page != NULL)
		call->held_bytes += sizeof *page +
		                    client_state_answer_bytes(connection_state(call->connection));
	if (page != NULL)
		page->shows_unknown = call->key.interface == &client_netsession_local;
	if (next != ENUMERATION_ASK && call_may_have_warnings(call, page)) {
		call->last_page = page;
		call->wants_warnings = true;
		return true;
	}
	call_give_page(call, page);
	if (call->is_cancelled) {
		call_finish_cancelled(call);
		return false;
	}
	if (next != ENUMERATION_ASK)
		call_finish_answered(call);
	return next == ENUMERATION_ASK;
}

static bool call_take_del(struct netsession_call *call)
{
	NET_API_STATUS answer;

	if (client_state_take_del(connection_state(call->connection), &answer) != NERR_Success)
		return true;
	if (deletion_receive(call->deletion, answer, &call->err))
		return true;
	call_finish_answered(call);
	return false;
}

/* The list of the sessions that a deletion means. */
static bool call_take_list(struct netsession_call *call)
{
	struct session_enum_answer answer;
	struct netsession_page *page;
	enum enumeration_next next;
	struct err err = { 0 };
	void *infos;

	if (client_state_take_enum(connection_state(call->connection), &answer, &infos) !=
	    NERR_Success)
		return true; /* the connection reports the failure next */
	next = enumeration_take(&call->enumeration, &answer, infos, &page, &err);
	deletion_add_page(call->deletion, page);
	netsession_page_free(page);
	if (next == ENUMERATION_ASK ||
	    deletion_end_list(call->deletion, &err, &call->err) == NERR_Success)
		return true;
	call_finish_answered(call);
	return false;
}

static bool call_on_answered(void *context)
{
	struct netsession_call *call = context;

	if (call->kind != CALL_DEL)
		return call->wants_warnings ? call_take_warnings(call) : call_take_enum(call);
	return call->deletion->is_listing ? call_take_list(call) : call_take_del(call);
}

static void call_connect(struct netsession_call *call);

/* An older netsessiond lists sessions by NetrSessionEnum only. */
static bool call_is_by_older_service(const struct netsession_call *call, const struct err *err)
{
	return call->key.interface == &client_netsession_local &&
	       (err->status == RPC_S_PROCNUM_OUT_OF_RANGE || err->status == RPC_S_UNKNOWN_IF);
}

/* All that was asked for is there, but for the warnings about it. */
static void call_finish_without_warnings(struct netsession_call *call)
{
	call_add_warning(call, LOCAL_WARNING_INCOMPLETE,
	                 "netsessiond does not say whether its sources are complete");
	call_give_last_page(call);
	call_finish(call);
}

static void call_on_failed(void *context, const struct err *err)
{
	struct netsession_call *call = context;

	if (call_is_by_older_service(call, err)) {
		connection_close(call->connection);
		call->key.interface = &client_srvsvc;
		call_connect(call);
		return;
	}
	if (call->wants_warnings && !call->is_cancelled) {
		call_finish_without_warnings(call);
		return;
	}
	if (call->kind != CALL_CONNECT || !connection_has_tree(call->connection))
		call->err = *err;
	call_explain_quota(call, &call->err);
	call_finish(call);
}

/* ---- beginning and end ---- */

static void call_on_deadline(void *context)
{
	struct netsession_call *call = context;

	if (call->wants_warnings && !call->is_cancelled) {
		call_finish_without_warnings(call);
		return;
	}
	err_set(&call->err, ERROR_TIMEOUT,
	        call->connection != NULL ? connection_step(call->connection) : "query", NULL);
	call_finish(call);
}

static void call_connect(struct netsession_call *call)
{
	static const struct connection_handler handler = { call_on_logged_on, call_on_ready,
		                                           call_on_rows, call_on_answered,
		                                           call_on_failed };

	call->connection = connection_new(call->loop, &call->key, &handler, call);
	if (call->connection == NULL) {
		err_set(&call->err, ERROR_NOT_ENOUGH_MEMORY, "query", NULL);
		call_finish(call);
	} else {
		connection_open(call->connection);
	}
}

static void call_on_start(void *context)
{
	struct netsession_call *call = context;

	net_timer_stop(call->start);
	call->start = NULL;
	if (call->is_cancelled) {
		call_finish_cancelled(call);
		return;
	}
	if (call->err.status == NERR_Success)
		call_connect(call);
	else
		call_finish(call);
}

void netsession_cancel(struct netsession_call *call)
{
	if (call->is_cancelled)
		return;
	call->is_cancelled = true;
	if (call->start != NULL)
		return; /* call_on_start sees it */
	call->start = net_timer_start(call->loop, 0, call_on_start, call);
}

/* Chooses as whom the caller logs on, the first that is there: the credentials of the query, the
 * file that the environment names, the caller's tickets. */
static void call_choose_credentials(struct netsession_call *call,
                                    const struct netsession_query *query)
{
	call->key.credentials = query->credentials != NULL ? credentials_hold(query->credentials)
	                                                   : environment_credentials(&call->err);
}

/* The query names a server. */
static void call_choose_server(struct netsession_call *call, const struct netsession_query *query)
{
	struct connection_key *key = &call->key;

	if (query->wins != NULL && (key->wins = strdup(query->wins)) == NULL)
		err_set(&call->err, ERROR_NOT_ENOUGH_MEMORY, "query", NULL);
	else
		(void)server_name_parse(query->server, &key->server, &call->err);
	if (key->server.port == 0)
		key->server.port = query->port != 0 ? query->port : SMB_PORT;
	key->authentication = query->authentication;
	key->must_encrypt = query->encrypt != 0;
	if (call->err.status == NERR_Success)
		call_choose_credentials(call, query);
}

/* False: see the call's err. */
static bool call_init_deletion(struct netsession_call *call, const struct netsession_query *query)
{
	bool lists = !server_name_is_local(query->server);

	call->deletion = calloc(1, sizeof *call->deletion);
	if (call->deletion == NULL) {
		err_set(&call->err, ERROR_NOT_ENOUGH_MEMORY, "query", NULL);
		return false;
	}
	return deletion_init(call->deletion, query, lists, &call->err) == NERR_Success &&
	       enumeration_init_for_deletion(&call->enumeration, query, &call->err) == NERR_Success;
}

/* Makes the key and the request. What is wrong with the query is reported like any other failure,
 * by on_end. */
static void call_check_query(struct netsession_call *call, const struct netsession_query *query)
{
	call->enumeration.level_wanted = query->level;
	call->max_bytes = query->max_bytes != 0 ? query->max_bytes : DEFAULT_MAX_BYTES;
	if (call->kind == CALL_ENUM &&
	    enumeration_init(&call->enumeration, query, &call->err) != NERR_Success)
		return;
	if (call->kind == CALL_DEL && !call_init_deletion(call, query))
		return;
	/* The local service learns from the kernel who the caller is: that takes neither
	 * credentials nor encryption. */
	if (server_name_is_local(query->server))
		(void)connection_key_init_local(&call->key, &call->err);
	else
		call_choose_server(call, query);
	call->key.interface = call->key.local != NULL && call->kind != CALL_DEL
	                              ? &client_netsession_local
	                              : &client_srvsvc;
}

uint32_t call_timeout_ms(const struct netsession_query *query)
{
	return query->timeout_ms != 0 ? query->timeout_ms : DEFAULT_TIMEOUT_MS;
}

/* Begins with the deadline alone. NULL: out of memory. */
static struct netsession_call *call_new(struct net_loop *loop, enum call_kind kind,
                                        const struct netsession_query *query,
                                        const struct netsession_handler *handler, void *context)
{
	struct netsession_call *call = calloc(1, sizeof *call);

	if (call == NULL)
		return NULL;
	call->loop = loop;
	call->kind = kind;
	call->handler = handler;
	call->context = context;
	call_check_query(call, query);
	call->deadline = net_timer_start(loop, call_timeout_ms(query), call_on_deadline, call);
	if (call->deadline != NULL)
		return call;
	call_free(call);
	return NULL;
}

struct netsession_call *call_start(struct net_loop *loop, enum call_kind kind,
                                   const struct netsession_query *query,
                                   const struct netsession_handler *handler, void *context)
{
	struct netsession_call *call = call_new(loop, kind, query, handler, context);

	if (call == NULL)
		return NULL;
	call->start = net_timer_start(loop, 0, call_on_start, call);
	if (call->start != NULL)
		return call;
	call_free(call);
	return NULL;
}

bool call_run(struct net_loop *loop, enum call_kind kind, const struct netsession_query *query,
              const struct netsession_handler *handler, void *context)
{
	struct netsession_call *call = call_new(loop, kind, query, handler, context);

	if (call == NULL)
		return false;
	call_on_start(call);
	net_loop_run(loop);
	return true;
}
