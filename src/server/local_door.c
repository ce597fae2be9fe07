/* SPDX-License-Identifier: MIT */
#include "server/local_door.h"

#include <stdlib.h>
#include "net/stream.h"
#include "server/counters.h"
#include "server/local_identity.h"
#include "server/local_interface.h"
#include "server/local_socket.h"

#define DOING "local service"

#define SPACE_BYTES 65536 /* read at once */

#define MAX_TURN_MS 20 /* of a caller, after which no call is begun: others come in between */

/* Everybody may connect: what they may do is the policy's business. */
#define SOCKET_MODE 0666

/* A connection is closed when nothing happened on it for so many looks. */
#define IDLE_LOOKS 4

struct caller {
	struct local_door *door;
	struct caller *before, *next;
	uid_t uid;
	int socket; /* until it is known who that is; then -1 */
	struct local_identity_lookup *lookup;
	struct identity *who;
	struct service_caller as;
	struct rpc_service *rpc;
	size_t held_bytes; /* as the service counts them */
	struct net_stream *stream;
	unsigned looks; /* since something happened */
	int64_t turn_began_ms;
	bool wants_turn;        /* to make the calls that were left */
	struct net_timer *turn; /* the next one */
	struct freshness_wait wait;
	bool is_fresh; /* the table is, for the calls of this turn: they have waited */
};

struct local_door {
	struct net_loop *loop;
	struct service *service;
	struct freshness *freshness;
	struct local_socket at;
	unsigned max_connections, count;
	bool is_full; /* the listener is paused */
	uint32_t idle_timeout_s;
	struct net_timer *look;
	struct caller *callers;
	uint8_t space[SPACE_BYTES];
};

static const struct rpc_interface *const interfaces[] = { &service_srvsvc, &local_interface };

static const struct rpc_endpoint endpoint = {
	.interfaces = interfaces,
	.interface_count = sizeof interfaces / sizeof *interfaces,
	.secondary_address = "",
	.max_request_bytes = 65536,
};

/* At the bound the next ones wait in the kernel's queue. */
static void mind_the_bound(struct local_door *d)
{
	bool is_full = d->count >= d->max_connections;

	if (d->at.listener != NULL && is_full && !d->is_full)
		net_listener_pause(d->at.listener);
	if (d->at.listener != NULL && !is_full && d->is_full)
		net_listener_resume(d->at.listener);
	d->is_full = is_full;
}

/* ---- a caller ---- */

static void part(struct caller *c)
{
	struct local_door *d = c->door;

	freshness_forget(d->freshness, &c->wait);
	local_identity_cancel(c->lookup);
	net_timer_stop(c->turn);
	net_stream_finish(c->stream);
	if (c->socket >= 0)
		net_socket_hang_up(c->socket);
	service_count_held(d->service, &c->held_bytes, 0);
	rpc_service_free(c->rpc);
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
	mind_the_bound(d);
}

static void begin_turn(struct caller *c)
{
	struct service *service = c->door->service;

	c->turn_began_ms = service->now_ms(service->context);
}

static bool has_turn(void *context)
{
	struct caller *c = context;
	struct service *service = c->door->service;

	if (service->now_ms(service->context) - c->turn_began_ms <= MAX_TURN_MS)
		return c->is_fresh || !service_may_look(service, c->who) ||
		       freshness_is_given(c->door->freshness, &c->wait);
	c->wants_turn = true;
	return false;
}

static void on_turn(void *context);

static void wait_for_turn(struct caller *c)
{
	if (c->turn == NULL)
		c->turn = net_timer_start(c->door->loop, 0, on_turn, c);
	if (c->turn != NULL)
		net_stream_pause(c->stream);
	else
		part(c);
}

/* Sends what there is of answers, as fast as they are read. While some of it waits, nothing is read
 * from who does not read. */
static void answer(struct caller *c)
{
	struct wire_writer out = { 0 };
	bool is_good = true, is_last;
	size_t left;

	while (is_good && net_stream_unsent(c->stream) == 0 && rpc_service_pending(c->rpc) > 0) {
		wire_writer_clear(&out);
		(void)rpc_service_read(c->rpc, &out, SPACE_BYTES, &left);
		counters_add(COUNTER_LOCAL_BYTES_OUT, out.len);
		is_good = !out.failed && net_stream_send(c->stream, out.data, out.len);
	}
	wire_writer_fini(&out);
	service_count_held(c->door->service, &c->held_bytes, rpc_service_held_bytes(c->rpc));
	is_last = c->door->at.listener == NULL || rpc_service_is_over(c->rpc);
	if (is_good && net_stream_unsent(c->stream) > 0)
		net_stream_pause(c->stream);
	else if (is_good && c->wants_turn && !rpc_service_is_over(c->rpc))
		wait_for_turn(c);
	else if (is_good && c->wait.is_waiting && !rpc_service_is_over(c->rpc))
		net_stream_pause(c->stream);
	else if (is_good && !is_last)
		net_stream_resume(c->stream);
	else
		part(c);
}

static void on_turn(void *context)
{
	struct caller *c = context;

	net_timer_stop(c->turn);
	c->turn = NULL;
	c->wants_turn = false;
	c->looks = 0;
	begin_turn(c);
	rpc_service_go_on(c->rpc);
	c->is_fresh = false;
	answer(c);
}

static void on_fresh(void *context)
{
	struct caller *c = context;

	c->is_fresh = true;
	on_turn(c);
}

static uint8_t *on_space(void *context, size_t *room)
{
	struct caller *c = context;

	*room = sizeof c->door->space;
	return c->door->space;
}

static void on_received(void *context, size_t bytes)
{
	struct caller *c = context;
	bool is_good;

	begin_turn(c);
	is_good = rpc_service_feed(c->rpc, c->door->space, bytes);
	c->looks = 0;
	counters_add(COUNTER_LOCAL_BYTES_IN, bytes);
	if (!is_good || rpc_service_is_over(c->rpc))
		counters_add(COUNTER_LOCAL_MALFORMED, 1);
	if (is_good)
		answer(c);
	else
		part(c);
}

static void on_drained(void *context)
{
	struct caller *c = context;

	c->looks = 0;
	begin_turn(c);
	answer(c);
}

static void on_ended(void *context, const struct err *err)
{
	(void)err;
	part(context);
}

/* Now it is known who that is: what they sent is read from here on. */
static void on_found(void *context, struct identity *who)
{
	static const struct net_stream_handler handler = { on_space, on_received, on_ended,
		                                           on_drained };
	struct caller *c = context;
	int socket = c->socket;

	c->lookup = NULL;
	c->who = who;
	c->as = (struct service_caller){
		.service = c->door->service, .who = who, .from = "local", .door = "local"
	};
	if (who != NULL)
		c->rpc = rpc_service_new(&endpoint, &c->as);
	if (c->rpc != NULL) {
		rpc_service_take_turns(c->rpc, has_turn, c);
		c->socket = -1;
		c->stream = net_stream_new(c->door->loop, socket, &handler, c);
	}
	if (c->stream == NULL)
		part(c);
}

/* ---- the door ---- */

static bool has_too_many(const struct local_door *d, uid_t uid)
{
	unsigned most = d->max_connections / 4 + 1, count = 0;

	for (const struct caller *c = d->callers; c != NULL; c = c->next)
		count += c->uid == uid;
	return uid != 0 && count >= most;
}

static void on_accepted(void *context, int socket)
{
	struct local_door *d = context;
	struct caller *c = calloc(1, sizeof *c);
	gid_t gid;
	pid_t pid;
	uid_t uid;

	counters_add(COUNTER_LOCAL_CONNECTIONS, 1);
	if (c == NULL || !net_socket_peer_process(socket, &uid, &gid, &pid) ||
	    has_too_many(d, uid)) {
		counters_add(COUNTER_LOCAL_TURNED_AWAY, 1);
		net_socket_hang_up(socket);
		free(c);
		return;
	}
	*c = (struct caller){ .door = d,
		              .uid = uid,
		              .socket = socket,
		              .next = d->callers,
		              .wait = { .over = on_fresh, .context = c } };
	if (d->callers != NULL)
		d->callers->before = c;
	d->callers = c;
	d->count++;
	counters_add(COUNTER_LOCAL_CONNECTIONS_NOW, 1);
	mind_the_bound(d);
	c->lookup = local_identity_start(d->loop, uid, on_found, c);
	if (c->lookup == NULL)
		part(c);
}

static void on_look(void *context);

static bool look_later(struct local_door *d)
{
	uint64_t after_ms = (uint64_t)d->idle_timeout_s * 1000 / IDLE_LOOKS;

	net_timer_stop(d->look);
	d->look = net_timer_start(d->loop, after_ms < INT32_MAX ? (uint32_t)after_ms : INT32_MAX,
	                          on_look, d);
	return d->look != NULL;
}

static void on_look(void *context)
{
	struct local_door *d = context;

	for (struct caller *c = d->callers, *next; c != NULL; c = next) {
		next = c->next;
		if (++c->looks > IDLE_LOOKS) {
			counters_add(COUNTER_LOCAL_TIMED_OUT, 1);
			part(c);
		}
	}
	(void)look_later(d); /* without memory, nobody is sent away */
}

struct local_door *local_door_new(struct net_loop *loop, struct service *service,
                                  struct freshness *freshness,
                                  const struct local_door_settings *settings, struct err *err)
{
	struct local_door *d = calloc(1, sizeof *d);

	if (d == NULL) {
		if (settings->socket >= 0)
			net_socket_forget(settings->socket);
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, DOING, NULL);
		return NULL;
	}
	d->loop = loop;
	d->service = service;
	d->freshness = freshness;
	d->max_connections = settings->max_connections;
	d->idle_timeout_s = settings->idle_timeout_s;
	if (local_socket_open(&d->at, loop, settings->path, SOCKET_MODE, settings->socket,
	                      on_accepted, d, err) &&
	    look_later(d))
		return d;
	err_set(err, ERROR_NOT_ENOUGH_MEMORY, DOING, NULL);
	local_door_free(d);
	return NULL;
}

void local_door_configure(struct local_door *d, const struct local_door_settings *settings)
{
	d->max_connections = settings->max_connections;
	d->idle_timeout_s = settings->idle_timeout_s;
	mind_the_bound(d);
	(void)look_later(d);
}

void local_door_drain(struct local_door *d)
{
	local_socket_shut(&d->at);
	for (struct caller *c = d->callers, *next; c != NULL; c = next) {
		next = c->next;
		if (c->stream == NULL || (net_stream_unsent(c->stream) == 0 && !c->wait.is_waiting))
			part(c);
	}
}

unsigned local_door_connections(const struct local_door *d)
{
	return d->count;
}

void local_door_free(struct local_door *d)
{
	if (d == NULL)
		return;
	local_socket_shut(&d->at);
	while (d->callers != NULL)
		part(d->callers);
	net_timer_stop(d->look);
	free(d);
}
