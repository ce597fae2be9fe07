/* SPDX-License-Identifier: MIT */
#include "daemon/smb_connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <lmshare.h>
#include "daemon/counters.h"
#include "daemon/smb_authentication.h"
#include "daemon/smb_pipe.h"
#include "smb2/status.h"

/* While more than this waits to be sent, nothing is read. */
#define MAX_UNSENT_BYTES ((size_t)1 << 20)

/* As Windows names direct TCP. */
#define TRANSPORT "\\Device\\NetbiosSmb"

struct smb_connection {
	struct smb_connections *all;
	struct smb_connection *before, *next;
	struct net_stream *stream;
	struct smb2_server *smb;
	char from[NET_PEER_TEXT_BYTES];       /* its address */
	char client[NET_PEER_TEXT_BYTES + 5]; /* \\address, as the table has it */
	int64_t used_ms;                      /* when it was last heard of */
	int64_t nobody_since_ms;              /* when it came, or the last session went */
	bool is_working;                      /* a message of it is being answered */
	struct smb_pipes pipes;
	struct net_timer *turn; /* the next one, for calls that were left over */
};

/* A session, from its first token on. */
struct smb_session {
	struct smb_connection *client;
	struct smb2_server_session *session;
	struct auth_acceptor *acceptor;  /* between two steps of a log-on */
	struct smb_authentication *step; /* under way */
	uint32_t id;                     /* in the table; 0: it is not there */
	int64_t created_ms, used_ms;
	bool shall_close; /* once the message that asked for it is answered */
};

static int64_t smb_connection_now_ms(const struct smb_connection *client)
{
	struct srvsvc_server *service = client->all->service;

	return service->now_ms(service->context);
}

/* ---- the session table ---- */

static struct session_facts smb_session_facts(const struct smb_session *m)
{
	const struct identity *who = smb2_server_session_identity(m->session);

	return (struct session_facts){
		.client = m->client->client,
		.user = identity_user(who),
		.client_type = "", /* [MS-SRVS] 2.2.4.13: since Windows Vista */
		.transport = TRANSPORT,
		.num_opens = smb2_server_session_pipes(m->session),
		.user_flags = identity_is_authenticated(who) ? 0 : SESS_GUEST,
		.created_ms = m->created_ms,
		.used_ms = m->used_ms,
	};
}

static struct smb_session *smb_session_from_key(uint64_t key)
{
	return (struct smb_session *)(uintptr_t)key;
}

static bool smb_connection_send(struct smb_connection *client);

/* Closes sessions that somebody wanted closed, and the connection with the last one of them. */
static void smb_connection_close_marked(struct smb_connection *client)
{
	struct smb2_server_session *s = smb2_server_sessions(client->smb), *next;
	bool has_closed = false;

	for (; s != NULL; s = next) {
		const struct smb_session *m = smb2_server_session_tag(s);

		next = smb2_server_session_next(s);
		if (m != NULL && m->shall_close) {
			smb2_server_close_session(client->smb, s);
			has_closed = true;
		}
	}
	/* Whoever waited in them is told. */
	if (has_closed &&
	    (smb2_server_sessions(client->smb) == NULL || !smb_connection_send(client)))
		smb_connection_end(client);
}

/* NetrSessionDel: its answer leaves first, where the session is the one that asked. */
static void smb_session_close(void *context, uint64_t key)
{
	struct smb_session *m = smb_session_from_key(key);

	(void)context;
	m->shall_close = true;
	if (!m->client->is_working)
		smb_connection_close_marked(m->client);
}

static void smb_session_renumber(void *context, uint64_t key, uint32_t id)
{
	(void)context;
	smb_session_from_key(key)->id = id;
}

static struct session_owner owner = { .close = smb_session_close,
	                              .renumbered = smb_session_renumber,
	                              .name = "smb" };

/* ---- the smbserver's host ---- */

static void smb_connection_on_authenticated(void *context, struct auth_acceptor *acceptor,
                                            const struct smb2_server_authentication *result);

static struct smb_session *smb_session_new(struct smb_connection *client,
                                           struct smb2_server_session *s)
{
	struct smb_session *m = calloc(1, sizeof *m);

	if (m != NULL) {
		m->client = client;
		m->session = s;
		smb2_server_session_set_tag(s, m);
	}
	return m;
}

static bool smb_host_authenticate(void *context, struct smb2_server_session *s,
                                  const uint8_t *token, size_t bytes)
{
	struct smb_connection *client = context;
	struct smb_session *m = smb2_server_session_tag(s);
	struct auth_acceptor *acceptor;

	if (m == NULL)
		m = smb_session_new(client, s);
	if (m == NULL)
		return false;
	acceptor = m->acceptor != NULL ? m->acceptor
	                               : auth_acceptor_new(client->all->acceptor_settings);
	m->acceptor = NULL;
	if (acceptor != NULL)
		m->step = smb_authentication_start(client->all->loop, acceptor, token, bytes,
		                                   smb_connection_on_authenticated, m);
	return m->step != NULL;
}

#define FILETIME_UNIX_EPOCH_S 11644473600

static uint64_t smb_host_system_time(void *context)
{
	struct timespec now;

	(void)context;
	clock_gettime(CLOCK_REALTIME, &now);
	return ((uint64_t)now.tv_sec + FILETIME_UNIX_EPOCH_S) * 10000000 +
	       (uint64_t)now.tv_nsec / 100;
}

static void smb_connection_audit_log_on(struct smb_connection *client,
                                        const struct auth_acceptor *acceptor,
                                        const struct identity *who, uint32_t nt)
{
	const char *claim = auth_acceptor_claim(acceptor);
	bool is_refused = nt != STATUS_SUCCESS;
	struct srvsvc_server *service = client->all->service;
	const struct srvsvc_event event = {
		.operation = "log-on",
		.identity = who,
		.address = client->from,
		.endpoint = "smb",
		.level = -1,
		.user = is_refused && claim[0] != '\0' ? claim : NULL,
		.status = is_refused ? smb2_status_to_win32(nt) : NERR_Success,
		.detail = is_refused ? auth_acceptor_reason(acceptor) : NULL,
	};

	counters_add(is_refused ? COUNTER_LOG_ONS_REFUSED : COUNTER_LOG_ONS, 1);
	service->report(service->context, &event);
}

static void smb_host_session_established(void *context, struct smb2_server_session *s)
{
	struct smb_connection *client = context;
	struct smb_session *m = smb2_server_session_tag(s);
	struct session_facts facts;

	m->created_ms = m->used_ms = smb_connection_now_ms(client);
	facts = smb_session_facts(m);
	m->id = session_table_add(client->all->service->table, &facts, &owner,
	                          (uint64_t)(uintptr_t)m);
}

static void smb_host_session_changed(void *context, struct smb2_server_session *s)
{
	struct smb_connection *client = context;
	struct smb_session *m = smb2_server_session_tag(s);
	struct session_facts facts;

	if (m == NULL || m->id == 0)
		return;
	facts = smb_session_facts(m);
	(void)session_table_update(client->all->service->table, m->id, &facts);
}

static void smb_host_session_used(void *context, struct smb2_server_session *s)
{
	struct smb_connection *client = context;
	struct smb_session *m = smb2_server_session_tag(s);

	counters_add(COUNTER_SMB_REQUESTS, 1);
	m->used_ms = client->used_ms;
	session_table_touch(client->all->service->table, m->id, m->used_ms);
}

static void smb_host_session_closed(void *context, struct smb2_server_session *s)
{
	struct smb_connection *client = context;
	struct smb_session *m = smb2_server_session_tag(s);

	if (smb2_server_session_identity(s) != NULL)
		client->nobody_since_ms = smb_connection_now_ms(client);
	if (m == NULL)
		return;
	smb_authentication_abandon(m->step);
	auth_acceptor_free(m->acceptor);
	session_table_remove(client->all->service->table, m->id);
	smb2_server_session_set_tag(s, NULL);
	free(m);
}

static void smb_host_close_previous(void *context, struct smb2_server_session *s, uint64_t id)
{
	const struct smb_connection *client = context;

	for (struct smb_connection *other = client->all->first; other != NULL; other = other->next)
		for (struct smb2_server_session *previous = smb2_server_sessions(other->smb);
		     previous != NULL; previous = smb2_server_session_next(previous))
			if (smb2_server_session_id(previous) == id &&
			    smb2_server_session_identity(previous) != NULL &&
			    identity_is_same(smb2_server_session_identity(previous),
			                     smb2_server_session_identity(s))) {
				smb_session_close(
					NULL,
					(uint64_t)(uintptr_t)smb2_server_session_tag(previous));
				return;
			}
}

static void *smb_host_pipe_open(void *context, struct smb2_server_session *s, const char *name,
                                uint32_t *nt)
{
	struct smb_connection *client = context;

	return smb_pipe_open(&client->pipes, client->all->acceptor_settings,
	                     smb2_server_session_identity(s), name, nt);
}

static const struct smb2_server_host host = {
	.authenticate = smb_host_authenticate,
	.now = smb_host_system_time,
	.session_came = smb_host_session_established,
	.session_changed = smb_host_session_changed,
	.session_used = smb_host_session_used,
	.session_went = smb_host_session_closed,
	.close_previous = smb_host_close_previous,
	.pipe_open = smb_host_pipe_open,
	.pipe_write = smb_pipe_write,
	.pipe_pending = smb_pipe_pending,
	.pipe_read = smb_pipe_read,
	.pipe_is_over = smb_pipe_is_over,
	.pipe_close = smb_pipe_close,
};

/* ---- the connection ---- */

/* Sends what there is. False: out of memory. */
static bool smb_connection_send(struct smb_connection *client)
{
	struct wire_writer *out = smb2_server_out(client->smb);
	bool is_sent = true;

	if (out->len > 0) {
		counters_add(COUNTER_SMB_BYTES_OUT, out->len);
		is_sent = net_stream_send(client->stream, out->data, out->len);
		wire_writer_fini(out); /* an idle client costs no buffer */
	}
	return is_sent;
}

static void smb_connection_on_turn(void *context);

/* Calls that were left over are made when others have had their turn. */
static void smb_connection_schedule_turn(struct smb_connection *client)
{
	if (client->pipes.wants_turn && client->turn == NULL)
		client->turn = net_timer_start(client->all->loop, 0, smb_connection_on_turn,
		                               client);
}

/* Answers what has come, as fast as the answers are read. */
static void smb_connection_work(struct smb_connection *client)
{
	enum smb2_server_progress progress = SMB2_SERVER_WORKED;
	bool is_good = true;

	client->is_working = true;
	smb_pipes_begin_turn(&client->pipes);
	while (is_good && progress == SMB2_SERVER_WORKED &&
	       net_stream_unsent(client->stream) < MAX_UNSENT_BYTES) {
		progress = smb2_server_work(client->smb);
		is_good = smb_connection_send(client);
	}
	client->is_working = false;
	if (progress == SMB2_SERVER_CLOSE)
		counters_add(COUNTER_SMB_MALFORMED, 1);
	if (!is_good || progress == SMB2_SERVER_CLOSE) {
		smb_connection_end(client);
		return;
	}
	if (progress == SMB2_SERVER_WORKED)
		net_stream_pause(client->stream);
	else
		net_stream_resume(client->stream);
	smb_connection_schedule_turn(client);
	if (client->all->is_draining)
		smb_connection_end_if_answered(client);
	else
		smb_connection_close_marked(client);
}

static void smb_connection_on_authenticated(void *context, struct auth_acceptor *acceptor,
                                            const struct smb2_server_authentication *result)
{
	struct smb_session *m = context;
	struct smb_connection *client = m->client;
	bool is_over = result->nt != STATUS_MORE_PROCESSING_REQUIRED;
	uint32_t nt;

	m->step = NULL;
	m->acceptor = is_over ? NULL : acceptor;
	client->is_working = true;
	nt = smb2_server_authenticated(client->smb, m->session, result);
	client->is_working = false;
	if (is_over) {
		smb_connection_audit_log_on(client, acceptor, result->who, nt);
		auth_acceptor_free(acceptor);
	}
	if (smb_connection_send(client))
		smb_connection_work(client);
	else
		smb_connection_end(client);
}

static void smb_connection_on_rpc_log_on(void *context, const struct auth_acceptor *acceptor,
                                         const struct identity *who, uint32_t nt)
{
	smb_connection_audit_log_on(context, acceptor, who, nt);
}

static void smb_connection_on_turn(void *context)
{
	struct smb_connection *client = context;

	net_timer_stop(client->turn);
	client->turn = NULL;
	client->is_working = true;
	smb_pipes_begin_turn(&client->pipes);
	smb_pipes_go_on(&client->pipes);
	smb2_server_pipes_changed(client->smb);
	client->is_working = false;
	if (smb_connection_send(client))
		smb_connection_work(client);
	else
		smb_connection_end(client);
}

static void smb_connection_on_fresh(void *context)
{
	struct smb_connection *client = context;

	client->pipes.is_refreshed = true;
	smb_connection_on_turn(client);
}

static void smb_connection_on_rpc_step(void *context, struct smb_pipe *pipe)
{
	struct smb_connection *client = context;

	client->is_working = true;
	smb_pipes_begin_turn(&client->pipes);
	smb_pipe_answer(pipe);
	smb2_server_pipes_changed(client->smb);
	client->is_working = false;
	if (smb_connection_send(client))
		smb_connection_work(client);
	else
		smb_connection_end(client);
}

static const struct smb_pipes_handler pipes_handler = { smb_connection_on_rpc_log_on,
	                                                smb_connection_on_rpc_step };

static uint8_t *smb_connection_on_space(void *context, size_t *room)
{
	struct smb_connection *client = context;

	return smb2_server_space(client->smb, room);
}

static void smb_connection_on_received(void *context, size_t bytes)
{
	struct smb_connection *client = context;

	client->used_ms = smb_connection_now_ms(client);
	counters_add(COUNTER_SMB_BYTES_IN, bytes);
	smb2_server_received(client->smb, bytes);
	smb_connection_work(client);
}

static void smb_connection_on_ended(void *context, const struct err *err)
{
	(void)err;
	smb_connection_end(context);
}

static void smb_connection_on_drained(void *context)
{
	smb_connection_work(context);
}

static void smb_connection_set_client_name(struct smb_connection *client)
{
	bool is_v6 = strchr(client->from, ':') != NULL;

	(void)snprintf(client->client, sizeof client->client, is_v6 ? "\\\\[%s]" : "\\\\%s",
	               client->from);
}

void smb_connection_start(struct smb_connections *all, int socket)
{
	static const struct net_stream_handler handler = { smb_connection_on_space,
		                                           smb_connection_on_received,
		                                           smb_connection_on_ended,
		                                           smb_connection_on_drained };
	struct smb_connection *client = calloc(1, sizeof *client);

	counters_add(COUNTER_SMB_CONNECTIONS, 1);
	if (client == NULL || !net_socket_peer_text(socket, client->from) ||
	    (client->smb = smb2_server_new(&all->smb, &host, client)) == NULL) {
		net_socket_hang_up(socket);
		free(client);
		return;
	}
	client->all = all;
	client->pipes = (struct smb_pipes){ .loop = all->loop,
		                            .service = all->service,
		                            .from = client->from,
		                            .handler = &pipes_handler,
		                            .context = client,
		                            .refresh = all->refresh,
		                            .wait = { .over = smb_connection_on_fresh,
		                                      .context = client } };
	client->used_ms = client->nobody_since_ms = smb_connection_now_ms(client);
	smb_connection_set_client_name(client);
	client->next = all->first;
	if (client->next != NULL)
		client->next->before = client;
	all->first = client;
	all->count++;
	counters_add(COUNTER_SMB_CONNECTIONS_NOW, 1);
	client->stream = net_stream_new(all->loop, socket, &handler, client);
	if (client->stream == NULL)
		smb_connection_end(client);
}

void smb_connection_end(struct smb_connection *client)
{
	struct smb_connections *all = client->all;

	refresh_cancel_wait(all->refresh, &client->pipes.wait);
	net_timer_stop(client->turn);
	net_stream_finish(client->stream);
	smb2_server_free(client->smb);
	if (client->before != NULL)
		client->before->next = client->next;
	else
		all->first = client->next;
	if (client->next != NULL)
		client->next->before = client->before;
	free(client);
	all->count--;
	counters_sub(COUNTER_SMB_CONNECTIONS_NOW, 1);
	all->connection_ended(all->context);
}

void smb_connection_end_if_answered(struct smb_connection *client)
{
	if (net_stream_unsent(client->stream) == 0 && smb_pipes_are_answered(&client->pipes))
		smb_connection_end(client);
}

struct smb_connection *smb_connection_next(const struct smb_connection *client)
{
	return client->next;
}

int64_t smb_connection_idle_since_ms(const struct smb_connection *client)
{
	return smb_connection_has_session(client) ? client->used_ms : client->nobody_since_ms;
}

bool smb_connection_has_session(const struct smb_connection *client)
{
	for (const struct smb2_server_session *s = smb2_server_sessions(client->smb); s != NULL;
	     s = smb2_server_session_next(s))
		if (smb2_server_session_identity(s) != NULL)
			return true;
	return false;
}
