/* SPDX-License-Identifier: MIT */
#include "client/link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "client/authentication.h"
#include "client/kept.h"
#include "client/resolve.h"
#include "client/whose_tickets.h"
#include "net/stream.h"

struct link {
	struct net_loop *loop;
	const struct link_handler *handler;
	void *context;
	struct contact *contact;
	const char *doing; /* before the conversation: static text */
	struct err err;

	/* What is under way; NULL: nothing of the kind. */
	struct whose_tickets *question;
	struct resolve *resolve;
	struct net_dial *dial;
	struct net_stream *stream;
	struct authentication *authentication;
	bool was_kept;   /* and nothing was answered since: see fail */
	bool is_probing; /* the connection asks for SMB1 only: see on_ended */
	bool is_ending;  /* a step of the log-on is waited for */
};

static void dial(struct link *link);
static void pump(struct link *link);

/* Ends everything that is under way on the network. */
static void hang_up(struct link *link)
{
	whose_tickets_cancel(link->question);
	resolve_cancel(link->resolve);
	net_dial_cancel(link->dial);
	net_stream_close(link->stream);
	link->question = NULL;
	link->resolve = NULL;
	link->dial = NULL;
	link->stream = NULL;
}

/* GSSAPI does not like a program that exits while it works: a step under way is waited for. */
static void end(struct link *link)
{
	hang_up(link);
	if (link->authentication != NULL && authentication_is_busy(link->authentication))
		link->is_ending = true;
	else
		link->handler->failed(link->context, &link->err);
}

static void fail(struct link *link, const struct err *err)
{
	if (link->was_kept) { /* the server gave it up meanwhile: nobody has to know */
		link->was_kept = false;
		hang_up(link);
		dial(link);
		return;
	}
	/* The probe is for one answer alone: without it, what it was made for stands. */
	if (link->err.status == NERR_Success || err->status == ERROR_SMB1_NOT_AVAILABLE)
		link->err = *err;
	end(link);
}

static void fail_memory(struct link *link)
{
	struct err err = { 0 };

	err_set(&err, ERROR_NOT_ENOUGH_MEMORY, link_doing(link), NULL);
	fail(link, &err);
}

/* ---- the conversation's needs ---- */

static void on_stepped(void *context, const struct authentication_result *result)
{
	struct link *link = context;

	if (link->is_ending) {
		link->handler->failed(link->context, &link->err);
		return;
	}
	if (link->is_probing)
		return; /* the log-on that it belonged to is over */
	if (result->progress == AUTH_FAILED) {
		fail(link, &result->err);
		return;
	}
	if (result->progress == AUTH_COMPLETE)
		memcpy(link->contact->key.principal, result->principal, sizeof result->principal);
	conversation_take_token(&link->contact->conversation, result->token, result->token_bytes,
	                        result->progress == AUTH_COMPLETE ? &result->key : NULL);
	pump(link);
}

static bool answer_challenge(struct link *link)
{
	const struct wire_writer *challenge = &link->contact->conversation.challenge;

	return authentication_step(link->authentication, challenge->data, challenge->len);
}

static bool flush(struct link *link)
{
	struct wire_writer *out = conversation_out(&link->contact->conversation);
	bool sent = out->len == 0 || net_stream_send(link->stream, out->data, out->len);

	wire_writer_clear(out);
	return sent;
}

/* READs are under way that would swallow the next answer: a new connection has none. */
static bool is_spent(const struct link *link)
{
	return link->contact->conversation.err.status == NERR_Success &&
	       conversation_is_spent(&link->contact->conversation);
}

/* Does what the conversation wants until it has to wait. */
static void pump(struct link *link)
{
	for (;;) {
		struct conversation *conversation = &link->contact->conversation;
		enum conversation_event event = conversation_next(conversation);

		if (!flush(link)) {
			fail_memory(link);
			return;
		}
		switch (event) {
		case CONVERSATION_READ:
			return;
		case CONVERSATION_TOKEN:
			if (!answer_challenge(link))
				fail_memory(link);
			return;
		case CONVERSATION_READY:
			if (!link->handler->ready(link->context))
				return;
			break;
		case CONVERSATION_ROWS:
			link->was_kept = false;
			if (!link->handler->rows(link->context))
				return;
			break;
		case CONVERSATION_ANSWER:
			link->was_kept = false;
			if (!link->handler->answered(link->context))
				return;
			if (is_spent(link)) {
				hang_up(link);
				dial(link);
				return;
			}
			break;
		case CONVERSATION_FAILED:
			fail(link, &conversation->err);
			return;
		}
	}
}

/* ---- the network ---- */

static uint8_t *on_space(void *context, size_t *room)
{
	struct link *link = context;

	return conversation_space(&link->contact->conversation, room);
}

static void on_received(void *context, size_t bytes)
{
	struct link *link = context;

	conversation_received(&link->contact->conversation, bytes);
	if (!link->contact->conversation.challenged) /* else on_stepped goes on */
		pump(link);
}

static void on_ended(void *context, const struct err *err)
{
	struct link *link = context;
	const struct conversation *conversation = &link->contact->conversation;
	struct err where = *err;

	conversation_explain_end(conversation, &where);
	if (conversation_heard_nothing(conversation) && !link->is_probing &&
	    err->status == ERROR_NETNAME_DELETED) {
		/* Not a word to NEGOTIATE: so does a server that knows SMB1 only. */
		link->err = where;
		link->is_probing = true;
		hang_up(link);
		dial(link);
	} else {
		fail(link, &where);
	}
}

/* Takes socket. */
static bool listen_to(struct link *link, int socket)
{
	static const struct net_stream_handler handler = { on_space, on_received, on_ended, NULL };

	link->stream = net_stream_new(link->loop, socket, &handler, link);
	return link->stream != NULL;
}

/* The first token waits for nobody: it is made while NEGOTIATE is on its way. */
static bool begin_log_on(struct link *link)
{
	const struct contact_key *key = &link->contact->key;

	authentication_free(link->authentication);
	link->authentication = authentication_new(link->loop, key->credentials, key->authentication,
	                                          key->server.host, on_stepped, link);
	return link->authentication != NULL && authentication_step(link->authentication, NULL, 0);
}

static void on_dialed(void *context, int socket, const struct err *err)
{
	struct link *link = context;
	bool logs_on;

	link->dial = NULL;
	if (socket < 0) {
		fail(link, err);
		return;
	}
	contact_begin(link->contact,
	              link->is_probing ? CONVERSATION_PROBE_SMB1 : CONVERSATION_SMB2);
	logs_on = link->contact->key.local == NULL && !link->is_probing;
	if (!listen_to(link, socket) || (logs_on && !begin_log_on(link)))
		fail_memory(link);
	else
		pump(link);
}

static void connect_to(struct link *link, const struct net_addresses *addresses)
{
	link->dial = net_dial_start(link->loop, addresses, on_dialed, link);
	if (link->dial == NULL)
		fail_memory(link);
}

static void on_found(void *context, const struct net_addresses *addresses, const struct err *err)
{
	struct link *link = context;

	link->resolve = NULL;
	if (addresses->count == 0) {
		fail(link, err);
		return;
	}
	link->doing = "connect";
	connect_to(link, addresses);
}

static void dial_local(struct link *link)
{
	struct net_addresses addresses;
	struct err err = { 0 };

	link->doing = "connect";
	if (net_address_local(link->contact->key.local, &addresses)) {
		connect_to(link, &addresses);
	} else {
		err_set(&err, ERROR_INVALID_PARAMETER, link->doing,
		        "NETSESSION_SOCKET is too long for a socket's path");
		fail(link, &err);
	}
}

static void dial(struct link *link)
{
	const struct contact_key *key = &link->contact->key;

	if (key->local != NULL) {
		dial_local(link);
		return;
	}
	link->doing = "resolve";
	link->resolve = resolve_start(link->loop, key->server.host, key->server.port, key->wins,
	                              on_found, link);
	if (link->resolve == NULL)
		fail_memory(link);
}

/* ---- its life ---- */

struct link *link_new(struct net_loop *loop, const struct contact_key *key,
                      const struct link_handler *handler, void *context)
{
	struct link *link = calloc(1, sizeof *link);

	if (link == NULL)
		return NULL;
	*link = (struct link){
		.loop = loop,
		.handler = handler,
		.context = context,
		.contact = contact_new(key),
		.doing = "connect",
	};
	if (link->contact == NULL) {
		free(link);
		return NULL;
	}
	return link;
}

/* Goes on where an earlier call left off; else all the way. */
static void begin(struct link *link)
{
	struct contact *found = kept_take(&link->contact->key);
	int socket;

	if (found == NULL) {
		dial(link);
		return;
	}
	contact_free(link->contact);
	link->contact = found;
	link->was_kept = true;
	socket = found->socket;
	found->socket = -1;
	if (!listen_to(link, socket))
		fail_memory(link);
	else
		pump(link);
}

static void on_told(void *context, const char *principal)
{
	struct link *link = context;

	link->question = NULL;
	snprintf(link->contact->key.principal, sizeof link->contact->key.principal, "%s",
	         principal);
	begin(link);
}

void link_open(struct link *link)
{
	const struct contact_key *key = &link->contact->key;

	if (key->local != NULL || key->credentials != NULL || !kept_has_tickets(key)) {
		begin(link);
		return;
	}
	link->question = whose_tickets_ask(link->loop, on_told, link);
	if (link->question == NULL)
		fail_memory(link);
}

struct conversation *link_conversation(struct link *link)
{
	return &link->contact->conversation;
}

bool link_has_tree(const struct link *link)
{
	return link->contact->is_talking && conversation_has_tree(&link->contact->conversation);
}

const char *link_doing(const struct link *link)
{
	return link->stream != NULL ? conversation_doing(&link->contact->conversation)
	                            : link->doing;
}

void link_close(struct link *link)
{
	if (link == NULL)
		return;
	hang_up(link);
	authentication_free(link->authentication);
	contact_free(link->contact);
	free(link);
}

void link_park(struct link *link)
{
	struct contact *contact = link->contact;

	if (contact_has_owner(contact) && conversation_is_idle(&contact->conversation)) {
		contact->socket = net_stream_release(link->stream);
		link->stream = NULL;
	}
	if (contact->socket >= 0) {
		kept_put(contact);
		link->contact = NULL;
	}
	hang_up(link);
	authentication_free(link->authentication);
	contact_free(link->contact);
	free(link);
}
