/* SPDX-License-Identifier: MIT */
#include "samba/relay_endpoint.h"

#include <stdlib.h>
#include <string.h>
#include "net/endpoint.h"
#include "net/stream.h"
#include "samba/relay/pipe.h"
#include "system/log.h"

/* Bytes that a side may leave unread before the other side has to wait. */
#define MAX_UNSENT_BYTES 262144

/* For Samba to accept a pipe: its queue may be full, or nobody may accept. Windows' clients wait
 * for a minute. */
#define DIAL_TIMEOUT_MS 20000

#define STEP "relay endpoint"

#define SPACE_BYTES 65536 /* read at once */

/* smbd tries once more after it has started samba-dcerpcd. Another failure is none of the usual
 * ones. */
#define MANY_UNACCEPTED 2

struct relayed_end {
	struct relayed_pipe *relayed;
	enum relay_side side;
	struct net_stream *stream;
};

struct relayed_pipe {
	struct relay_endpoint *endpoint;
	struct net_connection connection; /* open: Samba has accepted the pipe */
	struct relayed_end ends[RELAY_SIDES];
	int caller; /* smbd's socket, until Samba has accepted the pipe; then -1 */
	struct net_dial *dial;
	struct relay_pipe *pipe;
	struct samba_publisher_wait refresh; /* for smbstatus, which completes Samba's answers */
	bool has_client;
	struct ip_address client; /* whose pipe it is, as smbd says it */
	bool is_ending; /* Samba has closed it; what it sent before is still to be forwarded */
};

struct relay_endpoint {
	struct net_loop *loop;
	struct relay *relay;
	struct relay_endpoint_settings settings;
	char *upstream_path;
	struct sockaddr_un upstream;
	bool starts_helpers;
	struct net_endpoint *connections;
	struct relay_endpoint_counts counts;
	unsigned unaccepted; /* pipes since the last one that Samba accepted */
	struct log_limit limit;
	uint8_t space[SPACE_BYTES];
};

static void relay_endpoint_log(struct relay_endpoint *e, const struct net_peer *smbd,
                               enum log_level level, const char *what, const char *reason)
{
	const struct relay_settings *settings = &e->relay->settings;

	log_write_limited(&e->limit, settings->now_ms(settings->context), level,
	                  "srvsvc pipe of smbd (%s) %s: %s", smbd->text, what, reason);
}

static void relayed_pipe_free(struct relayed_pipe *r)
{
	struct relay_endpoint *e = r->endpoint;

	if (r->dial != NULL)
		net_dial_cancel(r->dial);
	if (e->settings.publisher != NULL)
		samba_publisher_cancel_wait(e->settings.publisher, &r->refresh);
	for (int i = 0; i < RELAY_SIDES; i++)
		net_stream_finish(r->ends[i].stream);
	if (r->caller >= 0)
		net_socket_hang_up(r->caller);
	relay_pipe_free(r->pipe);
	net_connection_remove(&r->connection);
	free(r);
}

static void relayed_pipe_close(struct relayed_pipe *r, enum log_level level, const char *reason)
{
	relay_endpoint_log(r->endpoint, &r->connection.peer, level, "closed", reason);
	relayed_pipe_free(r);
}

/* For what a side sent, or for want of memory. */
static void relayed_pipe_close_failed(struct relayed_pipe *r)
{
	struct err err = relay_pipe_error(r->pipe);
	bool is_malformed = err.status != ERROR_NOT_ENOUGH_MEMORY;

	r->endpoint->counts.malformed += is_malformed;
	relayed_pipe_close(r, is_malformed ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR, err_text(&err));
}

/* ---- bytes ---- */

static bool relayed_pipe_send_output(struct relayed_pipe *r, enum relay_side to)
{
	struct wire_writer *output = relay_pipe_output(r->pipe, to);
	bool is_good = true;

	/* A side that has closed the pipe does not get it. */
	if (output->len > 0 && r->ends[to].stream != NULL)
		is_good = net_stream_send(r->ends[to].stream, output->data, output->len);
	wire_writer_clear(output);
	return is_good;
}

static void relayed_pipe_set_reading(struct relayed_pipe *r, enum relay_side from)
{
	enum relay_side to = from == RELAY_CALLER ? RELAY_SERVER : RELAY_CALLER;
	struct net_stream *stream = r->ends[from].stream;

	if (stream == NULL)
		return;
	if (relay_pipe_may_read(r->pipe, from) && r->ends[to].stream != NULL &&
	    net_stream_unsent(r->ends[to].stream) < MAX_UNSENT_BYTES &&
	    net_stream_unsent(stream) < MAX_UNSENT_BYTES)
		net_stream_resume(stream);
	else
		net_stream_pause(stream);
}

/* Returns the same as relay_pipe_receive. */
static bool relayed_pipe_start_refresh(struct relayed_pipe *r)
{
	struct samba_publisher *publisher = r->endpoint->settings.publisher;

	return !relay_pipe_needs_refresh(r->pipe) ||
	       (publisher != NULL && samba_publisher_wait_for_poll(publisher, &r->refresh)) ||
	       relay_pipe_refreshed(r->pipe, false);
}

/* Why the pipe may be closed once smbd has read all. NULL: it may not. */
static const char *relayed_pipe_end_reason(const struct relayed_pipe *r)
{
	if (r->is_ending && !relay_pipe_needs_refresh(r->pipe))
		return "Samba closed it";
	if (net_endpoint_is_draining(r->endpoint->connections) && relay_pipe_is_idle(r->pipe))
		return "netsession-samba is stopping";
	return NULL;
}

/* Sends what there is as fast as it is read. A side waits as long as too much of what it sent is
 * unread. */
static void relayed_pipe_flow(struct relayed_pipe *r)
{
	struct net_stream *caller = r->ends[RELAY_CALLER].stream;
	const char *end_reason;
	bool is_sent;

	if (!relayed_pipe_start_refresh(r)) {
		relayed_pipe_close_failed(r);
		return;
	}
	is_sent = relayed_pipe_send_output(r, RELAY_SERVER) &&
	          relayed_pipe_send_output(r, RELAY_CALLER);
	while (is_sent && net_stream_unsent(caller) == 0) {
		if (!relay_pipe_continue(r->pipe)) {
			relayed_pipe_close_failed(r);
			return;
		}
		if (relay_pipe_output(r->pipe, RELAY_CALLER)->len == 0)
			break;
		is_sent = relayed_pipe_send_output(r, RELAY_CALLER);
	}
	end_reason = relayed_pipe_end_reason(r);
	if (!is_sent) {
		relayed_pipe_close(r, LOG_LEVEL_ERROR, "out of memory");
	} else if (end_reason != NULL && net_stream_unsent(caller) == 0) {
		relayed_pipe_close(r, LOG_LEVEL_DEBUG, end_reason);
	} else {
		relayed_pipe_set_reading(r, RELAY_CALLER);
		relayed_pipe_set_reading(r, RELAY_SERVER);
	}
}

static void relayed_pipe_on_refreshed(void *context, bool is_current)
{
	struct relayed_pipe *r = context;

	if (relay_pipe_refreshed(r->pipe, is_current))
		relayed_pipe_flow(r);
	else
		relayed_pipe_close_failed(r);
}

/* ---- bounds of a client ---- */

struct client_count {
	pid_t smbd;                /* 0: any */
	struct ip_network network; /* where smbd is any: of the client */
	uint32_t count;
};

/* An IPv4 address, or an IPv6 network of 64 bits, whose addresses a client can choose freely. */
static struct ip_network client_network(const struct ip_address *client)
{
	return (struct ip_network){ *client, ip_address_is_v4(client) ? 128 : 64 };
}

/* An IPv4 address is kept as one of ::ffff:0:0/96, where 64 bits are those of ::1, too. */
static bool client_is_of(const struct ip_address *client, const struct ip_network *network)
{
	return ip_address_is_v4(client) == ip_address_is_v4(&network->address) &&
	       ip_network_has(network, client);
}

static void client_count_pipe(struct net_connection *connection, void *data)
{
	const struct relayed_pipe *r = connection->context;
	struct client_count *c = data;

	if (c->smbd != 0)
		c->count += connection->peer.pid == c->smbd;
	else
		c->count += r->has_client && client_is_of(&r->client, &c->network);
}

static uint32_t relay_endpoint_count_client(struct relay_endpoint *e, struct client_count count)
{
	net_endpoint_visit(e->connections, client_count_pipe, &count);
	return count.count;
}

static bool relay_endpoint_is_beyond(const struct relay_endpoint *e, uint32_t pipes_of_client)
{
	return e->settings.max_pipes_of_client > 0 &&
	       pipes_of_client > e->settings.max_pipes_of_client;
}

static bool client_is_on_this_computer(const struct relayed_pipe *r)
{
	static const uint8_t loopback[16] = { [15] = 1 };

	return r->has_client &&
	       (ip_address_is_v4(&r->client) ? r->client.bytes[IP_ADDRESS_V4_AT] == 127
	                                     : memcmp(r->client.bytes, loopback, 16) == 0);
}

/* Why the pipe is closed as soon as its client is known; NULL: it stays. */
static const char *relayed_pipe_reached_bound(struct relayed_pipe *r)
{
	struct relay_endpoint *e = r->endpoint;

	const struct client_count of_client = { .network = client_network(&r->client) };

	if (relay_endpoint_is_beyond(e, relay_endpoint_count_client(e, of_client)))
		return "too many pipes of this client (--max-pipes-per-client)";
	if (net_endpoint_count(e->connections) + e->settings.reserved > e->settings.max_pipes &&
	    !client_is_on_this_computer(r))
		return "too many pipes (--max-pipes); the last ones are for this computer";
	return NULL;
}

/* False: the client has too many pipes, and this one is closed. */
static bool relayed_pipe_is_admitted(struct relayed_pipe *r)
{
	char address[IP_ADDRESS_TEXT_BYTES];
	const char *reason;
	struct err text = { 0 };

	if (r->has_client || !relay_pipe_client(r->pipe, &r->client))
		return true;
	r->has_client = true;
	reason = relayed_pipe_reached_bound(r);
	if (reason == NULL)
		return true;
	r->endpoint->counts.refused++;
	err_format(&text, ERROR_TOO_MANY_SESS, STEP, "client %s: %s",
	           ip_address_text(&r->client, address), reason);
	relayed_pipe_close(r, LOG_LEVEL_WARNING, err_text(&text));
	return false;
}

/* ---- bytes from either side ---- */

static uint8_t *relayed_end_on_space(void *context, size_t *room)
{
	struct relayed_end *e = context;

	*room = SPACE_BYTES;
	return e->relayed->endpoint->space;
}

static void relayed_end_on_received(void *context, size_t bytes)
{
	struct relayed_end *end = context;
	struct relayed_pipe *r = end->relayed;

	if (!relay_pipe_receive(r->pipe, end->side, r->endpoint->space, bytes))
		relayed_pipe_close_failed(r);
	else if (end->side == RELAY_SERVER || relayed_pipe_is_admitted(r))
		relayed_pipe_flow(r);
}

static void relayed_end_on_drained(void *context)
{
	struct relayed_end *end = context;

	relayed_pipe_flow(end->relayed);
}

static void relayed_end_on_ended(void *context, const struct err *err)
{
	struct relayed_end *end = context;
	struct relayed_pipe *r = end->relayed;

	(void)err; /* smbd and Samba are processes of this computer: that they closed it says all */
	if (end->side == RELAY_CALLER) {
		relayed_pipe_close(r, LOG_LEVEL_DEBUG, "smbd closed it");
		return;
	}
	net_stream_finish(end->stream);
	end->stream = NULL;
	r->is_ending = true;
	relayed_pipe_flow(r);
}

/* ---- pipes ---- */

static bool relayed_pipe_open_end(struct relayed_pipe *r, enum relay_side side, int socket)
{
	static const struct net_stream_handler handler = { relayed_end_on_space,
		                                           relayed_end_on_received,
		                                           relayed_end_on_ended,
		                                           relayed_end_on_drained };
	struct relayed_end *end = &r->ends[side];

	*end = (struct relayed_end){ .relayed = r, .side = side };
	end->stream = net_stream_new(r->endpoint->loop, socket, &handler, end);
	return end->stream != NULL;
}

/* If nobody listens at Samba's socket, smbd's pipe is closed at once: smbd starts samba-dcerpcd
 * then and connects again (source3/rpc_client/local_np.c). */
static void relayed_pipe_close_unaccepted(struct relayed_pipe *r, const struct err *err)
{
	struct relay_endpoint *e = r->endpoint;
	struct err reason = { 0 };

	e->counts.without_samba++;
	e->unaccepted++;
	err_format(&reason, err->status, err->step, "Samba's %s did not accept it: %s; %s",
	           e->upstream_path, err_text(err),
	           e->starts_helpers
	                   ? "smbd starts samba-dcerpcd and tries again"
	                   : "start samba-dcerpcd, which smbd does not start: rpc start on demand "
	                     "helpers = no");
	relayed_pipe_close(r, LOG_LEVEL_NOTICE, err_text(&reason));
	if (e->unaccepted >= MANY_UNACCEPTED && e->settings.unaccepted != NULL)
		e->settings.unaccepted(e->settings.context);
}

static void relayed_pipe_on_dialed(void *context, int socket, const struct err *err)
{
	struct relayed_pipe *r = context;
	int caller = r->caller;
	bool is_good;

	r->dial = NULL;
	if (socket < 0) {
		relayed_pipe_close_unaccepted(r, err);
		return;
	}
	r->endpoint->unaccepted = 0;
	is_good = relayed_pipe_open_end(r, RELAY_SERVER, socket);
	if (is_good) {
		r->caller = -1;
		is_good = relayed_pipe_open_end(r, RELAY_CALLER, caller);
	}
	if (is_good)
		net_connection_set_open(&r->connection, true);
	else
		relayed_pipe_close(r, LOG_LEVEL_ERROR, "out of memory");
}

static void relayed_pipe_on_timeout(struct relayed_pipe *r)
{
	r->endpoint->counts.without_samba++;
	relayed_pipe_close(r, LOG_LEVEL_WARNING, "Samba did not accept it within 20 s");
}

static void relay_endpoint_refuse(struct relay_endpoint *e, const struct net_peer *smbd,
                                  enum log_level level, const char *reason)
{
	e->counts.refused++;
	relay_endpoint_log(e, smbd, level, "refused", reason);
}

static void relay_endpoint_on_accepted(void *context, int socket, const struct net_peer *smbd)
{
	struct relay_endpoint *e = context;
	struct relayed_pipe *r = calloc(1, sizeof *r);

	e->counts.pipes++;
	if (relay_endpoint_is_beyond(e,
	                             1 + relay_endpoint_count_client(
						 e, (struct client_count){ .smbd = smbd->pid }))) {
		relay_endpoint_refuse(e, smbd, LOG_LEVEL_WARNING,
		                      "too many pipes of this client (--max-pipes-per-client)");
		net_socket_hang_up(socket);
		free(r);
		return;
	}
	if (r == NULL) {
		relay_endpoint_refuse(e, smbd, LOG_LEVEL_ERROR, "out of memory");
		net_socket_hang_up(socket);
		return;
	}
	r->endpoint = e;
	r->caller = socket;
	r->connection.context = r;
	r->refresh = (struct samba_publisher_wait){ .over = relayed_pipe_on_refreshed,
		                                    .context = r };
	net_connection_add(e->connections, &r->connection, smbd);
	r->pipe = relay_pipe_new(e->relay);
	if (r->pipe != NULL)
		r->dial = net_dial_start_local(e->loop, &e->upstream, relayed_pipe_on_dialed, r);
	if (r->dial == NULL) {
		e->counts.refused++;
		relayed_pipe_close(r, LOG_LEVEL_ERROR, "out of memory");
	}
}

static void relay_endpoint_on_refused(void *context, const struct net_peer *smbd,
                                      const char *reason)
{
	struct relay_endpoint *e = context;

	e->counts.pipes++;
	relay_endpoint_refuse(e, smbd, LOG_LEVEL_WARNING, reason);
}

static void relay_endpoint_on_close(struct net_connection *connection, enum net_close_reason reason)
{
	if (reason == NET_CLOSE_TIMEOUT)
		relayed_pipe_on_timeout(connection->context);
	else
		relayed_pipe_free(connection->context);
}

static void relay_endpoint_on_drain(struct net_connection *connection)
{
	struct relayed_pipe *r = connection->context;

	if (r->ends[RELAY_CALLER].stream != NULL)
		relayed_pipe_flow(r);
	else
		relayed_pipe_close(r, LOG_LEVEL_DEBUG, "netsession-samba is stopping");
}

bool relay_endpoint_set_upstream(struct relay_endpoint *e, const char *upstream,
                                 bool starts_helpers, struct err *err)
{
	struct sockaddr_un address;
	char *copy;

	if (!net_address_local(upstream, &address)) {
		err_format(err, ERROR_INVALID_PARAMETER, STEP,
		           "the path of Samba's socket is too long: %s", upstream);
		return false;
	}
	copy = strdup(upstream);
	if (copy == NULL) {
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
		return false;
	}
	free(e->upstream_path);
	e->upstream_path = copy;
	e->upstream = address;
	e->starts_helpers = starts_helpers;
	e->unaccepted = 0;
	return true;
}

struct relay_endpoint *relay_endpoint_new(struct net_loop *loop, struct relay *relay, int socket,
                                          const struct relay_endpoint_settings *settings,
                                          struct err *err)
{
	static const struct net_endpoint_handler handler = {
		.accepted = relay_endpoint_on_accepted,
		.refused = relay_endpoint_on_refused,
		.close = relay_endpoint_on_close,
		.drain = relay_endpoint_on_drain,
	};
	const struct net_endpoint_settings list_settings = {
		.bounds.max_connections = settings->max_pipes,
		.open_timeout_ms = DIAL_TIMEOUT_MS,
	};
	struct relay_endpoint *e = calloc(1, sizeof *e);

	if (e != NULL)
		e->connections = net_endpoint_new(loop, &handler, e, &list_settings);
	if (e == NULL || e->connections == NULL) {
		net_socket_hang_up(socket);
		free(e);
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
		return NULL;
	}
	e->loop = loop;
	e->relay = relay;
	e->settings = *settings;
	e->limit.name = STEP;
	if (!net_endpoint_listen(e->connections, socket, err))
		goto failed;
	if (relay_endpoint_set_upstream(e, settings->upstream, settings->starts_helpers, err))
		return e;
failed:
	relay_endpoint_free(e);
	return NULL;
}

void relay_endpoint_drain(struct relay_endpoint *e)
{
	net_endpoint_drain(e->connections);
}

void relay_endpoint_free(struct relay_endpoint *e)
{
	if (e == NULL)
		return;
	net_endpoint_free(e->connections);
	log_limit_flush(&e->limit);
	free(e->upstream_path);
	free(e);
}

void relay_endpoint_count(const struct relay_endpoint *e, struct relay_endpoint_counts *counts)
{
	*counts = e->counts;
	counts->pipes_now = net_endpoint_count(e->connections);
}
