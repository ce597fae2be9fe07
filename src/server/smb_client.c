/* SPDX-License-Identifier: MIT */
#include "server/smb_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <lmshare.h>
#include "server/counters.h"
#include "server/smb_log_on.h"
#include "server/smb_pipe.h"
#include "smb2/status.h"

/* While more than this waits to be sent, nothing is read. */
#define MAX_UNSENT_BYTES ((size_t)1 << 20)

/* As Windows names direct TCP. */
#define TRANSPORT "\\Device\\NetbiosSmb"

struct smb_client {
	struct smb_clients *all;
	struct smb_client *before, *next;
	struct net_stream *stream;
	struct smbserver *smb;
	char from[NET_PEER_TEXT_BYTES];       /* its address */
	char client[NET_PEER_TEXT_BYTES + 5]; /* \\address, as the table has it */
	int64_t used_ms;                      /* when it was last heard of */
	int64_t nobody_since_ms;              /* when it came, or the last session went */
	bool is_working;                      /* a message of it is being answered */
	struct smb_pipes pipes;
	struct net_timer *turn; /* the next one, for calls that were left over */
};

/* A session, from its first token on. */
struct member {
	struct smb_client *client;
	struct smbserver_session *session;
	struct auth_acceptor *acceptor; /* between two steps of a log-on */
	struct smb_log_on_step *step;   /* under way */
	uint32_t id;                    /* in the table; 0: it is not there */
	int64_t created_ms, used_ms;
	bool shall_close; /* once the message that asked for it is answered */
};

static int64_t now_ms(const struct smb_client *client)
{
	struct service *service = client->all->service;

	return service->now_ms(service->context);
}

/* ---- the session table ---- */

static struct session_facts facts_of(const struct member *m)
{
	const struct identity *who = smbserver_session_who(m->session);

	return (struct session_facts){
		.client = m->client->client,
		.user = identity_user(who),
		.client_type = "", /* [MS-SRVS] 2.2.4.13: since Windows Vista */
		.transport = TRANSPORT,
		.num_opens = smbserver_session_pipes(m->session),
		.user_flags = identity_is_authenticated(who) ? 0 : SESS_GUEST,
		.created_ms = m->created_ms,
		.used_ms = m->used_ms,
	};
}

static struct member *member_of(uint64_t key)
{
	return (struct member *)(uintptr_t)key;
}

static bool send_out(struct smb_client *client);

/* Closes sessions that somebody wanted closed, and the connection with the last one of them. */
static void close_marked(struct smb_client *client)
{
	struct smbserver_session *s = smbserver_sessions(client->smb), *next;
	bool has_closed = false;

	for (; s != NULL; s = next) {
		const struct member *m = smbserver_session_tag(s);

		next = smbserver_session_next(s);
		if (m != NULL && m->shall_close) {
			smbserver_close_session(client->smb, s);
			has_closed = true;
		}
	}
	/* Whoever waited in them is told. */
	if (has_closed && (smbserver_sessions(client->smb) == NULL || !send_out(client)))
		smb_client_end(client);
}

/* NetrSessionDel: its answer leaves first, where the session is the one that asked. */
static void close_session(void *context, uint64_t key)
{
	struct member *m = member_of(key);

	(void)context;
	m->shall_close = true;
	if (!m->client->is_working)
		close_marked(m->client);
}

static void renumber(void *context, uint64_t key, uint32_t id)
{
	(void)context;
	member_of(key)->id = id;
}

static struct session_owner owner = { .close = close_session,
	                              .renumbered = renumber,
	                              .name = "smb" };

/* ---- the smbserver's host ---- */

static void on_log_on_step(void *context, struct auth_acceptor *acceptor,
                           const struct smbserver_log_on *result);

static struct member *member_new(struct smb_client *client, struct smbserver_session *s)
{
	struct member *m = calloc(1, sizeof *m);

	if (m != NULL) {
		m->client = client;
		m->session = s;
		smbserver_session_set_tag(s, m);
	}
	return m;
}

static bool host_authenticate(void *context, struct smbserver_session *s, const uint8_t *token,
                              size_t bytes)
{
	struct smb_client *client = context;
	struct member *m = smbserver_session_tag(s);
	struct auth_acceptor *acceptor;

	if (m == NULL)
		m = member_new(client, s);
	if (m == NULL)
		return false;
	acceptor = m->acceptor != NULL ? m->acceptor : auth_acceptor_new(client->all->acceptance);
	m->acceptor = NULL;
	if (acceptor != NULL)
		m->step = smb_log_on_start(client->all->loop, acceptor, token, bytes,
		                           on_log_on_step, m);
	return m->step != NULL;
}

#define FILETIME_UNIX_EPOCH_S 11644473600

static uint64_t host_now(void *context)
{
	struct timespec now;

	(void)context;
	clock_gettime(CLOCK_REALTIME, &now);
	return ((uint64_t)now.tv_sec + FILETIME_UNIX_EPOCH_S) * 10000000 +
	       (uint64_t)now.tv_nsec / 100;
}

static void tell_of_log_on(struct smb_client *client, const struct auth_acceptor *acceptor,
                           const struct identity *who, uint32_t nt)
{
	const char *claim = auth_acceptor_claim(acceptor);
	bool is_refused = nt != STATUS_SUCCESS;
	struct service *service = client->all->service;
	const struct service_event event = {
		.operation = "log-on",
		.who = who,
		.from = client->from,
		.door = "smb",
		.level = -1,
		.user = is_refused && claim[0] != '\0' ? claim : NULL,
		.status = is_refused ? smb2_status_to_win32(nt) : NERR_Success,
		.why = is_refused ? auth_acceptor_why(acceptor) : NULL,
	};

	counters_add(is_refused ? COUNTER_LOG_ONS_REFUSED : COUNTER_LOG_ONS, 1);
	service->tell(service->context, &event);
}

static void host_session_came(void *context, struct smbserver_session *s)
{
	struct smb_client *client = context;
	struct member *m = smbserver_session_tag(s);
	struct session_facts facts;

	m->created_ms = m->used_ms = now_ms(client);
	facts = facts_of(m);
	m->id = session_table_add(client->all->service->table, &facts, &owner,
	                          (uint64_t)(uintptr_t)m);
}

static void host_session_changed(void *context, struct smbserver_session *s)
{
	struct smb_client *client = context;
	struct member *m = smbserver_session_tag(s);
	struct session_facts facts;

	if (m == NULL || m->id == 0)
		return;
	facts = facts_of(m);
	(void)session_table_update(client->all->service->table, m->id, &facts);
}

static void host_session_used(void *context, struct smbserver_session *s)
{
	struct smb_client *client = context;
	struct member *m = smbserver_session_tag(s);

	counters_add(COUNTER_SMB_REQUESTS, 1);
	m->used_ms = client->used_ms;
	session_table_touch(client->all->service->table, m->id, m->used_ms);
}

static void host_session_went(void *context, struct smbserver_session *s)
{
	struct smb_client *client = context;
	struct member *m = smbserver_session_tag(s);

	if (smbserver_session_who(s) != NULL)
		client->nobody_since_ms = now_ms(client);
	if (m == NULL)
		return;
	smb_log_on_abandon(m->step);
	auth_acceptor_free(m->acceptor);
	session_table_remove(client->all->service->table, m->id);
	smbserver_session_set_tag(s, NULL);
	free(m);
}

static void host_close_previous(void *context, struct smbserver_session *s, uint64_t id)
{
	const struct smb_client *client = context;

	for (struct smb_client *other = client->all->first; other != NULL; other = other->next)
		for (struct smbserver_session *previous = smbserver_sessions(other->smb);
		     previous != NULL; previous = smbserver_session_next(previous))
			if (smbserver_session_id(previous) == id &&
			    smbserver_session_who(previous) != NULL &&
			    identity_is_same(smbserver_session_who(previous),
			                     smbserver_session_who(s))) {
				close_session(NULL,
				              (uint64_t)(uintptr_t)smbserver_session_tag(previous));
				return;
			}
}

static void *host_pipe_open(void *context, struct smbserver_session *s, const char *name,
                            uint32_t *nt)
{
	struct smb_client *client = context;

	return smb_pipe_open(&client->pipes, client->all->acceptance, smbserver_session_who(s),
	                     name, nt);
}

static const struct smbserver_host host = {
	.authenticate = host_authenticate,
	.now = host_now,
	.session_came = host_session_came,
	.session_changed = host_session_changed,
	.session_used = host_session_used,
	.session_went = host_session_went,
	.close_previous = host_close_previous,
	.pipe_open = host_pipe_open,
	.pipe_write = smb_pipe_write,
	.pipe_pending = smb_pipe_pending,
	.pipe_read = smb_pipe_read,
	.pipe_is_over = smb_pipe_is_over,
	.pipe_close = smb_pipe_close,
};

/* ---- the connection ---- */

/* Sends what there is. False: out of memory. */
static bool send_out(struct smb_client *client)
{
	struct wire_writer *out = smbserver_out(client->smb);
	bool is_sent = true;

	if (out->len > 0) {
		counters_add(COUNTER_SMB_BYTES_OUT, out->len);
		is_sent = net_stream_send(client->stream, out->data, out->len);
		wire_writer_fini(out); /* an idle client costs no buffer */
	}
	return is_sent;
}

static void on_turn(void *context);

/* Calls that were left over are made when others have had their turn. */
static void mind_turn(struct smb_client *client)
{
	if (client->pipes.wants_turn && client->turn == NULL)
		client->turn = net_timer_start(client->all->loop, 0, on_turn, client);
}

/* Answers what has come, as fast as the answers are read. */
static void work(struct smb_client *client)
{
	enum smbserver_progress progress = SMBSERVER_WORKED;
	bool is_good = true;

	client->is_working = true;
	smb_pipes_begin_turn(&client->pipes);
	while (is_good && progress == SMBSERVER_WORKED &&
	       net_stream_unsent(client->stream) < MAX_UNSENT_BYTES) {
		progress = smbserver_work(client->smb);
		is_good = send_out(client);
	}
	client->is_working = false;
	if (progress == SMBSERVER_CLOSE)
		counters_add(COUNTER_SMB_MALFORMED, 1);
	if (!is_good || progress == SMBSERVER_CLOSE) {
		smb_client_end(client);
		return;
	}
	if (progress == SMBSERVER_WORKED)
		net_stream_pause(client->stream);
	else
		net_stream_resume(client->stream);
	mind_turn(client);
	if (client->all->is_draining)
		smb_client_end_if_answered(client);
	else
		close_marked(client);
}

static void on_log_on_step(void *context, struct auth_acceptor *acceptor,
                           const struct smbserver_log_on *result)
{
	struct member *m = context;
	struct smb_client *client = m->client;
	bool is_over = result->nt != STATUS_MORE_PROCESSING_REQUIRED;
	uint32_t nt;

	m->step = NULL;
	m->acceptor = is_over ? NULL : acceptor;
	client->is_working = true;
	nt = smbserver_authenticated(client->smb, m->session, result);
	client->is_working = false;
	if (is_over) {
		tell_of_log_on(client, acceptor, result->who, nt);
		auth_acceptor_free(acceptor);
	}
	if (send_out(client))
		work(client);
	else
		smb_client_end(client);
}

static void on_rpc_log_on(void *context, const struct auth_acceptor *acceptor,
                          const struct identity *who, uint32_t nt)
{
	tell_of_log_on(context, acceptor, who, nt);
}

static void on_turn(void *context)
{
	struct smb_client *client = context;

	net_timer_stop(client->turn);
	client->turn = NULL;
	client->is_working = true;
	smb_pipes_begin_turn(&client->pipes);
	smb_pipes_go_on(&client->pipes);
	smbserver_pipes_changed(client->smb);
	client->is_working = false;
	if (send_out(client))
		work(client);
	else
		smb_client_end(client);
}

static void on_fresh(void *context)
{
	struct smb_client *client = context;

	client->pipes.is_fresh = true;
	on_turn(client);
}

static void on_rpc_step(void *context, struct smb_pipe *pipe)
{
	struct smb_client *client = context;

	client->is_working = true;
	smb_pipes_begin_turn(&client->pipes);
	smb_pipe_answer(pipe);
	smbserver_pipes_changed(client->smb);
	client->is_working = false;
	if (send_out(client))
		work(client);
	else
		smb_client_end(client);
}

static const struct smb_pipes_handler pipes_handler = { on_rpc_log_on, on_rpc_step };

static uint8_t *on_space(void *context, size_t *room)
{
	struct smb_client *client = context;

	return smbserver_space(client->smb, room);
}

static void on_received(void *context, size_t bytes)
{
	struct smb_client *client = context;

	client->used_ms = now_ms(client);
	counters_add(COUNTER_SMB_BYTES_IN, bytes);
	smbserver_received(client->smb, bytes);
	work(client);
}

static void on_ended(void *context, const struct err *err)
{
	(void)err;
	smb_client_end(context);
}

static void on_drained(void *context)
{
	work(context);
}

static void name_client(struct smb_client *client)
{
	bool is_v6 = strchr(client->from, ':') != NULL;

	(void)snprintf(client->client, sizeof client->client, is_v6 ? "\\\\[%s]" : "\\\\%s",
	               client->from);
}

void smb_client_start(struct smb_clients *all, int socket)
{
	static const struct net_stream_handler handler = { on_space, on_received, on_ended,
		                                           on_drained };
	struct smb_client *client = calloc(1, sizeof *client);

	counters_add(COUNTER_SMB_CONNECTIONS, 1);
	if (client == NULL || !net_socket_peer_text(socket, client->from) ||
	    (client->smb = smbserver_new(&all->smb, &host, client)) == NULL) {
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
		                            .freshness = all->freshness,
		                            .wait = { .over = on_fresh, .context = client } };
	client->used_ms = client->nobody_since_ms = now_ms(client);
	name_client(client);
	client->next = all->first;
	if (client->next != NULL)
		client->next->before = client;
	all->first = client;
	all->count++;
	counters_add(COUNTER_SMB_CONNECTIONS_NOW, 1);
	client->stream = net_stream_new(all->loop, socket, &handler, client);
	if (client->stream == NULL)
		smb_client_end(client);
}

void smb_client_end(struct smb_client *client)
{
	struct smb_clients *all = client->all;

	freshness_forget(all->freshness, &client->pipes.wait);
	net_timer_stop(client->turn);
	net_stream_finish(client->stream);
	smbserver_free(client->smb);
	if (client->before != NULL)
		client->before->next = client->next;
	else
		all->first = client->next;
	if (client->next != NULL)
		client->next->before = client->before;
	free(client);
	all->count--;
	counters_sub(COUNTER_SMB_CONNECTIONS_NOW, 1);
	all->one_left(all->context);
}

void smb_client_end_if_answered(struct smb_client *client)
{
	if (net_stream_unsent(client->stream) == 0 && smb_pipes_are_answered(&client->pipes))
		smb_client_end(client);
}

struct smb_client *smb_client_next(const struct smb_client *client)
{
	return client->next;
}

int64_t smb_client_idle_since_ms(const struct smb_client *client)
{
	return smb_client_has_logged_on(client) ? client->used_ms : client->nobody_since_ms;
}

bool smb_client_has_logged_on(const struct smb_client *client)
{
	for (const struct smbserver_session *s = smbserver_sessions(client->smb); s != NULL;
	     s = smbserver_session_next(s))
		if (smbserver_session_who(s) != NULL)
			return true;
	return false;
}
