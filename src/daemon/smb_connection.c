/* SPDX-License-Identifier: MIT */
/* smb_connection_run takes the events of the SMB2 server and handles one after another until there
 * is none left. Whatever happens to a connection is put into the server first: bytes were received,
 * a step of a log-on has ended, a pipe has data, a session has to be closed. Then
 * smb_connection_run is called. It is called last, because it may end the connection. */
#include "daemon/smb_connection.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "daemon/counters.h"
#include "daemon/smb_pipe.h"
#include "daemon/smb_session.h"
#include "net/stream.h"
#include "smb2/status.h"

/* While more than this is unsent, nothing is received and no message is answered; less before a
 * log-on, and for an account that holds as much memory as it may. */
#define MAX_UNSENT_BYTES   ((size_t)1 << 20)
#define LEAST_UNSENT_BYTES ((size_t)1 << 16)

struct smb_connection {
	struct smb_connections *all;
	struct net_connection net;
	struct net_stream *stream;
	struct smb2_server *server;
	struct smb_sessions sessions;
	struct smb_pipes pipes;
	size_t unsent_bytes; /* as the service has counted them */

	/* While the events are handled: */
	bool is_blocked;       /* too much is unsent */
	bool is_out_of_memory; /* data could not be sent for want of memory */
};

static void smb_connection_run(struct smb_connection *connection);
static void smb_connection_end(struct smb_connection *connection);

static int64_t smb_connection_now_ms(const struct smb_connection *connection)
{
	struct srvsvc_server *service = connection->all->service;

	return service->now_ms(service->context);
}

/* ---- closing a connection ---- */

/* Ends a connection and logs the reason. */
__attribute__((format(printf, 3, 4))) static void
smb_connection_close(struct smb_connection *connection, enum log_level level, const char *format,
                     ...)
{
	char reason[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reason, sizeof reason, format, arguments);
	va_end(arguments);
	log_write_fields_limited(&connection->all->log, smb_connection_now_ms(connection), level,
	                         &(struct log_fields){ .message = LOG_MESSAGE_CONNECTION_CLOSED,
	                                               .client = connection->net.peer.text },
	                         "SMB connection from %s closed: %s", connection->net.peer.text,
	                         reason);
	smb_connection_end(connection);
}

/* ---- all events ---- */

static void smb_connection_close_previous(struct net_connection *net, void *data)
{
	struct smb_connection *other = net->context;

	smb_sessions_close_previous(&other->sessions, data);
}

static void smb_connection_open_pipe(struct smb_connection *connection,
                                     const struct smb2_server_event *e)
{
	uint32_t nt = STATUS_SUCCESS;
	struct smb_pipe *pipe = smb_pipe_open(&connection->pipes, e->pipe, e->session, e->name,
	                                      &nt);

	if (pipe != NULL)
		smb2_server_pipe_opened(e->pipe, pipe);
	else
		smb2_server_pipe_refused(e->pipe, nt);
}

/* NULL: no user has logged on. */
static struct srvsvc_account *smb_connection_account(const struct smb_connection *connection)
{
	struct account_usage *usage = connection->sessions.usage;

	return usage != NULL ? &usage->memory : NULL;
}

static size_t smb_connection_max_unsent(const struct smb_connection *connection)
{
	const struct srvsvc_account *account = smb_connection_account(connection);

	return account == NULL || srvsvc_account_is_full(connection->all->service, account)
	               ? LEAST_UNSENT_BYTES
	               : MAX_UNSENT_BYTES;
}

static void smb_connection_count_unsent(struct smb_connection *connection, size_t bytes)
{
	struct srvsvc_account *account = smb_connection_account(connection);

	if (account != NULL)
		srvsvc_count_held(connection->all->service, account, &connection->unsent_bytes,
		                  bytes);
}

/* Sends the responses, or leaves them with the server while too much is unsent. */
static void smb_connection_send(struct smb_connection *connection,
                                const struct smb2_server_event *e)
{
	connection->is_blocked = net_stream_unsent(connection->stream) >=
	                         smb_connection_max_unsent(connection);
	if (connection->is_blocked)
		return;
	counters_add(COUNTER_SMB_BYTES_OUT, e->bytes);
	if (!net_stream_send(connection->stream, e->data, e->bytes))
		connection->is_out_of_memory = true;
	smb2_server_sent(connection->server);
}

static void smb_connection_handle(struct smb_connection *connection,
                                  const struct smb2_server_event *e)
{
	struct smb_session *s = e->session != NULL ? smb2_server_session_tag(e->session) : NULL;
	struct smb_pipe *pipe = e->pipe != NULL ? smb2_server_pipe_tag(e->pipe) : NULL;

	switch (e->type) {
	case SMB2_SERVER_AUTHENTICATE:
		smb_sessions_authenticate(&connection->sessions, e);
		break;
	case SMB2_SERVER_SESSION_ESTABLISHED:
		smb_session_established(s);
		break;
	case SMB2_SERVER_SESSION_CHANGED:
		smb_session_changed(s);
		smb_pipes_set_identity(&connection->pipes, e->session);
		break;
	case SMB2_SERVER_SESSION_USED:
		smb_session_used(s);
		break;
	case SMB2_SERVER_SESSION_CLOSED:
		if (s != NULL) /* NULL: there was no memory for it */
			smb_session_closed(s);
		break;
	case SMB2_SERVER_CLOSE_PREVIOUS_SESSION:
		net_endpoint_visit(connection->all->endpoint, smb_connection_close_previous,
		                   (void *)(uintptr_t)e);
		break;
	case SMB2_SERVER_PIPE_OPEN:
		smb_connection_open_pipe(connection, e);
		break;
	case SMB2_SERVER_PIPE_WRITE:
		smb_pipe_write(pipe, e->data, e->bytes);
		break;
	case SMB2_SERVER_PIPE_READ:
		smb_pipe_read(pipe, e->to, e->max_bytes);
		break;
	case SMB2_SERVER_PIPE_CLOSED:
		smb_pipe_close(pipe);
		break;
	case SMB2_SERVER_SEND:
		smb_connection_send(connection, e);
		break;
	case SMB2_SERVER_DISCONNECT:
		break;
	}
}

static bool smb_connection_is_answered(const struct smb_connection *connection)
{
	return !connection->is_blocked && !net_connection_awaits_turn(&connection->net) &&
	       net_stream_unsent(connection->stream) == 0 &&
	       smb_pipes_are_answered(&connection->pipes);
}

/* False: the connection waits for its turn. */
static bool smb_connection_begin_turn(struct smb_connection *connection)
{
	bool has_turn = net_connection_begin_turn(&connection->net);

	if (!has_turn)
		net_stream_pause(connection->stream);
	return has_turn;
}

/* Handles events while the turn lasts, as fast as the client receives the responses. A turn ends
 * behind the responses to a message and not within it: the end of a log-on needs a server that
 * waits for the next message. May end the connection. */
static void smb_connection_run_events(struct smb_connection *connection)
{
	struct smb2_server_event e = { 0 };
	bool is_disconnected = false, is_over = false;

	connection->is_blocked = false;
	connection->sessions.closed_reason = NULL;
	while (!is_disconnected && !connection->is_blocked && !connection->is_out_of_memory &&
	       !is_over && smb2_server_next_event(connection->server, &e)) {
		smb_connection_handle(connection, &e);
		is_disconnected = e.type == SMB2_SERVER_DISCONNECT;
		is_over = e.type == SMB2_SERVER_SEND &&
		          net_connection_turn_is_over(&connection->net);
	}
	smb_connection_count_unsent(connection, net_stream_unsent(connection->stream));
	if (is_disconnected) {
		counters_add(COUNTER_SMB_MALFORMED, 1);
		smb_connection_close(connection, LOG_LEVEL_WARNING, "protocol error: %s", e.reason);
		return;
	}
	if (connection->is_out_of_memory) {
		smb_connection_close(connection, LOG_LEVEL_ERROR, "out of memory");
		return;
	}
	if (connection->sessions.closed_reason != NULL &&
	    smb2_server_sessions(connection->server) == NULL) {
		smb_connection_close(connection, LOG_LEVEL_NOTICE, "%s",
		                     connection->sessions.closed_reason);
		return;
	}
	is_over |= connection->pipes.wants_turn;
	if (is_over)
		net_connection_await_turn(&connection->net);
	if (is_over || connection->is_blocked)
		net_stream_pause(connection->stream);
	else
		net_stream_resume(connection->stream);
	if (net_endpoint_is_draining(connection->all->endpoint) &&
	    smb_connection_is_answered(connection))
		smb_connection_close(connection, LOG_LEVEL_INFO, "netsessiond is stopping");
}

static void smb_connection_run(struct smb_connection *connection)
{
	if (smb_connection_begin_turn(connection))
		smb_connection_run_events(connection);
}

/* ---- reloads ---- */

void smb_connection_judge(struct net_connection *net, void *former)
{
	struct smb_connection *connection = net->context;

	smb_pipes_judge(&connection->pipes, former);
	smb_sessions_judge(&connection->sessions, former);
}

/* ---- what is put into the server ---- */

static void smb_connection_go_on(struct smb_connection *connection)
{
	if (!smb_connection_begin_turn(connection))
		return;
	smb_pipes_go_on(&connection->pipes);
	smb_connection_run_events(connection);
}

static void smb_connection_on_refreshed(void *context)
{
	struct smb_connection *connection = context;

	connection->pipes.is_refreshed = true;
	smb_connection_go_on(connection);
}

static void smb_connection_on_rpc_log_on(void *context, const struct auth_acceptor *acceptor,
                                         const struct identity *identity, uint32_t nt)
{
	struct smb_connection *connection = context;

	smb_sessions_audit_log_on(&connection->sessions, "log-on", acceptor, identity, nt);
}

static void smb_connection_on_pipe_changed(void *context)
{
	smb_connection_run(context);
}

static void smb_connection_on_session_changed(void *context)
{
	smb_connection_run(context);
}

static const struct smb_pipes_handler smb_connection_pipes_handler = {
	smb_connection_on_rpc_log_on, smb_connection_on_pipe_changed
};

static uint8_t *smb_connection_on_space(void *context, size_t *room)
{
	struct smb_connection *connection = context;

	return smb2_server_space(connection->server, room);
}

#define FILETIME_UNIX_EPOCH_S 11644473600

static uint64_t smb_connection_filetime(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return ((uint64_t)now.tv_sec + FILETIME_UNIX_EPOCH_S) * 10000000 +
	       (uint64_t)now.tv_nsec / 100;
}

static void smb_connection_on_received(void *context, size_t bytes)
{
	struct smb_connection *connection = context;

	connection->sessions.used_ms = smb_connection_now_ms(connection);
	net_connection_touch(&connection->net);
	smb_sessions_expire_due(&connection->sessions);
	counters_add(COUNTER_SMB_BYTES_IN, bytes);
	smb2_server_received(connection->server, bytes, smb_connection_filetime());
	smb_connection_run(connection);
}

/* A client may close its connection at any time: that is logged for debugging only. */
static void smb_connection_on_ended(void *context, const struct err *err)
{
	bool is_ours = err->status == ERROR_NOT_ENOUGH_MEMORY;

	smb_connection_close(context, is_ours ? LOG_LEVEL_ERROR : LOG_LEVEL_DEBUG, "%s",
	                     is_ours ? "out of memory" : "the client has closed the connection");
}

static void smb_connection_on_drained(void *context)
{
	smb_connection_run(context);
}

/* ---- the beginning and the end ---- */

static bool smb_connection_init(struct smb_connection *connection, struct smb_connections *all,
                                int socket)
{
	static const struct net_stream_handler handler = { smb_connection_on_space,
		                                           smb_connection_on_received,
		                                           smb_connection_on_ended,
		                                           smb_connection_on_drained };

	connection->all = all;
	connection->server = smb2_server_new(&all->smb);
	connection->stream = net_stream_new(all->loop, socket, &handler, connection);
	return connection->server != NULL && connection->stream != NULL;
}

static void smb_connection_free(struct smb_connection *connection)
{
	smb2_server_free(connection->server);
	net_stream_finish(connection->stream);
	free(connection);
}

static void smb_connection_on_accepted(void *context, int socket, const struct net_peer *peer)
{
	struct smb_connections *all = context;
	struct smb_connection *connection = calloc(1, sizeof *connection);

	counters_add(COUNTER_SMB_CONNECTIONS, 1);
	if (connection == NULL || !smb_connection_init(connection, all, socket)) {
		log_write_limited(&all->log, all->service->now_ms(all->service->context),
		                  LOG_LEVEL_ERROR, "SMB connection from %s closed: out of memory",
		                  peer->text);
		if (connection == NULL)
			net_socket_hang_up(socket);
		else
			smb_connection_free(connection);
		return;
	}
	connection->net.context = connection;
	net_connection_add(all->endpoint, &connection->net, peer);
	connection->sessions =
		(struct smb_sessions){ .all = all,
		                       .net = &connection->net,
		                       .server = connection->server,
		                       .changed = smb_connection_on_session_changed,
		                       .context = connection,
		                       .used_ms = smb_connection_now_ms(connection) };
	(void)snprintf(connection->sessions.client, sizeof connection->sessions.client, "\\\\%s",
	               peer->text);
	connection->pipes = (struct smb_pipes){ .all = all,
		                                .net = &connection->net,
		                                .handler = &smb_connection_pipes_handler,
		                                .context = connection,
		                                .wait = { .over = smb_connection_on_refreshed,
		                                          .context = connection } };
	counters_add(COUNTER_SMB_CONNECTIONS_NOW, 1);
}

static void smb_connection_end(struct smb_connection *connection)
{
	struct smb2_server_event e;

	smb2_server_close(connection->server);
	while (smb2_server_next_event(connection->server, &e))
		smb_connection_handle(connection, &e);
	refresh_cancel_wait(connection->all->refresh, &connection->pipes.wait);
	net_connection_remove(&connection->net);
	smb_connection_count_unsent(connection, 0);
	account_usage_release(connection->sessions.usage);
	smb_connection_free(connection);
	counters_sub(COUNTER_SMB_CONNECTIONS_NOW, 1);
}

/* ---- the endpoint ---- */

static bool smb_connections_have(const struct ip_network *list, unsigned count,
                                 const struct ip_address *address)
{
	for (unsigned i = 0; i < count; i++)
		if (ip_network_has(&list[i], address))
			return true;
	return false;
}

static bool smb_connection_on_admission(void *context, const struct net_peer *peer)
{
	const struct smb_connections *all = context;
	struct ip_address address;

	if (all->allowed_count == 0 && all->denied_count == 0)
		return true;
	if (!ip_address_parse(peer->text, &address))
		return false;
	if (smb_connections_have(all->allowed, all->allowed_count, &address))
		return true;
	return all->allowed_count == 0 &&
	       !smb_connections_have(all->denied, all->denied_count, &address);
}

static void smb_connection_on_refused(void *context, const struct net_peer *peer,
                                      const char *reason)
{
	struct smb_connections *all = context;

	counters_add(COUNTER_SMB_CONNECTIONS, 1);
	counters_add(COUNTER_SMB_REFUSED, 1);
	log_write_fields_limited(&all->log, all->service->now_ms(all->service->context),
	                         LOG_LEVEL_NOTICE,
	                         &(struct log_fields){ .message = LOG_MESSAGE_CONNECTION_REFUSED,
	                                               .client = peer->text },
	                         "SMB connection from %s refused: %s", peer->text, reason);
}

static void smb_connection_on_close(struct net_connection *net, enum net_close_reason reason)
{
	struct smb_connection *connection = net->context;

	if (reason == NET_CLOSE_END) {
		smb_connection_close(connection, LOG_LEVEL_INFO, "netsessiond has stopped");
		return;
	}
	if (reason == NET_CLOSE_EVICTED) {
		counters_add(COUNTER_SMB_EVICTED, 1);
		smb_connection_close(connection, LOG_LEVEL_NOTICE,
		                     "the endpoint is full, and no address has more connections "
		                     "without a log-on (max_unauthenticated_connections)");
		return;
	}
	counters_add(COUNTER_SMB_TIMED_OUT, 1);
	if (connection->sessions.established > 0)
		smb_connection_close(connection, LOG_LEVEL_NOTICE,
		                     "no request for %u s (idle_timeout_s)",
		                     (unsigned)connection->all->idle_timeout_s);
	else
		smb_connection_close(connection, LOG_LEVEL_NOTICE,
		                     "no log-on within %u s (log_on_timeout_s)",
		                     (unsigned)connection->all->log_on_timeout_s);
}

static void smb_connection_on_drain(struct net_connection *net)
{
	struct smb_connection *connection = net->context;

	if (smb_connection_is_answered(connection))
		smb_connection_close(connection, LOG_LEVEL_INFO, "netsessiond is stopping");
}

static void smb_connection_on_turn(struct net_connection *net)
{
	smb_connection_go_on(net->context);
}

const struct net_endpoint_handler smb_connection_handler = {
	.accepted = smb_connection_on_accepted,
	.refused = smb_connection_on_refused,
	.close = smb_connection_on_close,
	.drain = smb_connection_on_drain,
	.turn = smb_connection_on_turn,
	.admits = smb_connection_on_admission,
};
