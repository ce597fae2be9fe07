/* SPDX-License-Identifier: MIT */
#include "daemon/smb_session.h"

#include <stdlib.h>
#include <lmshare.h>
#include "daemon/counters.h"
#include "daemon/smb_authentication.h"
#include "smb2/status.h"

/* Windows' name for direct TCP. */
#define TRANSPORT "\\Device\\NetbiosSmb"

/* A session, from the first token of its first log-on. */
struct smb_session {
	struct smb_sessions *of;
	struct smb2_server_session *session;
	struct auth_acceptor *acceptor;            /* of a log-on, between two steps */
	struct smb_authentication *authentication; /* the step that is running */
	uint32_t id;           /* in the session table; 0: the session is not in it */
	bool is_authenticated; /* a user has logged on, and not by a null session */
	bool is_unlisted;      /* because the table had no room */
	int64_t created_ms, used_ms;
	const char *closing_reason; /* why it has to be closed; NULL: it stays open */
};

static struct session_table *smb_sessions_table(const struct smb_sessions *sessions)
{
	return sessions->all->service->table;
}

static int64_t smb_sessions_now_ms(const struct smb_sessions *sessions)
{
	struct srvsvc_server *service = sessions->all->service;

	return service->now_ms(service->context);
}

/* ---- the session table ---- */

static struct session_facts smb_session_facts(const struct smb_session *s)
{
	const struct identity *identity = smb2_server_session_identity(s->session);

	return (struct session_facts){
		.client = s->of->client,
		.user = identity_user(identity),
		.client_type = "", /* [MS-SRVS] 2.2.4.13: since Windows Vista */
		.transport = TRANSPORT,
		.num_opens = smb2_server_session_pipes(s->session),
		.user_flags = identity_is_authenticated(identity) ? 0 : SESS_GUEST,
		.created_ms = s->created_ms,
		.used_ms = s->used_ms,
	};
}

static struct smb_session *smb_session_from_key(uint64_t key)
{
	return (struct smb_session *)(uintptr_t)key;
}

/* Removes a session from the table at once, and ends it at the next turn of its connection. So a
 * session that asks for its own end gets the answer before. Without memory for a turn, the session
 * ends when the client sends something. */
static void smb_session_close(struct smb_session *s, const char *reason)
{
	session_table_remove(smb_sessions_table(s->of), s->id);
	s->id = 0;
	s->closing_reason = reason;
	smb2_server_close_session(s->of->server, s->session);
	(void)net_connection_await_turn(s->of->net);
}

static void smb_session_on_close(void *context, uint64_t key)
{
	(void)context;
	smb_session_close(smb_session_from_key(key), "NetrSessionDel closed its last session");
}

static void smb_session_renumber(void *context, uint64_t key, uint32_t id)
{
	(void)context;
	smb_session_from_key(key)->id = id;
}

static struct session_owner owner = { .close = smb_session_on_close,
	                              .renumbered = smb_session_renumber,
	                              .name = "smb" };

/* ---- log-ons ---- */

void smb_sessions_audit_log_on(struct smb_sessions *sessions, const struct auth_acceptor *acceptor,
                               const struct identity *identity, uint32_t nt)
{
	const char *claim = auth_acceptor_claim(acceptor);
	bool is_refused = nt != STATUS_SUCCESS;
	struct srvsvc_server *service = sessions->all->service;
	const struct srvsvc_event event = {
		.operation = "log-on",
		.identity = identity,
		.address = sessions->net->peer.text,
		.endpoint = "smb",
		.level = -1,
		.user = is_refused && claim[0] != '\0' ? claim : NULL,
		.status = is_refused ? smb2_status_to_win32(nt) : NERR_Success,
		.detail = is_refused ? auth_acceptor_reason(acceptor) : NULL,
	};

	counters_add(is_refused ? COUNTER_LOG_ONS_REFUSED : COUNTER_LOG_ONS, 1);
	service->report(service->context, &event);
}

static void smb_session_on_authenticated(void *context, struct auth_acceptor *acceptor,
                                         const struct smb2_server_authentication *result)
{
	struct smb_session *s = context;
	struct smb_sessions *sessions = s->of;
	bool is_over = result->nt != STATUS_MORE_PROCESSING_REQUIRED;
	uint32_t nt;

	s->authentication = NULL;
	s->acceptor = is_over ? NULL : acceptor;
	nt = smb2_server_authenticated(sessions->server, s->session, result);
	if (is_over) {
		smb_sessions_audit_log_on(sessions, acceptor, result->identity, nt);
		auth_acceptor_free(acceptor);
	}
	sessions->changed(sessions->context);
}

static struct smb_session *smb_session_new(struct smb_sessions *sessions,
                                           struct smb2_server_session *session)
{
	struct smb_session *s = calloc(1, sizeof *s);

	if (s != NULL) {
		s->of = sessions;
		s->session = session;
		smb2_server_session_set_tag(session, s);
	}
	return s;
}

/* Begins a step of a log-on. False: out of memory. */
static bool smb_session_begin_step(struct smb_session *s, const uint8_t *token, size_t bytes)
{
	struct smb_connections *all = s->of->all;
	struct auth_acceptor *acceptor = s->acceptor != NULL
	                                         ? s->acceptor
	                                         : auth_acceptor_new(all->acceptor_settings);

	s->acceptor = NULL;
	if (acceptor != NULL)
		s->authentication = smb_authentication_start(all->log_ons, &s->of->net->peer.source,
		                                             acceptor, token, bytes,
		                                             smb_session_on_authenticated, s);
	return s->authentication != NULL;
}

void smb_sessions_authenticate(struct smb_sessions *sessions, const struct smb2_server_event *e)
{
	static const struct smb2_server_authentication failed = {
		.nt = STATUS_INSUFFICIENT_RESOURCES
	};
	struct smb_session *s = smb2_server_session_tag(e->session);

	if (s == NULL)
		s = smb_session_new(sessions, e->session);
	if (s == NULL || !smb_session_begin_step(s, e->data, e->bytes))
		(void)smb2_server_authenticated(sessions->server, e->session, &failed);
}

/* ---- events of sessions ---- */

void smb_session_established(struct smb_session *s)
{
	struct smb_sessions *sessions = s->of;
	struct session_facts facts;

	s->created_ms = s->used_ms = smb_sessions_now_ms(sessions);
	facts = smb_session_facts(s);
	s->id = session_table_add(smb_sessions_table(sessions), &facts, &owner,
	                          (uint64_t)(uintptr_t)s);
	sessions->all->unlisted_sessions += s->id == 0;
	s->is_unlisted = s->id == 0;
	/* A null session claims no user: the time for a log-on goes on. */
	s->is_authenticated = identity_is_authenticated(smb2_server_session_identity(s->session));
	if (s->is_authenticated && sessions->established++ == 0)
		net_connection_set_open(sessions->net, true);
}

void smb_session_changed(struct smb_session *s)
{
	struct session_facts facts;

	if (s->id == 0)
		return;
	facts = smb_session_facts(s);
	(void)session_table_update(smb_sessions_table(s->of), s->id, &facts);
}

void smb_session_used(struct smb_session *s)
{
	counters_add(COUNTER_SMB_REQUESTS, 1);
	s->used_ms = s->of->used_ms;
	session_table_touch(smb_sessions_table(s->of), s->id, s->used_ms);
}

void smb_session_closed(struct smb_session *s)
{
	struct smb_sessions *sessions = s->of;

	if (s->is_authenticated && --sessions->established == 0)
		net_connection_set_open(sessions->net, false);
	if (s->closing_reason != NULL)
		sessions->closed_reason = s->closing_reason;
	smb_authentication_abandon(s->authentication);
	auth_acceptor_free(s->acceptor);
	session_table_remove(smb_sessions_table(sessions), s->id);
	sessions->all->unlisted_sessions -= s->is_unlisted;
	free(s);
}

void smb_sessions_close_previous(struct smb_sessions *sessions, const struct smb2_server_event *e)
{
	const struct identity *identity = smb2_server_session_identity(e->session);
	struct smb2_server_session *s;

	for (s = smb2_server_sessions(sessions->server); s != NULL; s = smb2_server_session_next(s))
		if (smb2_server_session_id(s) == e->previous_id &&
		    smb2_server_session_identity(s) != NULL &&
		    identity_is_same(smb2_server_session_identity(s), identity))
			smb_session_close(smb2_server_session_tag(s),
			                  "its client has logged on again");
}
