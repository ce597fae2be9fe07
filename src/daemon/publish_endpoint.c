/* SPDX-License-Identifier: MIT */
#include "daemon/publish_endpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <lmerr.h>
#include "daemon/counters.h"
#include "daemon/publisher.h"
#include "net/stream.h"

#define STEP "publish endpoint"

/* Everybody may connect: who may publish is the policy's business. */
#define SOCKET_MODE 0666

/* Connections of one user, who is not root, whose HELLO was not accepted yet. */
#define MAX_PENDING_PUBLISHERS_OF_USER 8
/* Of PUBLISH_ENDPOINT_MAX_PENDING, for root and for users who were allowed to publish before. */
#define RESERVED_PUBLISHERS 16

struct publish_endpoint {
	struct publishers publishers;
};

static void publish_endpoint_refuse(struct publish_endpoint *e, const struct net_peer *peer,
                                    enum log_level level, const char *reason)
{
	const struct srvsvc_server *service = e->publishers.service;

	counters_add(COUNTER_PUBLISHERS_REFUSED, 1);
	log_write_limited(&e->publishers.limit, service->now_ms(service->context), level,
	                  "publisher connection from %s refused: %s", peer->text, reason);
}

static void publish_endpoint_on_accepted(void *context, int socket, const struct net_peer *peer)
{
	struct publish_endpoint *e = context;

	counters_add(COUNTER_PUBLISHERS, 1);
	if (!publisher_new(&e->publishers, socket, peer))
		publish_endpoint_refuse(e, peer, LOG_LEVEL_ERROR, "out of memory");
}

static void publish_endpoint_on_refused(void *context, const struct net_peer *peer,
                                        const char *reason)
{
	counters_add(COUNTER_PUBLISHERS, 1);
	publish_endpoint_refuse(context, peer, LOG_LEVEL_WARNING, reason);
}

static void publish_endpoint_on_close(struct net_connection *connection,
                                      enum net_close_reason reason)
{
	switch (reason) {
	case NET_CLOSE_TIMEOUT:
		publisher_close(connection->context, LOG_LEVEL_NOTICE, ERROR_TIMEOUT,
		                "it did not send its HELLO in time");
		break;
	case NET_CLOSE_EVICTED:
		publisher_close(connection->context, LOG_LEVEL_WARNING, ERROR_TOO_MANY_SESS,
		                "the endpoint is full; another user gets its place");
		break;
	case NET_CLOSE_END:
		publisher_free(connection->context);
		break;
	}
}

static void publish_endpoint_on_drain(struct net_connection *connection)
{
	publisher_close(connection->context, LOG_LEVEL_DEBUG, ERROR_SHUTDOWN_IN_PROGRESS,
	                "netsessiond is stopping");
}

static bool publish_endpoint_is_privileged(void *context, const struct net_peer *peer)
{
	const struct publish_endpoint *e = context;

	return privileged_users_has(&e->publishers.privileged, peer->uid);
}

static void publish_endpoint_set_bounds(struct publish_endpoint *e,
                                        const struct publish_endpoint_settings *settings)
{
	uint32_t max_changes_per_s = settings->max_changes_per_s;

	e->publishers.max_publishers = settings->max_publishers;
	e->publishers.bounds.max_sessions = settings->max_sessions_of_publisher;
	e->publishers.bounds.max_changes_per_s = max_changes_per_s > 0 ? max_changes_per_s : 1;
}

/* The publishers of a netsessiond that was here before connect again in a moment. False: see err.
 */
static bool publish_endpoint_expect_publishers(struct publish_endpoint *e, const char *path,
                                               struct err *err)
{
	if (*path == '\0')
		return true;
	if (asprintf(&e->publishers.mark, "%s.connected", path) < 0) {
		e->publishers.mark = NULL;
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
		return false;
	}
	if (unlink(e->publishers.mark) == 0)
		refresh_expect_publisher(e->publishers.refresh, REFRESH_RETURN_MS);
	return true;
}

struct publish_endpoint *publish_endpoint_new(struct net_loop *loop, struct srvsvc_server *service,
                                              struct refresh *refresh,
                                              const struct publish_endpoint_settings *settings,
                                              struct err *err)
{
	static const struct net_endpoint_handler handler = {
		.accepted = publish_endpoint_on_accepted,
		.refused = publish_endpoint_on_refused,
		.close = publish_endpoint_on_close,
		.drain = publish_endpoint_on_drain,
		.is_privileged = publish_endpoint_is_privileged,
	};
	const struct net_endpoint_settings list_settings = {
		.bounds.max_pending = PUBLISH_ENDPOINT_MAX_PENDING,
		.bounds.max_pending_of_source = MAX_PENDING_PUBLISHERS_OF_USER,
		.bounds.reserved = RESERVED_PUBLISHERS,
		.open_timeout_ms = settings->hello_timeout_ms,
	};
	struct publish_endpoint *e = calloc(1, sizeof *e);
	struct net_endpoint *connections =
		e != NULL ? net_endpoint_new(loop, &handler, e, &list_settings) : NULL;
	bool is_listening;

	if (connections == NULL) {
		if (settings->socket >= 0)
			net_socket_forget(settings->socket);
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
		free(e);
		return NULL;
	}
	e->publishers = (struct publishers){ .loop = loop,
		                             .service = service,
		                             .refresh = refresh,
		                             .connections = connections,
		                             .limit.name = "publish endpoint" };
	publish_endpoint_set_bounds(e, settings);
	publishers_init(&e->publishers);
	is_listening = settings->socket >= 0
	                       ? net_endpoint_listen(connections, settings->socket, err)
	                       : net_endpoint_listen_local(connections, settings->path, SOCKET_MODE,
	                                                   err);
	if (is_listening && publish_endpoint_expect_publishers(e, settings->path, err))
		return e;
	publish_endpoint_free(e);
	return NULL;
}

static void publish_endpoint_apply_settings(struct net_connection *connection, void *data)
{
	(void)data;
	publisher_apply_settings(connection->context);
}

void publish_endpoint_configure(struct publish_endpoint *e,
                                const struct publish_endpoint_settings *settings)
{
	publish_endpoint_set_bounds(e, settings);
	e->publishers.privileged = (struct privileged_users){ 0 };
	net_endpoint_visit(e->publishers.connections, publish_endpoint_apply_settings, NULL);
}

void publish_endpoint_drain(struct publish_endpoint *e)
{
	net_endpoint_drain(e->publishers.connections);
}

unsigned publish_endpoint_connections(const struct publish_endpoint *e)
{
	return net_endpoint_count(e->publishers.connections);
}

void publish_endpoint_free(struct publish_endpoint *e)
{
	if (e == NULL)
		return;
	net_endpoint_free(e->publishers.connections);
	publishers_fini(&e->publishers);
	log_limit_flush(&e->publishers.limit);
	free(e->publishers.mark);
	free(e);
}
