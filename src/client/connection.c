/* SPDX-License-Identifier: MIT */
#include "client/connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "client/authentication.h"
#include "client/connection_pool.h"
#include "client/environment.h"
#include "client/log_on_failure.h"
#include "client/proxy.h"
#include "client/resolve.h"
#include "net/socks.h"
#include "net/stream.h"

/* How long a session that expires again at once waits for its next log-on. */
#define RENEWAL_DELAY_MS 1100

struct connection {
	struct net_loop *loop;
	const struct connection_handler *handler;
	void *context;
	struct connection_key key;
	struct client_state *state;   /* NULL: no connection was begun yet */
	struct net_addresses untried; /* of the server: no connection was made to them */
	const char *step;             /* before the state machine runs: static text */
	struct err err;
	struct clock_reading clocks; /* taken when NEGOTIATE was answered */
	struct err log_on_err;       /* of a log-on that failed before that, by the clocks */

	/* What is under way; NULL: nothing of that kind. */
	struct ticket_lookup *tickets;
	struct resolve *resolve;
	struct net_dial *dial;
	struct net_socks *socks;
	struct net_stream *stream;
	struct net_timer *renewal; /* of a session that has expired twice */
	struct authentication *authentication;
	bool was_idle;   /* it is out of the pool, and the server has answered nothing since: see
	                  * connection_set_failed */
	bool is_probing; /* the connection asks for SMB1 only: see connection_on_ended */
	bool is_ending;  /* the failure is reported after the step of the log-on */
};

static void connection_dial(struct connection *c);
static void connection_dial_addresses(struct connection *c, const struct net_addresses *addresses);
static void connection_pump(struct connection *c);
static void connection_begin_renewal(struct connection *c);

/* Ends all that is under way on the network. */
static void connection_hang_up(struct connection *c)
{
	ticket_lookup_cancel(c->tickets);
	resolve_cancel(c->resolve);
	net_dial_cancel(c->dial);
	net_socks_cancel(c->socks);
	net_stream_close(c->stream);
	net_timer_stop(c->renewal);
	c->renewal = NULL;
	c->tickets = NULL;
	c->resolve = NULL;
	c->dial = NULL;
	c->socks = NULL;
	c->stream = NULL;
}

/* Reports the failure, after a step of the log-on that is under way: GSSAPI does not survive a
 * program that exits while it works. */
static void connection_end(struct connection *c)
{
	connection_hang_up(c);
	if (c->authentication != NULL && authentication_is_busy(c->authentication))
		c->is_ending = true;
	else
		c->handler->failed(c->context, &c->err);
}

/* The log-on is what failed, whichever side found that out. */
static bool connection_is_log_on_failure(const struct connection *c, const struct err *err)
{
	return c->authentication != NULL && !authentication_is_busy(c->authentication) &&
	       err->step != NULL && strcmp(err->step, AUTH_INITIATOR_STEP) == 0;
}

static void connection_set_failed(struct connection *c, const struct err *err)
{
	struct err explained = *err;

	if (c->was_idle) { /* the server has closed the idle connection meanwhile: a new one
		            * replaces it */
		c->was_idle = false;
		connection_hang_up(c);
		connection_dial(c);
		return;
	}
	/* The probe is for one answer only: otherwise the failure that caused it stands. */
	if (connection_is_log_on_failure(c, err))
		log_on_failure_explain(authentication_hints(c->authentication), &c->clocks,
		                       &explained);
	if (c->err.status == NERR_Success || err->status == ERROR_SMB1_NOT_AVAILABLE)
		c->err = explained;
	connection_end(c);
}

static void connection_fail_memory(struct connection *c)
{
	struct err err = { 0 };

	err_set(&err, ERROR_NOT_ENOUGH_MEMORY, connection_step(c), NULL);
	connection_set_failed(c, &err);
}

/* ---- events of the state machine ---- */

/* The call goes on as the user who began it. False: the failure was reported. */
static bool connection_accept_principal(struct connection *c,
                                        const struct authentication_result *result)
{
	struct err err = { 0 };

	if (!client_state_is_renewing(c->state) ||
	    strcmp(c->key.principal, result->principal) == 0) {
		memcpy(c->key.principal, result->principal, sizeof result->principal);
		return true;
	}
	err_set(&err, ERROR_NO_SUCH_LOGON_SESSION, connection_step(c),
	        "the session has expired, and the Kerberos tickets are those of another user now");
	connection_set_failed(c, &err);
	return false;
}

static void connection_on_stepped(void *context, const struct authentication_result *result)
{
	struct connection *c = context;

	if (c->is_ending) {
		c->handler->failed(c->context, &c->err);
		return;
	}
	if (c->is_probing)
		return; /* the log-on that it belonged to is over */
	if (result->progress == AUTH_FAILED) {
		/* The server's clock comes with the answer to NEGOTIATE. */
		if (authentication_hints(c->authentication)->compared_times &&
		    client_state_negotiated(c->state) == NULL)
			c->log_on_err = result->err;
		else
			connection_set_failed(c, &result->err);
		return;
	}
	if (result->progress == AUTH_COMPLETE && !connection_accept_principal(c, result))
		return;
	client_state_take_token(c->state, result->token, result->token_bytes,
	                        result->progress == AUTH_COMPLETE ? &result->key : NULL);
	connection_pump(c);
}

static bool connection_answer_challenge(struct connection *c)
{
	const struct wire_writer *challenge = &c->state->challenge;

	return authentication_step(c->authentication, challenge->data, challenge->len);
}

static bool connection_flush(struct connection *c)
{
	struct wire_writer *out = client_state_out(c->state);
	bool sent = out->len == 0 || net_stream_send(c->stream, out->data, out->len);

	wire_writer_clear(out);
	return sent;
}

/* READs are in flight that would take the bytes of the next answer: a new connection has none. */
static bool connection_is_spent(const struct connection *c)
{
	return c->state->err.status == NERR_Success && client_state_is_spent(c->state);
}

/* True: NEGOTIATE is answered. */
static bool connection_read_clocks(struct connection *c)
{
	const struct smb2_negotiate_response *negotiated = client_state_negotiated(c->state);

	if (negotiated != NULL && !clock_reading_is_known(&c->clocks))
		c->clocks = clock_reading_take(negotiated->system_time);
	return negotiated != NULL;
}

/* There is no SMB server for this client at the address: a load balancer, say, the node of a
 * cluster that does not serve now, or a server that allows another address of this computer. Dials
 * the addresses that are left. False: none is left. */
static bool connection_pass_over_address(struct connection *c)
{
	if (c->untried.count == 0)
		return false;
	connection_hang_up(c);
	authentication_free(c->authentication);
	c->authentication = NULL;
	c->log_on_err = (struct err){ 0 }; /* of the address that is passed over */
	connection_dial_addresses(c, &c->untried);
	return true;
}

/* The server sent a negative session response, RFC 1002 4.3.4, and nothing else. */
static bool connection_is_refused(const struct connection *c)
{
	NET_API_STATUS status = c->state->err.status;

	return client_state_received_nothing(c->state) && !c->is_probing &&
	       (status == ERROR_REM_NOT_LIST || status == ERROR_REQ_NOT_ACCEP ||
	        status == ERROR_BAD_NETPATH);
}

/* Handles events of the state machine until it has to wait. */
static void connection_pump(struct connection *c)
{
	for (;;) {
		enum client_event event = client_state_next(c->state);

		if (!connection_flush(c)) {
			connection_fail_memory(c);
			return;
		}
		if (connection_read_clocks(c) && c->log_on_err.status != NERR_Success) {
			connection_set_failed(c, &c->log_on_err);
			return;
		}
		switch (event) {
		case CLIENT_EVENT_READ:
			return;
		case CLIENT_EVENT_TOKEN:
			if (!connection_answer_challenge(c))
				connection_fail_memory(c);
			return;
		case CLIENT_EVENT_EXPIRED:
			c->was_idle = false;
			connection_begin_renewal(c);
			return;
		case CLIENT_EVENT_LOGGED_ON:
			if (c->handler->logged_on != NULL)
				c->handler->logged_on(c->context);
			break;
		case CLIENT_EVENT_READY:
			if (!c->handler->ready(c->context))
				return;
			break;
		case CLIENT_EVENT_ROWS:
			c->was_idle = false;
			if (!c->handler->rows(c->context))
				return;
			break;
		case CLIENT_EVENT_ANSWER:
			c->was_idle = false;
			if (!c->handler->answered(c->context))
				return;
			if (connection_is_spent(c)) {
				connection_hang_up(c);
				connection_dial(c);
				return;
			}
			break;
		case CLIENT_EVENT_FAILED:
			if (!connection_is_refused(c) || !connection_pass_over_address(c))
				connection_set_failed(c, &c->state->err);
			return;
		}
	}
}

/* ---- the network ---- */

static uint8_t *connection_on_space(void *context, size_t *room)
{
	struct connection *c = context;

	return client_state_space(c->state, room);
}

static void connection_on_received(void *context, size_t bytes)
{
	struct connection *c = context;

	client_state_received(c->state, bytes);
	if (!c->state->is_challenged) /* else connection_on_stepped goes on */
		connection_pump(c);
}

static void connection_on_ended(void *context, const struct err *err)
{
	struct connection *c = context;
	bool has_no_answer = client_state_received_nothing(c->state) && !c->is_probing &&
	                     err->status == ERROR_NETNAME_DELETED;
	struct err where = *err;

	client_state_explain_end(c->state, &where);
	if (has_no_answer && connection_pass_over_address(c))
		return;
	if (has_no_answer) {
		/* No reply to NEGOTIATE: a server that supports SMB1 only does that. */
		c->err = where;
		c->is_probing = true;
		connection_hang_up(c);
		connection_dial(c);
	} else {
		connection_set_failed(c, &where);
	}
}

/* Takes socket. */
static bool connection_use_socket(struct connection *c, int socket)
{
	static const struct net_stream_handler handler = { connection_on_space,
		                                           connection_on_received,
		                                           connection_on_ended, NULL };

	c->stream = c->was_idle ? net_stream_new_alone(c->loop, socket, &handler, c)
	                        : net_stream_new(c->loop, socket, &handler, c);
	return c->stream != NULL;
}

/* The first token is made while NEGOTIATE is in flight. */
static bool connection_begin_log_on(struct connection *c)
{
	const struct connection_key *key = &c->key;

	authentication_free(c->authentication);
	c->authentication = authentication_new(c->loop, key->credentials, key->authentication,
	                                       key->server.host, connection_on_stepped, c);
	return c->authentication != NULL && authentication_step(c->authentication, NULL, 0);
}

static void connection_on_renewal_due(void *context)
{
	struct connection *c = context;

	net_timer_stop(c->renewal);
	c->renewal = NULL;
	if (!connection_begin_log_on(c))
		connection_fail_memory(c);
}

/* Authenticates an expired session again. A ticket is good here until its last second is over, and
 * there until that second begins: RFC 4120 counts in seconds. */
static void connection_begin_renewal(struct connection *c)
{
	if (!net_stream_share_loop(c->stream)) {
		connection_fail_memory(c);
		return;
	}
	if (client_state_has_expired_again(c->state))
		c->renewal = net_timer_start(c->loop, RENEWAL_DELAY_MS, connection_on_renewal_due,
		                             c);
	if (c->renewal == NULL && !connection_begin_log_on(c))
		connection_fail_memory(c);
}

/* Begins the state machine, again where there was one. */
static bool connection_begin_state(struct connection *c)
{
	const struct connection_key *key = &c->key;

	connection_state_free(c->state);
	c->state = malloc(sizeof *c->state);
	if (c->state == NULL)
		return false;
	if (key->local != NULL) {
		client_state_init_local(c->state, key->interface);
		return true;
	}
	client_state_init(c->state, key->server.host,
	                  c->is_probing ? CLIENT_PROBE_SMB1 : CLIENT_OPEN_SMB2);
	if (key->server.port == NETBIOS_SESSION_PORT)
		client_state_begin_netbios(c->state);
	c->state->must_encrypt = key->must_encrypt;
	c->state->is_anonymous = key->credentials != NULL && key->credentials->is_anonymous;
	return true;
}

static void connection_on_dialed(void *context, int socket, const struct err *err)
{
	struct connection *c = context;
	bool logs_on = c->key.local == NULL && !c->is_probing;

	c->dial = NULL;
	c->socks = NULL;
	if (socket < 0) {
		connection_set_failed(c, err);
		return;
	}
	net_addresses_remove_peer(&c->untried, socket);
	if (!connection_use_socket(c, socket) || !connection_begin_state(c) ||
	    (logs_on && !connection_begin_log_on(c)))
		connection_fail_memory(c);
	else
		connection_pump(c);
}

static void connection_dial_addresses(struct connection *c, const struct net_addresses *addresses)
{
	c->dial = net_dial_start(c->loop, addresses, connection_on_dialed, c);
	if (c->dial == NULL)
		connection_fail_memory(c);
}

static void connection_on_found(void *context, const struct net_addresses *addresses,
                                const struct err *err)
{
	struct connection *c = context;

	c->resolve = NULL;
	if (addresses->count == 0) {
		connection_set_failed(c, err);
		return;
	}
	c->step = "connect";
	c->untried = *addresses;
	connection_dial_addresses(c, addresses);
}

static void connection_dial_local(struct connection *c)
{
	struct sockaddr_un address;
	struct err err = { 0 };

	c->step = "connect";
	if (!net_address_local(c->key.local, &address)) {
		err_set(&err, ERROR_INVALID_PARAMETER, c->step,
		        "the path in NETSESSION_SOCKET is too long for a socket");
		connection_set_failed(c, &err);
		return;
	}
	c->dial = net_dial_start_local(c->loop, &address, connection_on_dialed, c);
	if (c->dial == NULL)
		connection_fail_memory(c);
}

/* ---- by way of a proxy ---- */

static void connection_on_proxy_found(void *context, const struct net_addresses *addresses,
                                      const struct err *err)
{
	struct connection *c = context;
	struct err failure = { 0 };

	c->resolve = NULL;
	if (addresses->count == 0) {
		err_set(&failure, err->status, NET_SOCKS_STEP, err_text(err));
		connection_set_failed(c, &failure);
		return;
	}
	c->socks = net_socks_start(c->loop, addresses, server_name_target(&c->key.server),
	                           c->key.server.port, connection_on_dialed, c);
	if (c->socks == NULL)
		connection_fail_memory(c);
}

/* The name of the server is the proxy's to look up. */
static void connection_dial_proxy(struct connection *c, const char *text)
{
	struct server_name proxy;
	struct err err = { 0 };

	c->step = NET_SOCKS_STEP;
	if (!proxy_parse(text, &proxy, &err)) {
		connection_set_failed(c, &err);
		return;
	}
	c->resolve = resolve_start(c->loop, server_name_target(&proxy), proxy.port,
	                           RESOLVE_NO_NETBIOS, connection_on_proxy_found, c);
	if (c->resolve == NULL)
		connection_fail_memory(c);
}

static void connection_dial(struct connection *c)
{
	const struct connection_key *key = &c->key;

	if (key->local != NULL) {
		connection_dial_local(c);
		return;
	}
	if (environment_proxy() != NULL) {
		connection_dial_proxy(c, environment_proxy());
		return;
	}
	c->step = "resolve";
	c->resolve = resolve_start(c->loop, server_name_target(&key->server), key->server.port,
	                           key->wins, connection_on_found, c);
	if (c->resolve == NULL)
		connection_fail_memory(c);
}

/* ---- beginning and end ---- */

struct connection *connection_new(struct net_loop *loop, const struct connection_key *key,
                                  const struct connection_handler *handler, void *context)
{
	struct connection *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	c->loop = loop;
	c->handler = handler;
	c->context = context;
	c->step = "connect";
	if (!connection_key_copy(&c->key, key)) {
		free(c);
		return NULL;
	}
	return c;
}

/* Uses an idle connection, or else makes a new one. */
static void connection_begin(struct connection *c)
{
	int socket = connection_pool_take(&c->key, &c->state);

	if (socket < 0) {
		connection_dial(c);
		return;
	}
	c->was_idle = true;
	if (!connection_use_socket(c, socket))
		connection_fail_memory(c);
	else
		connection_pump(c);
}

static void connection_on_principal(void *context, const char *principal)
{
	struct connection *c = context;

	c->tickets = NULL;
	snprintf(c->key.principal, sizeof c->key.principal, "%s", principal);
	connection_begin(c);
}

void connection_open(struct connection *c)
{
	const struct connection_key *key = &c->key;

	if (key->local != NULL || key->credentials != NULL || !connection_pool_has_tickets(key)) {
		connection_begin(c);
		return;
	}
	c->tickets = ticket_lookup_start(c->loop, connection_on_principal, c);
	if (c->tickets == NULL)
		connection_fail_memory(c);
}

struct client_state *connection_state(struct connection *c)
{
	return c->state;
}

bool connection_has_tree(const struct connection *c)
{
	return c->state != NULL && client_state_has_tree(c->state);
}

const char *connection_step(const struct connection *c)
{
	return c->stream != NULL && c->state != NULL ? client_state_step(c->state) : c->step;
}

void connection_close(struct connection *c)
{
	if (c == NULL)
		return;
	connection_hang_up(c);
	authentication_free(c->authentication);
	connection_state_free(c->state);
	connection_key_fini(&c->key);
	free(c);
}

void connection_release(struct connection *c)
{
	int socket = -1;

	if (connection_key_has_owner(&c->key) && client_state_is_idle(c->state)) {
		socket = net_stream_release(c->stream);
		c->stream = NULL;
	}
	if (socket >= 0) {
		connection_pool_put(&c->key, c->state, socket);
		c->state = NULL;
	}
	connection_close(c);
}
