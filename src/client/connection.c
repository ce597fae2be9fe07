/* SPDX-License-Identifier: MIT */
#include "client/connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "client/authentication.h"
#include "client/connection_pool.h"
#include "client/resolve.h"
#include "client/ticket_lookup.h"
#include "net/stream.h"

struct connection {
	struct net_loop *loop;
	const struct connection_handler *handler;
	void *context;
	struct idle_connection *contact;
	const char *step; /* before the conversation: static text */
	struct err err;

	/* What is under way; NULL: nothing of the kind. */
	struct ticket_lookup *question;
	struct resolve *resolve;
	struct net_dial *dial;
	struct net_stream *stream;
	struct authentication *authentication;
	bool was_idle;   /* and nothing was answered since: see fail */
	bool is_probing; /* the connection asks for SMB1 only: see connection_on_ended */
	bool is_ending;  /* a step of the log-on is waited for */
};

static void connection_dial(struct connection *link);
static void connection_pump(struct connection *link);

/* Ends everything that is under way on the network. */
static void connection_hang_up(struct connection *link)
{
	ticket_lookup_cancel(link->question);
	resolve_cancel(link->resolve);
	net_dial_cancel(link->dial);
	net_stream_close(link->stream);
	link->question = NULL;
	link->resolve = NULL;
	link->dial = NULL;
	link->stream = NULL;
}

/* GSSAPI does not like a program that exits while it works: a step under way is waited for. */
static void connection_end(struct connection *link)
{
	connection_hang_up(link);
	if (link->authentication != NULL && authentication_is_busy(link->authentication))
		link->is_ending = true;
	else
		link->handler->failed(link->context, &link->err);
}

static void connection_set_failed(struct connection *link, const struct err *err)
{
	if (link->was_idle) { /* the server gave it up meanwhile: nobody has to know */
		link->was_idle = false;
		connection_hang_up(link);
		connection_dial(link);
		return;
	}
	/* The probe is for one answer alone: without it, what it was made for stands. */
	if (link->err.status == NERR_Success || err->status == ERROR_SMB1_NOT_AVAILABLE)
		link->err = *err;
	connection_end(link);
}

static void connection_fail_memory(struct connection *link)
{
	struct err err = { 0 };

	err_set(&err, ERROR_NOT_ENOUGH_MEMORY, connection_step(link), NULL);
	connection_set_failed(link, &err);
}

/* ---- the conversation's needs ---- */

static void connection_on_stepped(void *context, const struct authentication_result *result)
{
	struct connection *link = context;

	if (link->is_ending) {
		link->handler->failed(link->context, &link->err);
		return;
	}
	if (link->is_probing)
		return; /* the log-on that it belonged to is over */
	if (result->progress == AUTH_FAILED) {
		connection_set_failed(link, &result->err);
		return;
	}
	if (result->progress == AUTH_COMPLETE)
		memcpy(link->contact->key.principal, result->principal, sizeof result->principal);
	client_state_take_token(&link->contact->conversation, result->token, result->token_bytes,
	                        result->progress == AUTH_COMPLETE ? &result->key : NULL);
	connection_pump(link);
}

static bool connection_answer_challenge(struct connection *link)
{
	const struct wire_writer *challenge = &link->contact->conversation.challenge;

	return authentication_step(link->authentication, challenge->data, challenge->len);
}

static bool connection_flush(struct connection *link)
{
	struct wire_writer *out = client_state_out(&link->contact->conversation);
	bool sent = out->len == 0 || net_stream_send(link->stream, out->data, out->len);

	wire_writer_clear(out);
	return sent;
}

/* READs are under way that would swallow the next answer: a new connection has none. */
static bool connection_is_spent(const struct connection *link)
{
	return link->contact->conversation.err.status == NERR_Success &&
	       client_state_is_spent(&link->contact->conversation);
}

/* Does what the conversation wants until it has to wait. */
static void connection_pump(struct connection *link)
{
	for (;;) {
		struct client_state *conversation = &link->contact->conversation;
		enum client_event event = client_state_next(conversation);

		if (!connection_flush(link)) {
			connection_fail_memory(link);
			return;
		}
		switch (event) {
		case CLIENT_EVENT_READ:
			return;
		case CLIENT_EVENT_TOKEN:
			if (!connection_answer_challenge(link))
				connection_fail_memory(link);
			return;
		case CLIENT_EVENT_READY:
			if (!link->handler->ready(link->context))
				return;
			break;
		case CLIENT_EVENT_ROWS:
			link->was_idle = false;
			if (!link->handler->rows(link->context))
				return;
			break;
		case CLIENT_EVENT_ANSWER:
			link->was_idle = false;
			if (!link->handler->answered(link->context))
				return;
			if (connection_is_spent(link)) {
				connection_hang_up(link);
				connection_dial(link);
				return;
			}
			break;
		case CLIENT_EVENT_FAILED:
			connection_set_failed(link, &conversation->err);
			return;
		}
	}
}

/* ---- the network ---- */

static uint8_t *connection_on_space(void *context, size_t *room)
{
	struct connection *link = context;

	return client_state_space(&link->contact->conversation, room);
}

static void connection_on_received(void *context, size_t bytes)
{
	struct connection *link = context;

	client_state_received(&link->contact->conversation, bytes);
	if (!link->contact->conversation.is_challenged) /* else connection_on_stepped goes on */
		connection_pump(link);
}

static void connection_on_ended(void *context, const struct err *err)
{
	struct connection *link = context;
	const struct client_state *conversation = &link->contact->conversation;
	struct err where = *err;

	client_state_explain_end(conversation, &where);
	if (client_state_received_nothing(conversation) && !link->is_probing &&
	    err->status == ERROR_NETNAME_DELETED) {
		/* Not a word to NEGOTIATE: so does a server that knows SMB1 only. */
		link->err = where;
		link->is_probing = true;
		connection_hang_up(link);
		connection_dial(link);
	} else {
		connection_set_failed(link, &where);
	}
}

/* Takes socket. */
static bool connection_use_socket(struct connection *link, int socket)
{
	static const struct net_stream_handler handler = { connection_on_space,
		                                           connection_on_received,
		                                           connection_on_ended, NULL };

	link->stream = net_stream_new(link->loop, socket, &handler, link);
	return link->stream != NULL;
}

/* The first token waits for nobody: it is made while NEGOTIATE is on its way. */
static bool connection_begin_log_on(struct connection *link)
{
	const struct connection_key *key = &link->contact->key;

	authentication_free(link->authentication);
	link->authentication = authentication_new(link->loop, key->credentials, key->authentication,
	                                          key->server.host, connection_on_stepped, link);
	return link->authentication != NULL && authentication_step(link->authentication, NULL, 0);
}

static void connection_on_dialed(void *context, int socket, const struct err *err)
{
	struct connection *link = context;
	bool logs_on;

	link->dial = NULL;
	if (socket < 0) {
		connection_set_failed(link, err);
		return;
	}
	idle_connection_begin(link->contact,
	                      link->is_probing ? CLIENT_PROBE_SMB1 : CLIENT_OPEN_SMB2);
	logs_on = link->contact->key.local == NULL && !link->is_probing;
	if (!connection_use_socket(link, socket) || (logs_on && !connection_begin_log_on(link)))
		connection_fail_memory(link);
	else
		connection_pump(link);
}

static void connection_dial_addresses(struct connection *link,
                                      const struct net_addresses *addresses)
{
	link->dial = net_dial_start(link->loop, addresses, connection_on_dialed, link);
	if (link->dial == NULL)
		connection_fail_memory(link);
}

static void connection_on_found(void *context, const struct net_addresses *addresses,
                                const struct err *err)
{
	struct connection *link = context;

	link->resolve = NULL;
	if (addresses->count == 0) {
		connection_set_failed(link, err);
		return;
	}
	link->step = "connect";
	connection_dial_addresses(link, addresses);
}

static void connection_dial_local(struct connection *link)
{
	struct net_addresses addresses;
	struct err err = { 0 };

	link->step = "connect";
	if (net_address_local(link->contact->key.local, &addresses)) {
		connection_dial_addresses(link, &addresses);
	} else {
		err_set(&err, ERROR_INVALID_PARAMETER, link->step,
		        "NETSESSION_SOCKET is too long for a socket's path");
		connection_set_failed(link, &err);
	}
}

static void connection_dial(struct connection *link)
{
	const struct connection_key *key = &link->contact->key;

	if (key->local != NULL) {
		connection_dial_local(link);
		return;
	}
	link->step = "resolve";
	link->resolve = resolve_start(link->loop, key->server.host, key->server.port, key->wins,
	                              connection_on_found, link);
	if (link->resolve == NULL)
		connection_fail_memory(link);
}

/* ---- its life ---- */

struct connection *connection_new(struct net_loop *loop, const struct connection_key *key,
                                  const struct connection_handler *handler, void *context)
{
	struct connection *link = calloc(1, sizeof *link);

	if (link == NULL)
		return NULL;
	*link = (struct connection){
		.loop = loop,
		.handler = handler,
		.context = context,
		.contact = idle_connection_new(key),
		.step = "connect",
	};
	if (link->contact == NULL) {
		free(link);
		return NULL;
	}
	return link;
}

/* Goes on where an earlier call left off; else all the way. */
static void connection_begin(struct connection *link)
{
	struct idle_connection *found = connection_pool_take(&link->contact->key);
	int socket;

	if (found == NULL) {
		connection_dial(link);
		return;
	}
	idle_connection_free(link->contact);
	link->contact = found;
	link->was_idle = true;
	socket = found->socket;
	found->socket = -1;
	if (!connection_use_socket(link, socket))
		connection_fail_memory(link);
	else
		connection_pump(link);
}

static void connection_on_principal(void *context, const char *principal)
{
	struct connection *link = context;

	link->question = NULL;
	snprintf(link->contact->key.principal, sizeof link->contact->key.principal, "%s",
	         principal);
	connection_begin(link);
}

void connection_open(struct connection *link)
{
	const struct connection_key *key = &link->contact->key;

	if (key->local != NULL || key->credentials != NULL || !connection_pool_has_tickets(key)) {
		connection_begin(link);
		return;
	}
	link->question = ticket_lookup_start(link->loop, connection_on_principal, link);
	if (link->question == NULL)
		connection_fail_memory(link);
}

struct client_state *connection_state(struct connection *link)
{
	return &link->contact->conversation;
}

bool connection_has_tree(const struct connection *link)
{
	return link->contact->is_talking && client_state_has_tree(&link->contact->conversation);
}

const char *connection_step(const struct connection *link)
{
	return link->stream != NULL ? client_state_step(&link->contact->conversation) : link->step;
}

void connection_close(struct connection *link)
{
	if (link == NULL)
		return;
	connection_hang_up(link);
	authentication_free(link->authentication);
	idle_connection_free(link->contact);
	free(link);
}

void connection_release(struct connection *link)
{
	struct idle_connection *contact = link->contact;

	if (idle_connection_has_owner(contact) && client_state_is_idle(&contact->conversation)) {
		contact->socket = net_stream_release(link->stream);
		link->stream = NULL;
	}
	if (contact->socket >= 0) {
		connection_pool_put(contact);
		link->contact = NULL;
	}
	connection_hang_up(link);
	authentication_free(link->authentication);
	idle_connection_free(link->contact);
	free(link);
}
