/* SPDX-License-Identifier: MIT */
#include "client/call.h"

#include <stdlib.h>
#include <string.h>
#include "auth/credentials.h"
#include "client/deletion.h"
#include "client/enumeration.h"
#include "client/environment.h"
#include "client/link.h"
#include "client/server_name.h"
#include "client/story.h"

#define DEFAULT_TIMEOUT_MS 30000

struct netsession_call {
	struct net_loop *loop;
	enum call_kind kind;
	const struct netsession_handler *handler;
	void *context;
	struct contact_key key; /* its credentials are held, and its texts its own */
	struct enumeration enumeration;
	struct deletion deletion;
	struct link *link; /* NULL until it begins */
	struct net_timer *start, *deadline;
	struct err err;
	bool is_cancelled;
	char *scratch; /* the texts of the row given last */
	size_t scratch_bytes;
};

static void call_free(struct netsession_call *call)
{
	link_close(call->link);
	net_timer_stop(call->start);
	net_timer_stop(call->deadline);
	enumeration_fini(&call->enumeration);
	deletion_fini(&call->deletion);
	credentials_release(call->key.credentials);
	free(call->key.wins);
	free(call->key.local);
	free(call->scratch);
	free(call);
}

static void finish(struct netsession_call *call)
{
	const struct netsession_handler *handler = call->handler;
	void *context = call->context;
	struct netsession_error error;

	story_tell(&error, &call->err, call->enumeration.level_wanted);
	call_free(call);
	handler->on_end(context, &error);
}

static void finish_cancelled(struct netsession_call *call)
{
	call->err = (struct err){ 0 };
	err_set(&call->err, ERROR_CANCELLED, call->link != NULL ? link_doing(call->link) : "query",
	        NULL);
	finish(call);
}

/* It was answered: the connection may serve the next call. */
static void finish_answered(struct netsession_call *call)
{
	struct link *link = call->link;

	call->link = NULL;
	link_park(link);
	finish(call);
}

/* ---- what it asks ---- */

static bool on_ready(void *context)
{
	struct netsession_call *call = context;
	struct conversation *conversation = link_conversation(call->link);

	switch (call->kind) {
	case CALL_ENUM:
		conversation_ask_enum(conversation, &call->enumeration.request,
		                      call->handler->on_row != NULL);
		return true;
	case CALL_DEL:
		conversation_ask_del(conversation, &call->deletion.request);
		return true;
	case CALL_CONNECT:
		break;
	}
	finish_answered(call);
	return false;
}

static bool on_rows(void *context)
{
	struct netsession_call *call = context;
	struct conversation *conversation = link_conversation(call->link);
	uint32_t level = call->enumeration.request.level;
	struct netsession_row row;

	while (!call->is_cancelled &&
	       conversation_next_row(conversation, &row, &call->scratch, &call->scratch_bytes))
		if (enumeration_keeps(&call->enumeration, &level, &row))
			call->handler->on_row(call->context, level, &row);
	if (!call->is_cancelled)
		return true;
	finish_cancelled(call);
	return false;
}

/* False: the call has ended. */
static bool take_enum(struct netsession_call *call)
{
	struct session_enum_answer answer;
	struct netsession_page *page;
	enum enumeration_next next;
	void *infos;

	if (conversation_take_enum(link_conversation(call->link), &answer, &infos) != NERR_Success)
		return true; /* it has failed, which comes next */
	next = enumeration_take(&call->enumeration, &answer, infos, &page, &call->err);
	if (page != NULL && call->handler->on_page != NULL)
		call->handler->on_page(call->context, page);
	else
		netsession_page_free(page);
	if (call->is_cancelled) {
		finish_cancelled(call);
		return false;
	}
	if (next != ENUMERATION_ASK)
		finish_answered(call);
	return next == ENUMERATION_ASK;
}

static bool take_del(struct netsession_call *call)
{
	NET_API_STATUS answer;

	if (conversation_take_del(link_conversation(call->link), &answer) != NERR_Success)
		return true;
	if (answer != NERR_Success)
		err_set(&call->err, answer, "NetrSessionDel", NULL);
	finish_answered(call);
	return false;
}

static bool on_answered(void *context)
{
	struct netsession_call *call = context;

	return call->kind == CALL_DEL ? take_del(call) : take_enum(call);
}

static void on_failed(void *context, const struct err *err)
{
	struct netsession_call *call = context;

	if (call->kind != CALL_CONNECT || !link_has_tree(call->link))
		call->err = *err;
	finish(call);
}

/* ---- its life ---- */

static void on_deadline(void *context)
{
	struct netsession_call *call = context;

	err_set(&call->err, ERROR_TIMEOUT, call->link != NULL ? link_doing(call->link) : "query",
	        NULL);
	finish(call);
}

static void on_start(void *context)
{
	static const struct link_handler handler = { on_ready, on_rows, on_answered, on_failed };
	struct netsession_call *call = context;

	net_timer_stop(call->start);
	call->start = NULL;
	if (call->is_cancelled) {
		finish_cancelled(call);
		return;
	}
	if (call->err.status == NERR_Success)
		call->link = link_new(call->loop, &call->key, &handler, call);
	if (call->link == NULL) {
		err_set(&call->err, ERROR_NOT_ENOUGH_MEMORY, "query", NULL);
		finish(call);
	} else {
		link_open(call->link);
	}
}

void netsession_cancel(struct netsession_call *call)
{
	if (call->is_cancelled)
		return;
	call->is_cancelled = true;
	if (call->start != NULL)
		return; /* on_start sees it */
	call->start = net_timer_start(call->loop, 0, on_start, call);
}

/* Who asks, first match wins: given explicitly, the environment's file, the caller's tickets. */
static void choose_credentials(struct netsession_call *call, const struct netsession_query *query)
{
	call->key.credentials = query->credentials != NULL ? credentials_hold(query->credentials)
	                                                   : environment_credentials(&call->err);
}

/* A server that is named. */
static void choose_server(struct netsession_call *call, const struct netsession_query *query)
{
	struct contact_key *key = &call->key;

	if (query->wins != NULL && (key->wins = strdup(query->wins)) == NULL)
		err_set(&call->err, ERROR_NOT_ENOUGH_MEMORY, "query", NULL);
	else if (!server_name_parse(query->server, &key->server))
		err_set(&call->err, NERR_InvalidComputer, "query", NULL);
	if (key->server.port == 0)
		key->server.port = query->port != 0 ? query->port : SMB_PORT;
	key->authentication = query->authentication;
	key->must_encrypt = query->encrypt != 0;
	if (call->err.status == NERR_Success)
		choose_credentials(call, query);
}

/* What is wrong with a query is told like any other failure, by on_end. */
static void check(struct netsession_call *call, const struct netsession_query *query)
{
	call->enumeration.level_wanted = query->level;
	if ((call->kind == CALL_ENUM &&
	     enumeration_init(&call->enumeration, query, &call->err) != NERR_Success) ||
	    (call->kind == CALL_DEL &&
	     deletion_init(&call->deletion, query, &call->err) != NERR_Success))
		return;
	/* On this computer the kernel says who asks: no credentials, and nobody listens on the way.
	 */
	if (server_name_is_local(query->server))
		(void)contact_key_local(&call->key, &call->err);
	else
		choose_server(call, query);
	call->key.interface = &conversation_srvsvc;
}

struct netsession_call *call_start(struct net_loop *loop, enum call_kind kind,
                                   const struct netsession_query *query,
                                   const struct netsession_handler *handler, void *context)
{
	uint32_t timeout_ms = query->timeout_ms != 0 ? query->timeout_ms : DEFAULT_TIMEOUT_MS;
	struct netsession_call *call = calloc(1, sizeof *call);

	if (call == NULL)
		return NULL;
	call->loop = loop;
	call->kind = kind;
	call->handler = handler;
	call->context = context;
	check(call, query);
	call->start = net_timer_start(loop, 0, on_start, call);
	call->deadline = net_timer_start(loop, timeout_ms, on_deadline, call);
	if (call->start == NULL || call->deadline == NULL) {
		call_free(call);
		return NULL;
	}
	return call;
}
