/* SPDX-License-Identifier: MIT */
#include "client/call.h"

#include <stdlib.h>
#include <string.h>
#include "auth/credentials.h"
#include "client/authentication.h"
#include "client/conversation.h"
#include "client/enumeration.h"
#include "client/environment.h"
#include "client/resolve.h"
#include "client/server_name.h"
#include "client/story.h"
#include "net/stream.h"

#define DEFAULT_TIMEOUT_MS 30000

struct netsession_call {
	struct net_loop *loop;
	const struct netsession_handler *handler;
	void *context;
	struct netsession_credentials *credentials; /* held; NULL: the caller's tickets */
	struct server_name server;
	char *wins; /* NULL: not said */
	struct enumeration enumeration;
	struct conversation conversation;
	struct err err;

	/* What is under way; NULL: nothing of the kind. */
	struct net_timer *start, *deadline;
	struct resolve *resolve;
	struct net_dial *dial;
	struct net_stream *stream;
	struct authentication *authentication;
	const char *doing; /* before the conversation: static text */
	bool must_encrypt;
	bool is_probing; /* the connection asks for SMB1 only: see on_ended */
	bool is_ending;  /* a step of the log-on is waited for */
};

static void pump(struct netsession_call *call);

/* Ends everything that is under way. */
static void hang_up(struct netsession_call *call)
{
	resolve_cancel(call->resolve);
	net_dial_cancel(call->dial);
	net_stream_close(call->stream);
	if (call->stream != NULL)
		conversation_fini(&call->conversation);
	call->resolve = NULL;
	call->dial = NULL;
	call->stream = NULL;
}

static void call_free(struct netsession_call *call)
{
	hang_up(call);
	authentication_free(call->authentication);
	net_timer_stop(call->start);
	net_timer_stop(call->deadline);
	enumeration_fini(&call->enumeration);
	credentials_release(call->credentials);
	free(call->wins);
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

/* GSSAPI does not like a program that exits while it works: a step under way is waited for, if
 * not beyond the deadline. */
static void end(struct netsession_call *call)
{
	hang_up(call);
	if (call->authentication != NULL && authentication_is_busy(call->authentication))
		call->is_ending = true;
	else
		finish(call);
}

static void fail(struct netsession_call *call, const struct err *err)
{
	/* The probe is for one answer alone: without it, what it was made for stands. */
	if (call->err.status == NERR_Success || err->status == ERROR_SMB1_NOT_AVAILABLE)
		call->err = *err;
	end(call);
}

static void fail_memory(struct netsession_call *call)
{
	err_set(&call->err, ERROR_NOT_ENOUGH_MEMORY, call->doing, NULL);
	end(call);
}

/* ---- the conversation's needs ---- */

static void on_stepped(void *context, const struct authentication_result *result)
{
	struct netsession_call *call = context;

	if (call->is_ending) {
		finish(call);
		return;
	}
	if (call->is_probing)
		return; /* the log-on that it belonged to is over */
	if (result->progress == AUTH_FAILED) {
		fail(call, &result->err);
		return;
	}
	conversation_take_token(&call->conversation, result->token, result->token_bytes,
	                        result->progress == AUTH_COMPLETE ? &result->key : NULL);
	pump(call);
}

static bool answer_challenge(struct netsession_call *call)
{
	const struct wire_writer *challenge = &call->conversation.challenge;

	return authentication_step(call->authentication, challenge->data, challenge->len);
}

static bool flush(struct netsession_call *call)
{
	struct wire_writer *out = &call->conversation.smb.out;
	bool sent = out->len == 0 || net_stream_send(call->stream, out->data, out->len);

	wire_writer_clear(out);
	return sent;
}

/* False: the call has ended. */
static bool take_answer(struct netsession_call *call)
{
	struct session_enum_answer answer;
	struct netsession_page *page;
	enum enumeration_next next;
	void *infos;

	if (conversation_take_answer(&call->conversation, &answer, &infos) != NERR_Success)
		return true; /* it has failed, which comes next */
	next = enumeration_take(&call->enumeration, &answer, infos, &page, &call->err);
	if (page != NULL)
		call->handler->on_page(call->context, page);
	if (next != ENUMERATION_ASK) {
		end(call);
		return false;
	}
	return true;
}

static void dial(struct netsession_call *call);

/* Does what the conversation wants until it has to wait. */
static void pump(struct netsession_call *call)
{
	for (;;) {
		enum conversation_event event = conversation_next(&call->conversation);

		if (!flush(call)) {
			fail_memory(call);
			return;
		}
		switch (event) {
		case CONVERSATION_READ:
			return;
		case CONVERSATION_TOKEN:
			if (!answer_challenge(call))
				fail_memory(call);
			return;
		case CONVERSATION_READY:
			conversation_ask(&call->conversation, &call->enumeration.request);
			break;
		case CONVERSATION_ANSWER:
			if (!take_answer(call))
				return;
			if (call->conversation.err.status == NERR_Success &&
			    conversation_is_spent(&call->conversation)) {
				hang_up(call);
				dial(call);
				return;
			}
			break;
		case CONVERSATION_FAILED:
			fail(call, &call->conversation.err);
			return;
		}
	}
}

/* ---- the network ---- */

static uint8_t *on_space(void *context, size_t *room)
{
	struct netsession_call *call = context;

	return smb2_frames_space(&call->conversation.smb.in, room);
}

static void on_received(void *context, size_t bytes)
{
	struct netsession_call *call = context;

	smb2_frames_received(&call->conversation.smb.in, bytes);
	if (!call->conversation.challenged) /* else on_stepped goes on */
		pump(call);
}

static void on_ended(void *context, const struct err *err)
{
	struct netsession_call *call = context;
	struct err where = *err;

	conversation_explain_end(&call->conversation, &where);
	if (conversation_heard_nothing(&call->conversation) && !call->is_probing &&
	    err->status == ERROR_NETNAME_DELETED) {
		/* Not a word to NEGOTIATE: so does a server that knows SMB1 only. */
		call->err = where;
		call->is_probing = true;
		hang_up(call);
		dial(call);
	} else {
		fail(call, &where);
	}
}

/* The first token waits for nobody: it is made while NEGOTIATE is on its way. */
static bool begin_log_on(struct netsession_call *call)
{
	authentication_free(call->authentication);
	call->authentication = authentication_new(call->loop, call->credentials, call->server.host,
	                                          on_stepped, call);
	return call->authentication != NULL && authentication_step(call->authentication, NULL, 0);
}

static void on_dialed(void *context, struct net_stream *stream, const struct err *err)
{
	static const struct net_stream_handler handler = { on_space, on_received, on_ended };
	struct netsession_call *call = context;

	call->dial = NULL;
	if (stream == NULL) {
		fail(call, err);
		return;
	}
	call->stream = stream;
	conversation_init(&call->conversation, call->server.host,
	                  call->is_probing ? CONVERSATION_PROBE_SMB1 : CONVERSATION_SMB2);
	call->conversation.must_encrypt = call->must_encrypt;
	if (!call->is_probing && !begin_log_on(call)) {
		fail_memory(call);
		return;
	}
	net_stream_read(stream, &handler, call);
	pump(call);
}

static void connect_to(struct netsession_call *call, const struct net_addresses *addresses)
{
	call->doing = "connect";
	call->dial = net_dial_start(call->loop, addresses, on_dialed, call);
	if (call->dial == NULL)
		fail_memory(call);
}

static void on_found(void *context, const struct net_addresses *addresses, const struct err *err)
{
	struct netsession_call *call = context;

	call->resolve = NULL;
	if (addresses->count == 0)
		fail(call, err);
	else
		connect_to(call, addresses);
}

static void dial(struct netsession_call *call)
{
	call->doing = "resolve";
	call->resolve = resolve_start(call->loop, call->server.host, call->server.port, call->wins,
	                              on_found, call);
	if (call->resolve == NULL)
		fail_memory(call);
}

static void on_deadline(void *context)
{
	struct netsession_call *call = context;

	err_set(&call->err, ERROR_TIMEOUT,
	        call->stream != NULL ? conversation_doing(&call->conversation) : call->doing, NULL);
	finish(call);
}

static void on_start(void *context)
{
	struct netsession_call *call = context;

	net_timer_stop(call->start);
	call->start = NULL;
	if (call->err.status != NERR_Success)
		end(call);
	else
		dial(call);
}

/* Who asks, first match wins: given explicitly, the environment's file, the caller's tickets. */
static void choose_credentials(struct netsession_call *call, const struct netsession_query *query)
{
	call->credentials = query->credentials != NULL ? credentials_hold(query->credentials)
	                                               : environment_credentials(&call->err);
}

/* What is wrong with a query is told like any other failure, by on_end. */
static void check(struct netsession_call *call, const struct netsession_query *query)
{
	call->doing = "query";
	if (enumeration_init(&call->enumeration, query, &call->err) != NERR_Success)
		return;
	if (query->server == NULL || query->server[0] == '\0')
		err_set(&call->err, NERR_ServerNotStarted, "local service", NULL);
	else if (!server_name_parse(query->server, &call->server))
		err_set(&call->err, NERR_InvalidComputer, "query", NULL);
	if (call->server.port == 0)
		call->server.port = query->port != 0 ? query->port : SMB_PORT;
	if (call->err.status == NERR_Success)
		choose_credentials(call, query);
}

struct netsession_call *call_start(struct net_loop *loop, const struct netsession_query *query,
                                   const struct netsession_handler *handler, void *context)
{
	uint32_t timeout_ms = query->timeout_ms != 0 ? query->timeout_ms : DEFAULT_TIMEOUT_MS;
	struct netsession_call *call = calloc(1, sizeof *call);

	if (call == NULL)
		return NULL;
	call->loop = loop;
	call->must_encrypt = query->encrypt != 0;
	call->handler = handler;
	call->context = context;
	if (query->wins != NULL && (call->wins = strdup(query->wins)) == NULL) {
		free(call);
		return NULL;
	}
	check(call, query);
	call->start = net_timer_start(loop, 0, on_start, call);
	call->deadline = net_timer_start(loop, timeout_ms, on_deadline, call);
	if (call->start == NULL || call->deadline == NULL) {
		call_free(call);
		return NULL;
	}
	return call;
}
