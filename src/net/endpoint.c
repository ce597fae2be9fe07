/* SPDX-License-Identifier: MIT */
#include "net/endpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "net/address.h"
#include "net/stream.h"
#include "net/uv.h"

#define STEP "listen"

/* One of the sockets. */
struct endpoint_listener {
	SLIST_ENTRY(endpoint_listener) entry;
	struct net_listener *listener;
	char *path; /* removed when the endpoint stops listening; NULL: none */
};

TAILQ_HEAD(connection_list, net_connection);

/* Both lists are in the order of since_ms, so that their first connections time out first. */
struct net_endpoint {
	struct net_loop *loop;
	const struct net_endpoint_handler *handler;
	void *context;
	struct net_endpoint_settings settings;
	SLIST_HEAD(, endpoint_listener) listeners;
	bool is_draining;
	struct connection_list pending, open;
	struct net_admission admission;
	struct net_timer *timeout;
	uint64_t timeout_at_ms; /* when timeout fires */
};

struct net_endpoint *net_endpoint_new(struct net_loop *loop,
                                      const struct net_endpoint_handler *handler, void *context,
                                      const struct net_endpoint_settings *settings)
{
	struct net_endpoint *e = calloc(1, sizeof *e);

	if (e == NULL)
		return NULL;
	e->loop = loop;
	e->handler = handler;
	e->context = context;
	e->settings = *settings;
	e->admission.bounds = settings->bounds;
	SLIST_INIT(&e->listeners);
	TAILQ_INIT(&e->pending);
	TAILQ_INIT(&e->open);
	return e;
}

/* ---- newcomers ---- */

/* False: the connection has ended already. */
static bool endpoint_identify_source(int socket, struct net_source *source)
{
	union net_address address = { 0 };
	socklen_t bytes = sizeof address;
	struct ip_address ip;

	if (getpeername(socket, &address.any, &bytes) != 0)
		return false;
	source->family = (uint8_t)address.any.sa_family;
	if (source->family != AF_INET && source->family != AF_INET6)
		return true;
	net_address_to_ip(&address, &ip);
	if (ip_address_is_v4(&ip)) {
		source->family = AF_INET;
		memcpy(source->bytes, ip.bytes + IP_ADDRESS_V4_AT, 4);
	} else {
		memcpy(source->bytes, ip.bytes, sizeof source->bytes);
	}
	return true;
}

/* False: the connection has ended already. */
static bool endpoint_identify_peer(int socket, struct net_peer *peer)
{
	*peer = (struct net_peer){ .text = "a process that has ended" };
	if (!endpoint_identify_source(socket, &peer->source))
		return false;
	peer->is_process = peer->source.family == AF_UNIX;
	if (!peer->is_process)
		return net_socket_peer_text(socket, peer->text);
	if (!net_socket_peer_process(socket, &peer->uid, &peer->gid, &peer->pid))
		return false;
	memcpy(peer->source.bytes, &peer->uid, sizeof peer->uid);
	(void)snprintf(peer->text, sizeof peer->text, "uid %lu, pid %ld", (unsigned long)peer->uid,
	               (long)peer->pid);
	return true;
}

static bool endpoint_is_privileged(const struct net_endpoint *e, const struct net_peer *peer)
{
	return (peer->is_process && peer->uid == 0) ||
	       (e->handler->is_privileged != NULL && e->handler->is_privileged(e->context, peer));
}

/* Closes the oldest connection of a source that is not open. False: it is not closed at once. */
static bool endpoint_evict(struct net_endpoint *e, const struct net_source_count *source)
{
	unsigned before = net_endpoint_count(e);
	struct net_connection *c;

	TAILQ_FOREACH(c, &e->pending, entry)
		if (c->source == source)
			break;
	if (c != NULL)
		e->handler->close(c, NET_CLOSE_EVICTED);
	return net_endpoint_count(e) < before;
}

static const char *endpoint_bound_text(enum net_bound bound, bool is_process)
{
	switch (bound) {
	case NET_BOUND_OF_SOURCE:
		return is_process ? "too many connections of this user"
		                  : "too many connections from this address";
	case NET_BOUND_PENDING_OF_SOURCE:
		return is_process
		               ? "too many connections of this user that have not been opened yet"
		               : "too many connections from this address without a log-on";
	case NET_BOUND_PENDING:
		return "too many connections that have not been opened yet";
	case NET_BOUND_CONNECTIONS:
		return "too many connections";
	default:
		return NULL;
	}
}

/* Returns the reason to refuse this peer; NULL: it may have a connection. */
static const char *endpoint_refusal(struct net_endpoint *e, const struct net_peer *peer)
{
	struct net_verdict verdict;
	uint32_t random = 0;

	if (e->handler->admits != NULL && !e->handler->admits(e->context, peer))
		return "the configuration does not admit this address";
	(void)uv_random(NULL, NULL, &random, sizeof random, 0, NULL);
	verdict = net_admission_judge(&e->admission, &peer->source, endpoint_is_privileged(e, peer),
	                              random);
	if (verdict.evicts != NULL && endpoint_evict(e, verdict.evicts))
		return NULL;
	return endpoint_bound_text(verdict.bound, peer->is_process);
}

static void endpoint_on_accepted(void *context, int socket)
{
	struct net_endpoint *e = context;
	struct net_peer peer;
	const char *reason = endpoint_identify_peer(socket, &peer)
	                             ? endpoint_refusal(e, &peer)
	                             : "the client has disconnected already";

	if (reason == NULL) {
		e->handler->accepted(e->context, socket, &peer);
		return;
	}
	net_socket_hang_up(socket);
	e->handler->refused(e->context, &peer, reason);
}

/* ---- listening ---- */

/* Takes socket, also after a failure; copies path. */
static bool endpoint_add_listener(struct net_endpoint *e, int socket, const char *path,
                                  struct err *err)
{
	struct endpoint_listener *l = calloc(1, sizeof *l);

	if (l != NULL && path != NULL)
		l->path = strdup(path);
	if (l == NULL || (path != NULL && l->path == NULL))
		close(socket);
	else
		l->listener = net_listener_new(e->loop, socket, endpoint_on_accepted, e);
	if (l != NULL && l->listener != NULL) {
		SLIST_INSERT_HEAD(&e->listeners, l, entry);
		return true;
	}
	if (path != NULL)
		(void)unlink(path);
	if (l != NULL)
		free(l->path);
	free(l);
	err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
	return false;
}

bool net_endpoint_listen(struct net_endpoint *e, int socket, struct err *err)
{
	return endpoint_add_listener(e, socket, NULL, err);
}

bool net_endpoint_listen_tcp(struct net_endpoint *e, const union net_address *address,
                             struct err *err)
{
	int socket = net_listen_tcp(address, err);

	return socket >= 0 && endpoint_add_listener(e, socket, NULL, err);
}

bool net_endpoint_listen_local(struct net_endpoint *e, const char *path, mode_t mode,
                               struct err *err)
{
	int socket = net_listen_local(path, mode, err);

	return socket >= 0 && endpoint_add_listener(e, socket, path, err);
}

static void endpoint_stop_listening(struct net_endpoint *e)
{
	struct endpoint_listener *l;

	while ((l = SLIST_FIRST(&e->listeners)) != NULL) {
		SLIST_REMOVE_HEAD(&e->listeners, entry);
		if (l->path != NULL)
			(void)unlink(l->path);
		net_listener_free(l->listener);
		free(l->path);
		free(l);
	}
}

/* ---- timeouts ---- */

static void endpoint_schedule_timeout(struct net_endpoint *e);

/* Closes the connections of a list whose time is over. A connection that is not removed at once
 * gets as much time again. */
static void endpoint_close_idle(struct net_endpoint *e, struct connection_list *list,
                                uint32_t timeout_ms)
{
	uint64_t now_ms = uv_now(e->loop->uv);
	struct net_connection *c;

	while (timeout_ms > 0 && (c = TAILQ_FIRST(list)) != NULL &&
	       c->since_ms + timeout_ms <= now_ms) {
		TAILQ_REMOVE(list, c, entry);
		TAILQ_INSERT_TAIL(list, c, entry);
		c->since_ms = now_ms;
		e->handler->close(c, NET_CLOSE_TIMEOUT);
	}
}

static void endpoint_on_timeout(void *context)
{
	struct net_endpoint *e = context;

	net_timer_stop(e->timeout);
	e->timeout = NULL;
	endpoint_close_idle(e, &e->pending, e->settings.open_timeout_ms);
	endpoint_close_idle(e, &e->open, e->settings.idle_timeout_ms);
	endpoint_schedule_timeout(e);
}

/* When the first connection of a list times out; UINT64_MAX: never. */
static uint64_t endpoint_first_timeout_ms(const struct connection_list *list, uint32_t timeout_ms)
{
	const struct net_connection *first = TAILQ_FIRST(list);

	return first == NULL || timeout_ms == 0 ? UINT64_MAX : first->since_ms + timeout_ms;
}

/* A timer that fires too early does no harm. Without memory for one, no connection is closed. While
 * no connection has a timeout, no timer keeps the loop running. */
static void endpoint_schedule_timeout(struct net_endpoint *e)
{
	uint64_t now_ms = uv_now(e->loop->uv), after_ms;
	uint64_t pending_ms = endpoint_first_timeout_ms(&e->pending, e->settings.open_timeout_ms);
	uint64_t open_ms = endpoint_first_timeout_ms(&e->open, e->settings.idle_timeout_ms);
	uint64_t at_ms = pending_ms < open_ms ? pending_ms : open_ms;

	if (at_ms != UINT64_MAX && e->timeout != NULL && e->timeout_at_ms <= at_ms)
		return;
	net_timer_stop(e->timeout);
	e->timeout = NULL;
	if (at_ms == UINT64_MAX)
		return;
	after_ms = at_ms > now_ms ? at_ms - now_ms : 0;
	e->timeout_at_ms = at_ms;
	e->timeout = net_timer_start(e->loop,
	                             after_ms < UINT32_MAX ? (uint32_t)after_ms : UINT32_MAX,
	                             endpoint_on_timeout, e);
}

/* ---- all connections ---- */

void net_endpoint_configure(struct net_endpoint *e, const struct net_endpoint_settings *settings)
{
	e->settings = *settings;
	e->admission.bounds = settings->bounds;
	endpoint_schedule_timeout(e);
}

static void endpoint_visit_list(struct connection_list *list,
                                void (*visit)(struct net_connection *c, void *data), void *data)
{
	for (struct net_connection *c = TAILQ_FIRST(list), *next; c != NULL; c = next) {
		next = TAILQ_NEXT(c, entry);
		visit(c, data);
	}
}

void net_endpoint_visit(struct net_endpoint *e, void (*visit)(struct net_connection *c, void *data),
                        void *data)
{
	endpoint_visit_list(&e->pending, visit, data);
	endpoint_visit_list(&e->open, visit, data);
}

static void endpoint_drain_connection(struct net_connection *c, void *data)
{
	(void)data;
	c->endpoint->handler->drain(c);
}

void net_endpoint_drain(struct net_endpoint *e)
{
	endpoint_stop_listening(e);
	e->is_draining = true;
	net_endpoint_visit(e, endpoint_drain_connection, NULL);
}

bool net_endpoint_is_draining(const struct net_endpoint *e)
{
	return e->is_draining;
}

unsigned net_endpoint_count(const struct net_endpoint *e)
{
	return e->admission.pending + e->admission.open;
}

unsigned net_endpoint_count_open(const struct net_endpoint *e)
{
	return e->admission.open;
}

static void endpoint_end_connection(struct net_connection *c, void *data)
{
	(void)data;
	c->endpoint->handler->close(c, NET_CLOSE_END);
}

void net_endpoint_free(struct net_endpoint *e)
{
	if (e == NULL)
		return;
	endpoint_stop_listening(e);
	net_endpoint_visit(e, endpoint_end_connection, NULL);
	net_timer_stop(e->timeout);
	net_admission_fini(&e->admission);
	free(e);
}

/* ---- one connection ---- */

static void connection_insert(struct net_connection *c, bool is_open)
{
	struct net_endpoint *e = c->endpoint;

	c->is_open = is_open;
	c->since_ms = uv_now(e->loop->uv);
	if (is_open)
		TAILQ_INSERT_TAIL(&e->open, c, entry);
	else
		TAILQ_INSERT_TAIL(&e->pending, c, entry);
	endpoint_schedule_timeout(e);
}

static void connection_extract(struct net_connection *c)
{
	if (c->is_open)
		TAILQ_REMOVE(&c->endpoint->open, c, entry);
	else
		TAILQ_REMOVE(&c->endpoint->pending, c, entry);
}

static void connection_on_turn(void *context)
{
	struct net_connection *c = context;

	c->endpoint->handler->turn(c);
}

void net_connection_add(struct net_endpoint *e, struct net_connection *c,
                        const struct net_peer *peer)
{
	c->endpoint = e;
	net_turn_init(&c->turn, e->loop, NULL, connection_on_turn, c);
	c->peer = *peer;
	c->source = net_admission_add(&e->admission, &peer->source,
	                              endpoint_is_privileged(e, peer));
	connection_insert(c, false);
}

void net_connection_remove(struct net_connection *c)
{
	struct net_endpoint *e = c->endpoint;

	if (e == NULL)
		return;
	net_connection_cancel_turn(c);
	connection_extract(c);
	net_admission_remove(&e->admission, c->source, c->is_open);
	c->endpoint = NULL;
	endpoint_schedule_timeout(e);
}

void net_connection_set_open(struct net_connection *c, bool is_open)
{
	if (is_open != c->is_open)
		net_admission_set_open(&c->endpoint->admission, c->source, is_open);
	connection_extract(c);
	connection_insert(c, is_open);
}

void net_connection_touch(struct net_connection *c)
{
	struct connection_list *open = &c->endpoint->open;

	if (!c->is_open)
		return;
	c->since_ms = uv_now(c->endpoint->loop->uv);
	TAILQ_REMOVE(open, c, entry);
	TAILQ_INSERT_TAIL(open, c, entry);
}

/* ---- turns ---- */

void net_connection_set_turn_group(struct net_connection *c, struct net_turn_group *group)
{
	net_turn_set_group(&c->turn, group);
}

bool net_connection_begin_turn(struct net_connection *c)
{
	return net_turn_begin(&c->turn);
}

bool net_connection_turn_is_over(struct net_connection *c)
{
	return net_turn_is_over(&c->turn);
}

void net_connection_await_turn(struct net_connection *c)
{
	net_turn_await(&c->turn);
}

bool net_connection_awaits_turn(const struct net_connection *c)
{
	return c->turn.is_waiting;
}

void net_connection_cancel_turn(struct net_connection *c)
{
	net_turn_cancel(&c->turn);
}
