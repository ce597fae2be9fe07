/* SPDX-License-Identifier: MIT */
#include "daemon/local_endpoint.h"

#include <stdlib.h>
#include "net/stream.h"
#include "daemon/counters.h"
#include "daemon/local_identity.h"
#include "daemon/local_interface.h"
#include "daemon/local_socket.h"

#define DOING "local service"

#define SPACE_BYTES 65536 /* read at once */

#define MAX_TURN_MS 20 /* of a caller, after which no call is begun: others come in between */

/* Everybody may connect: what they may do is the policy's business. */
#define SOCKET_MODE 0666

/* A connection is closed when nothing happened on it for so many looks. */
#define LOCAL_IDLE_CHECKS 4

struct local_connection {
	struct local_endpoint *endpoint;
	struct local_connection *before, *next;
	uid_t uid;
	int socket; /* until it is known who that is; then -1 */
	struct local_identity_lookup *lookup;
	struct identity *who;
	struct srvsvc_caller as;
	struct rpc_server *rpc;
	size_t held_bytes; /* as the service counts them */
	struct net_stream *stream;
	unsigned looks; /* since something happened */
	int64_t turn_began_ms;
	bool wants_turn;        /* to make the calls that were left */
	struct net_timer *turn; /* the next one */
	struct refresh_wait wait;
	bool is_refreshed; /* the table is, for the calls of this turn: they have waited */
};

struct local_endpoint {
	struct net_loop *loop;
	struct srvsvc_server *service;
	struct refresh *refresh;
	struct local_socket at;
	unsigned max_connections, count;
	bool is_full; /* the listener is paused */
	uint32_t idle_timeout_s;
	struct net_timer *look;
	struct local_connection *callers;
	uint8_t space[SPACE_BYTES];
};

static const struct rpc_interface *const interfaces[] = { &srvsvc_interface, &local_interface };

static const struct rpc_endpoint endpoint = {
	.interfaces = interfaces,
	.interface_count = sizeof interfaces / sizeof *interfaces,
	.secondary_address = "",
	.max_request_bytes = 65536,
};

/* At the bound the next ones wait in the kernel's queue. */
static void local_endpoint_update_bound(struct local_endpoint *d)
{
	bool is_full = d->count >= d->max_connections;

	if (d->at.listener != NULL && is_full && !d->is_full)
		net_listener_pause(d->at.listener);
	if (d->at.listener != NULL && !is_full && d->is_full)
		net_listener_resume(d->at.listener);
	d->is_full = is_full;
}

/* ---- a caller ---- */

static void local_connection_close(struct local_connection *c)
{
	struct local_endpoint *d = c->endpoint;

	refresh_cancel_wait(d->refresh, &c->wait);
	local_identity_cancel(c->lookup);
	net_timer_stop(c->turn);
	net_stream_finish(c->stream);
	if (c->socket >= 0)
		net_socket_hang_up(c->socket);
	srvsvc_count_held(d->service, &c->held_bytes, 0);
	rpc_server_free(c->rpc);
	identity_release(c->who);
	if (c->before != NULL)
		c->before->next = c->next;
	else
		d->callers = c->next;
	if (c->next != NULL)
		c->next->before = c->before;
	free(c);
	d->count--;
	counters_sub(COUNTER_LOCAL_CONNECTIONS_NOW, 1);
	local_endpoint_update_bound(d);
}

static void local_connection_begin_turn(struct local_connection *c)
{
	struct srvsvc_server *service = c->endpoint->service;

	c->turn_began_ms = service->now_ms(service->context);
}

static bool local_connection_has_turn(void *context)
{
	struct local_connection *c = context;
	struct srvsvc_server *service = c->endpoint->service;

	if (service->now_ms(service->context) - c->turn_began_ms <= MAX_TURN_MS)
		return c->is_refreshed || !srvsvc_may_list_sessions(service, c->who) ||
		       refresh_ready_or_wait(c->endpoint->refresh, &c->wait);
	c->wants_turn = true;
	return false;
}

static void local_connection_on_turn(void *context);

static void local_connection_await_turn(struct local_connection *c)
{
	if (c->turn == NULL)
		c->turn = net_timer_start(c->endpoint->loop, 0, local_connection_on_turn, c);
	if (c->turn != NULL)
		net_stream_pause(c->stream);
	else
		local_connection_close(c);
}

/* Sends what there is of answers, as fast as they are read. While some of it waits, nothing is read
 * from who does not read. */
static void local_connection_send_answers(struct local_connection *c)
{
	struct wire_writer out = { 0 };
	bool is_good = true, is_last;
	size_t left;

	while (is_good && net_stream_unsent(c->stream) == 0 && rpc_server_pending(c->rpc) > 0) {
		wire_writer_clear(&out);
		(void)rpc_server_read(c->rpc, &out, SPACE_BYTES, &left);
		counters_add(COUNTER_LOCAL_BYTES_OUT, out.len);
		is_good = !out.failed && net_stream_send(c->stream, out.data, out.len);
	}
	wire_writer_fini(&out);
	srvsvc_count_held(c->endpoint->service, &c->held_bytes, rpc_server_held_bytes(c->rpc));
	is_last = c->endpoint->at.listener == NULL || rpc_server_is_over(c->rpc);
	if (is_good && net_stream_unsent(c->stream) > 0)
		net_stream_pause(c->stream);
	else if (is_good && c->wants_turn && !rpc_server_is_over(c->rpc))
		local_connection_await_turn(c);
	else if (is_good && c->wait.is_waiting && !rpc_server_is_over(c->rpc))
		net_stream_pause(c->stream);
	else if (is_good && !is_last)
		net_stream_resume(c->stream);
	else
		local_connection_close(c);
}

static void local_connection_on_turn(void *context)
{
	struct local_connection *c = context;

	net_timer_stop(c->turn);
	c->turn = NULL;
	c->wants_turn = false;
	c->looks = 0;
	local_connection_begin_turn(c);
	rpc_server_go_on(c->rpc);
	c->is_refreshed = false;
	local_connection_send_answers(c);
}

static void local_connection_on_refreshed(void *context)
{
	struct local_connection *c = context;

	c->is_refreshed = true;
	local_connection_on_turn(c);
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
	bool is_good;

	local_connection_begin_turn(c);
	is_good = rpc_server_feed(c->rpc, c->endpoint->space, bytes);
	c->looks = 0;
	counters_add(COUNTER_LOCAL_BYTES_IN, bytes);
	if (!is_good || rpc_server_is_over(c->rpc))
		counters_add(COUNTER_LOCAL_MALFORMED, 1);
	if (is_good)
		local_connection_send_answers(c);
	else
		local_connection_close(c);
}

static void local_connection_on_drained(void *context)
{
	struct local_connection *c = context;

	c->looks = 0;
	local_connection_begin_turn(c);
	local_connection_send_answers(c);
}

static void local_connection_on_stream_end(void *context, const struct err *err)
{
	(void)err;
	local_connection_close(context);
}

/* Now it is known who that is: what they sent is read from here on. */
static void local_connection_on_identity(void *context, struct identity *who)
{
	static const struct net_stream_handler handler = { local_connection_on_space,
		                                           local_connection_on_received,
		                                           local_connection_on_stream_end,
		                                           local_connection_on_drained };
	struct local_connection *c = context;
	int socket = c->socket;

	c->lookup = NULL;
	c->who = who;
	c->as = (struct srvsvc_caller){ .service = c->endpoint->service,
		                        .identity = who,
		                        .address = "local",
		                        .endpoint = "local" };
	if (who != NULL)
		c->rpc = rpc_server_new(&endpoint, &c->as);
	if (c->rpc != NULL) {
		rpc_server_take_turns(c->rpc, local_connection_has_turn, c);
		c->socket = -1;
		c->stream = net_stream_new(c->endpoint->loop, socket, &handler, c);
	}
	if (c->stream == NULL)
		local_connection_close(c);
}

/* ---- the door ---- */

static bool local_endpoint_has_too_many(const struct local_endpoint *d, uid_t uid)
{
	unsigned most = d->max_connections / 4 + 1, count = 0;

	for (const struct local_connection *c = d->callers; c != NULL; c = c->next)
		count += c->uid == uid;
	return uid != 0 && count >= most;
}

static void local_endpoint_on_accepted(void *context, int socket)
{
	struct local_endpoint *d = context;
	struct local_connection *c = calloc(1, sizeof *c);
	gid_t gid;
	pid_t pid;
	uid_t uid;

	counters_add(COUNTER_LOCAL_CONNECTIONS, 1);
	if (c == NULL || !net_socket_peer_process(socket, &uid, &gid, &pid) ||
	    local_endpoint_has_too_many(d, uid)) {
		counters_add(COUNTER_LOCAL_REFUSED, 1);
		net_socket_hang_up(socket);
		free(c);
		return;
	}
	*c = (struct local_connection){ .endpoint = d,
		                        .uid = uid,
		                        .socket = socket,
		                        .next = d->callers,
		                        .wait = { .over = local_connection_on_refreshed,
		                                  .context = c } };
	if (d->callers != NULL)
		d->callers->before = c;
	d->callers = c;
	d->count++;
	counters_add(COUNTER_LOCAL_CONNECTIONS_NOW, 1);
	local_endpoint_update_bound(d);
	c->lookup = local_identity_start(d->loop, uid, local_connection_on_identity, c);
	if (c->lookup == NULL)
		local_connection_close(c);
}

static void local_endpoint_on_idle_check(void *context);

static bool local_endpoint_schedule_idle_check(struct local_endpoint *d)
{
	uint64_t after_ms = (uint64_t)d->idle_timeout_s * 1000 / LOCAL_IDLE_CHECKS;

	net_timer_stop(d->look);
	d->look = net_timer_start(d->loop, after_ms < INT32_MAX ? (uint32_t)after_ms : INT32_MAX,
	                          local_endpoint_on_idle_check, d);
	return d->look != NULL;
}

static void local_endpoint_on_idle_check(void *context)
{
	struct local_endpoint *d = context;

	for (struct local_connection *c = d->callers, *next; c != NULL; c = next) {
		next = c->next;
		if (++c->looks > LOCAL_IDLE_CHECKS) {
			counters_add(COUNTER_LOCAL_TIMED_OUT, 1);
			local_connection_close(c);
		}
	}
	(void)local_endpoint_schedule_idle_check(d); /* without memory, nobody is sent away */
}

struct local_endpoint *local_endpoint_new(struct net_loop *loop, struct srvsvc_server *service,
                                          struct refresh *freshness,
                                          const struct local_endpoint_settings *settings,
                                          struct err *err)
{
	struct local_endpoint *d = calloc(1, sizeof *d);

	if (d == NULL) {
		if (settings->socket >= 0)
			net_socket_forget(settings->socket);
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, DOING, NULL);
		return NULL;
	}
	d->loop = loop;
	d->service = service;
	d->refresh = freshness;
	d->max_connections = settings->max_connections;
	d->idle_timeout_s = settings->idle_timeout_s;
	if (local_socket_open(&d->at, loop, settings->path, SOCKET_MODE, settings->socket,
	                      local_endpoint_on_accepted, d, err) &&
	    local_endpoint_schedule_idle_check(d))
		return d;
	err_set(err, ERROR_NOT_ENOUGH_MEMORY, DOING, NULL);
	local_endpoint_free(d);
	return NULL;
}

void local_endpoint_configure(struct local_endpoint *d,
                              const struct local_endpoint_settings *settings)
{
	d->max_connections = settings->max_connections;
	d->idle_timeout_s = settings->idle_timeout_s;
	local_endpoint_update_bound(d);
	(void)local_endpoint_schedule_idle_check(d);
}

void local_endpoint_drain(struct local_endpoint *d)
{
	local_socket_close(&d->at);
	for (struct local_connection *c = d->callers, *next; c != NULL; c = next) {
		next = c->next;
		if (c->stream == NULL || (net_stream_unsent(c->stream) == 0 && !c->wait.is_waiting))
			local_connection_close(c);
	}
}

unsigned local_endpoint_connections(const struct local_endpoint *d)
{
	return d->count;
}

void local_endpoint_free(struct local_endpoint *d)
{
	if (d == NULL)
		return;
	local_socket_close(&d->at);
	while (d->callers != NULL)
		local_connection_close(d->callers);
	net_timer_stop(d->look);
	free(d);
}
