/* SPDX-License-Identifier: MIT */
#include "daemon/local_endpoint.h"

#include <stdlib.h>
#include "daemon/account_usage.h"
#include "daemon/counters.h"
#include "daemon/local_identity.h"
#include "daemon/local_interface.h"
#include "daemon/privileged_users.h"
#include "net/endpoint.h"
#include "net/stream.h"
#include "system/log.h"

#define STEP "local endpoint"

#define SPACE_BYTES 65536 /* read at once */

/* Everybody may connect: what they may do is the policy's business. */
#define SOCKET_MODE 0666

struct local_connection {
	struct net_connection connection;
	struct local_endpoint *endpoint;
	int socket;                           /* until the caller is identified; then -1 */
	struct local_identity_lookup *lookup; /* the first one, or one after a reload */
	struct identity *identity;
	struct account_usage *usage; /* held */
	struct srvsvc_caller caller;
	struct rpc_server *rpc;
	size_t held_bytes; /* as the service counts them */
	struct net_stream *stream;
	bool wants_turn; /* calls were left over when the turn ended */
	struct refresh_wait wait;
	bool is_refreshed; /* the session table is, for the calls of this turn */
};

struct local_endpoint {
	struct net_loop *loop;
	struct srvsvc_server *service;
	struct refresh *refresh;
	struct net_endpoint *connections;
	struct privileged_users privileged; /* those who may list sessions */
	struct log_limit limit;
	uint8_t space[SPACE_BYTES];
};

static const struct rpc_interface *const interfaces[] = { &srvsvc_interface, &local_interface };

static const struct rpc_endpoint endpoint = {
	.interfaces = interfaces,
	.interface_count = sizeof interfaces / sizeof *interfaces,
	.secondary_address = "",
	.max_request_bytes = 65536,
};

static int64_t local_endpoint_now_ms(const struct local_endpoint *e)
{
	return e->service->now_ms(e->service->context);
}

/* ---- one connection ---- */

static void local_connection_free(struct local_connection *c)
{
	struct local_endpoint *e = c->endpoint;

	refresh_cancel_wait(e->refresh, &c->wait);
	local_identity_cancel(c->lookup);
	net_connection_remove(&c->connection);
	net_stream_finish(c->stream);
	if (c->socket >= 0)
		net_socket_hang_up(c->socket);
	srvsvc_caller_abandon(&c->caller);
	srvsvc_count_held(e->service, c->caller.account, &c->held_bytes, 0);
	rpc_server_free(c->rpc);
	account_usage_release(c->usage);
	identity_release(c->identity);
	free(c);
	counters_sub(COUNTER_LOCAL_CONNECTIONS_NOW, 1);
}

/* Closes the connection, and logs the reason. */
static void local_connection_close(struct local_connection *c, enum log_level level,
                                   const char *reason)
{
	log_write_fields_limited(&c->endpoint->limit, local_endpoint_now_ms(c->endpoint), level,
	                         &(struct log_fields){ .message = LOG_MESSAGE_CONNECTION_CLOSED,
	                                               .client = c->connection.peer.text },
	                         "local connection from %s closed: %s", c->connection.peer.text,
	                         reason);
	local_connection_free(c);
}

static bool local_connection_has_turn(struct local_connection *c)
{
	if (c->lookup != NULL)
		return false;
	if (net_connection_turn_is_over(&c->connection)) {
		c->wants_turn = true;
		return false;
	}
	return c->caller.enumeration != NULL || c->is_refreshed ||
	       !srvsvc_may_list_sessions(c->endpoint->service, c->identity) ||
	       refresh_ready_or_wait(c->endpoint->refresh, &c->wait);
}

/* Runs the calls that wait, unless they have to wait for a turn or for a refresh. */
static void local_connection_run_calls(struct local_connection *c)
{
	struct rpc_server_event event;

	while (rpc_server_next(c->rpc, &event) == RPC_SERVER_CALL && local_connection_has_turn(c))
		(void)rpc_server_run_call(c->rpc, &event, &c->caller);
}

/* False: out of memory. */
static bool local_connection_send_pending(struct local_connection *c)
{
	struct wire_writer out = { 0 };
	bool is_good = true;
	size_t left;

	while (is_good && net_stream_unsent(c->stream) == 0 && rpc_server_pending(c->rpc) > 0) {
		wire_writer_clear(&out);
		(void)rpc_server_read(c->rpc, &out, SPACE_BYTES, &left);
		local_connection_run_calls(c);
		counters_add(COUNTER_LOCAL_BYTES_OUT, out.len);
		is_good = !out.failed && net_stream_send(c->stream, out.data, out.len);
	}
	wire_writer_fini(&out);
	srvsvc_count_held(c->endpoint->service, c->caller.account, &c->held_bytes,
	                  rpc_server_held_bytes(c->rpc));
	return is_good;
}

/* Sends the answers that are ready, as fast as the caller reads them. While answers are unsent or
 * calls wait, nothing more is read from the caller. */
static void local_connection_send_answers(struct local_connection *c)
{
	bool is_over;

	if (!local_connection_send_pending(c)) {
		local_connection_close(c, LOG_LEVEL_ERROR, "out of memory");
		return;
	}
	is_over = rpc_server_is_over(c->rpc);
	if (net_stream_unsent(c->stream) > 0) {
		net_stream_pause(c->stream);
	} else if (is_over) {
		local_connection_close(c, LOG_LEVEL_WARNING, rpc_server_end_reason(c->rpc));
	} else if (c->wants_turn) {
		net_stream_pause(c->stream);
		net_connection_await_turn(&c->connection);
	} else if (c->wait.is_waiting || c->lookup != NULL) {
		net_stream_pause(c->stream);
	} else if (net_endpoint_is_draining(c->endpoint->connections)) {
		local_connection_close(c, LOG_LEVEL_DEBUG, "netsessiond is stopping");
	} else {
		net_stream_resume(c->stream);
	}
}

/* False: the connection waits for its turn. */
static bool local_connection_begin_turn(struct local_connection *c)
{
	bool has_turn = net_connection_begin_turn(&c->connection);

	if (!has_turn)
		net_stream_pause(c->stream);
	return has_turn;
}

static void local_connection_take_turn(struct local_connection *c)
{
	if (!local_connection_begin_turn(c))
		return;
	c->wants_turn = false;
	net_connection_touch(&c->connection);
	local_connection_run_calls(c);
	c->is_refreshed = false;
	local_connection_send_answers(c);
}

static void local_connection_on_refreshed(void *context)
{
	struct local_connection *c = context;

	c->is_refreshed = true;
	local_connection_take_turn(c);
}

static uint8_t *local_connection_on_space(void *context, size_t *room)
{
	struct local_connection *c = context;

	*room = sizeof c->endpoint->space;
	return c->endpoint->space;
}

static void local_connection_on_received(void *context, size_t bytes)
{
	struct local_connection *c = context;
	bool has_turn = local_connection_begin_turn(c);
	bool is_good = rpc_server_feed(c->rpc, c->endpoint->space, bytes);

	if (has_turn)
		local_connection_run_calls(c);
	net_connection_touch(&c->connection);
	counters_add(COUNTER_LOCAL_BYTES_IN, bytes);
	if (!is_good || rpc_server_is_over(c->rpc))
		counters_add(COUNTER_LOCAL_MALFORMED, 1);
	if (is_good && has_turn)
		local_connection_send_answers(c);
	else if (!is_good)
		local_connection_close(c, LOG_LEVEL_WARNING, rpc_server_end_reason(c->rpc));
}

static void local_connection_on_drained(void *context)
{
	struct local_connection *c = context;

	net_connection_touch(&c->connection);
	if (local_connection_begin_turn(c))
		local_connection_send_answers(c);
}

static void local_connection_on_stream_end(void *context, const struct err *err)
{
	local_connection_close(context, LOG_LEVEL_DEBUG, err_text(err));
}

/* The caller is known. Takes identity. */
static void local_connection_set_identity(struct local_connection *c, struct identity *identity)
{
	identity_release(c->identity);
	c->identity = identity;
	c->caller.identity = identity;
	privileged_users_set(&c->endpoint->privileged, c->connection.peer.uid,
	                     srvsvc_may_list_sessions(c->endpoint->service, identity));
}

/* The user may have been deleted meanwhile, or belong to other groups. */
static void local_connection_on_new_identity(void *context, struct identity *identity)
{
	struct local_connection *c = context;

	c->lookup = NULL;
	if (identity == NULL) {
		local_connection_close(c, LOG_LEVEL_ERROR, "out of memory");
		return;
	}
	local_connection_set_identity(c, identity);
	local_connection_take_turn(c);
}

/* Looks the caller up again. Its calls wait until then. May close the connection. */
static void local_connection_renew_identity(struct net_connection *connection, void *unused)
{
	struct local_connection *c = connection->context;

	(void)unused;
	if (c->rpc == NULL)
		return; /* the first look-up is under way */
	local_identity_cancel(c->lookup);
	c->lookup = local_identity_start(c->endpoint->loop, c->connection.peer.uid,
	                                 local_connection_on_new_identity, c);
	if (c->lookup == NULL)
		local_connection_close(c, LOG_LEVEL_ERROR, "out of memory");
}

/* From here on, the caller is known, and what it sends is read. */
static void local_connection_on_identity(void *context, struct identity *identity)
{
	static const struct net_stream_handler handler = { local_connection_on_space,
		                                           local_connection_on_received,
		                                           local_connection_on_stream_end,
		                                           local_connection_on_drained };
	struct local_connection *c = context;
	int socket = c->socket;

	c->lookup = NULL;
	c->caller = (struct srvsvc_caller){ .service = c->endpoint->service,
		                            .address = "local",
		                            .endpoint = "local" };
	if (identity != NULL) {
		local_connection_set_identity(c, identity);
		c->usage = account_usage_hold(identity);
	}
	if (c->usage != NULL) {
		c->caller.account = &c->usage->memory;
		net_connection_set_turn_group(&c->connection, &c->usage->turns);
		c->rpc = rpc_server_new(&endpoint);
	}
	if (c->rpc != NULL) {
		net_connection_set_open(&c->connection, true);
		c->socket = -1;
		c->stream = net_stream_new(c->endpoint->loop, socket, &handler, c);
	}
	if (c->stream == NULL)
		local_connection_close(c, LOG_LEVEL_ERROR, "out of memory");
}

/* ---- the endpoint ---- */

static void local_endpoint_refuse(struct local_endpoint *e, const struct net_peer *peer,
                                  enum log_level level, const char *reason)
{
	counters_add(COUNTER_LOCAL_REFUSED, 1);
	log_write_limited(&e->limit, local_endpoint_now_ms(e), level,
	                  "local connection from %s refused: %s", peer->text, reason);
}

static void local_endpoint_on_accepted(void *context, int socket, const struct net_peer *peer)
{
	struct local_endpoint *e = context;
	struct local_connection *c = calloc(1, sizeof *c);

	counters_add(COUNTER_LOCAL_CONNECTIONS, 1);
	if (c == NULL) {
		net_socket_hang_up(socket);
		local_endpoint_refuse(e, peer, LOG_LEVEL_ERROR, "out of memory");
		return;
	}
	*c = (struct local_connection){ .connection.context = c,
		                        .endpoint = e,
		                        .socket = socket,
		                        .wait = { .over = local_connection_on_refreshed,
		                                  .context = c } };
	net_connection_add(e->connections, &c->connection, peer);
	counters_add(COUNTER_LOCAL_CONNECTIONS_NOW, 1);
	c->lookup = local_identity_start(e->loop, peer->uid, local_connection_on_identity, c);
	if (c->lookup == NULL)
		local_connection_close(c, LOG_LEVEL_ERROR, "out of memory");
}

static void local_endpoint_on_refused(void *context, const struct net_peer *peer,
                                      const char *reason)
{
	counters_add(COUNTER_LOCAL_CONNECTIONS, 1);
	local_endpoint_refuse(context, peer, LOG_LEVEL_WARNING, reason);
}

static void local_endpoint_on_close(struct net_connection *connection, enum net_close_reason reason)
{
	struct local_connection *c = connection->context;

	switch (reason) {
	case NET_CLOSE_TIMEOUT:
		counters_add(COUNTER_LOCAL_TIMED_OUT, 1);
		local_connection_close(c, LOG_LEVEL_NOTICE, "idle for [server] idle_timeout_s");
		break;
	case NET_CLOSE_EVICTED:
		local_connection_close(c, LOG_LEVEL_WARNING,
		                       "the endpoint is full; another user gets its place");
		break;
	case NET_CLOSE_END:
		local_connection_close(c, LOG_LEVEL_NOTICE, "netsessiond is stopping");
		break;
	}
}

static void local_endpoint_on_drain(struct net_connection *connection)
{
	struct local_connection *c = connection->context;

	if (c->stream == NULL ||
	    (net_stream_unsent(c->stream) == 0 && !c->wait.is_waiting && !c->wants_turn &&
	     !net_connection_awaits_turn(&c->connection) && c->lookup == NULL))
		local_connection_close(c, LOG_LEVEL_DEBUG, "netsessiond is stopping");
}

static void local_endpoint_on_turn(struct net_connection *connection)
{
	local_connection_take_turn(connection->context);
}

static bool local_endpoint_is_privileged(void *context, const struct net_peer *peer)
{
	const struct local_endpoint *e = context;

	return privileged_users_has(&e->privileged, peer->uid);
}

static struct net_endpoint_settings
local_endpoint_list_settings(const struct local_endpoint_settings *settings)
{
	uint32_t timeout_ms = settings->idle_timeout_s * 1000;

	return (struct net_endpoint_settings){ .bounds.max_connections = settings->max_connections,
		                               .bounds.max_of_source =
		                                       settings->max_connections / 4 + 1,
		                               .bounds.reserved = settings->max_connections / 8,
		                               .open_timeout_ms = timeout_ms,
		                               .idle_timeout_ms = timeout_ms };
}

struct local_endpoint *local_endpoint_new(struct net_loop *loop, struct srvsvc_server *service,
                                          struct refresh *refresh,
                                          const struct local_endpoint_settings *settings,
                                          struct err *err)
{
	static const struct net_endpoint_handler handler = {
		.accepted = local_endpoint_on_accepted,
		.refused = local_endpoint_on_refused,
		.close = local_endpoint_on_close,
		.drain = local_endpoint_on_drain,
		.turn = local_endpoint_on_turn,
		.is_privileged = local_endpoint_is_privileged,
	};
	const struct net_endpoint_settings list_settings = local_endpoint_list_settings(settings);
	struct local_endpoint *e = calloc(1, sizeof *e);

	if (e != NULL) {
		e->loop = loop;
		e->service = service;
		e->refresh = refresh;
		e->limit.name = "local endpoint";
		e->connections = net_endpoint_new(loop, &handler, e, &list_settings);
	}
	if (e == NULL || e->connections == NULL) {
		if (settings->socket >= 0)
			net_socket_forget(settings->socket);
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
		free(e);
		return NULL;
	}
	if (settings->socket >= 0
	            ? net_endpoint_listen(e->connections, settings->socket, err)
	            : net_endpoint_listen_local(e->connections, settings->path, SOCKET_MODE, err))
		return e;
	local_endpoint_free(e);
	return NULL;
}

void local_endpoint_configure(struct local_endpoint *e,
                              const struct local_endpoint_settings *settings)
{
	const struct net_endpoint_settings list_settings = local_endpoint_list_settings(settings);

	e->privileged = (struct privileged_users){ 0 }; /* the access policy may be another one */
	net_endpoint_configure(e->connections, &list_settings);
	net_endpoint_visit(e->connections, local_connection_renew_identity, NULL);
}

void local_endpoint_drain(struct local_endpoint *e)
{
	net_endpoint_drain(e->connections);
}

unsigned local_endpoint_connections(const struct local_endpoint *e)
{
	return net_endpoint_count(e->connections);
}

void local_endpoint_free(struct local_endpoint *e)
{
	if (e == NULL)
		return;
	net_endpoint_free(e->connections);
	log_limit_flush(&e->limit);
	free(e);
}
