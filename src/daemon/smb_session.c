/* SPDX-License-Identifier: MIT */
#include "daemon/smb_session.h"

#include <stdlib.h>
#include <lmshare.h>
#include "daemon/counters.h"
#include "daemon/smb_authentication.h"
#include "daemon/smb_log_on.h"
#include "smb2/header.h"
#include "smb2/status.h"

/* Windows' name for direct TCP. */
#define TRANSPORT "\\Device\\NetbiosSmb"

/* No timer runs for longer: the clock may have gone on while the computer was asleep. */
#define MAX_TIMER_MS (60 * 1000)

/* A session, from the first token of its first log-on. */
struct smb_session {
	struct smb_sessions *of;
	struct smb2_server_session *session;
	struct auth_acceptor *acceptor;            /* of a log-on, between two steps */
	struct smb_authentication *authentication; /* the step that is running */
	uint32_t id;           /* in the session table; 0: the session is not in it */
	enum counter counter;  /* that counts it; COUNTER_COUNT: none does yet */
	bool is_authenticated; /* a user has logged on, and not by a null session */
	bool is_unlisted;      /* because the table had no room */
	int64_t created_ms, used_ms;
	struct smb_log_on log_on;
	int64_t expired_ms;         /* when the ticket has ended; 0: it has not */
	struct net_timer *timer;    /* for the next of these ends; NULL: there is none */
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
 * session that asks for its own end gets the answer before. */
static void smb_session_close(struct smb_session *s, const char *reason)
{
	session_table_remove(smb_sessions_table(s->of), s->id);
	s->id = 0;
	s->closing_reason = reason;
	smb2_server_close_session(s->of->server, s->session);
	net_connection_await_turn(s->of->net);
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

/* ---- counters by dialect and encryption ---- */

static enum counter smb_session_find_counter(const struct smb_session *s)
{
	static const struct {
		uint16_t dialect;
		enum counter clear, encrypted;
	} rows[] = {
		{ SMB2_DIALECT_202, COUNTER_SMB_2_0_2_CLEAR_NOW, COUNTER_COUNT },
		{ SMB2_DIALECT_210, COUNTER_SMB_2_1_CLEAR_NOW, COUNTER_COUNT },
		{ SMB2_DIALECT_300, COUNTER_SMB_3_0_CLEAR_NOW, COUNTER_SMB_3_0_ENCRYPTED_NOW },
		{ SMB2_DIALECT_302, COUNTER_SMB_3_0_2_CLEAR_NOW, COUNTER_SMB_3_0_2_ENCRYPTED_NOW },
		{ SMB2_DIALECT_311, COUNTER_SMB_3_1_1_CLEAR_NOW, COUNTER_SMB_3_1_1_ENCRYPTED_NOW },
	};
	uint16_t dialect = smb2_server_dialect(s->of->server);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].dialect == dialect)
			return smb2_server_session_is_encrypted(s->session) ? rows[i].encrypted
			                                                    : rows[i].clear;
	return COUNTER_COUNT;
}

/* Counts the session by counter, and no longer by another one; COUNTER_COUNT: by none. */
static void smb_session_set_counter(struct smb_session *s, enum counter counter)
{
	if (s->counter == counter)
		return;
	if (s->counter != COUNTER_COUNT)
		counters_sub(s->counter, 1);
	if (counter != COUNTER_COUNT)
		counters_add(counter, 1);
	s->counter = counter;
}

/* ---- the end of a log-on ---- */

/* Audits what happens to a session by itself. */
static void smb_session_audit(struct smb_session *s, const char *operation, const char *detail)
{
	struct srvsvc_server *service = s->of->all->service;
	const struct srvsvc_event event = {
		.operation = operation,
		.identity = smb2_server_session_identity(s->session),
		.address = s->of->net->peer.text,
		.endpoint = "smb",
		.level = -1,
		.status = NERR_Success,
		.detail = detail,
	};

	service->report(service->context, &event);
}

/* When the session expires, or is closed because it has expired; SMB_LOG_ON_HAS_NO_END: never. */
static int64_t smb_session_due_ms(const struct smb_session *s)
{
	const struct smb_connections *all = s->of->all;

	if (s->expired_ms != 0)
		return s->expired_ms + (int64_t)all->log_on_timeout_s * 1000;
	return smb_log_on_end_ms(all, &s->log_on);
}

static void smb_session_on_timer(void *context);

/* Without memory for a timer, the next request finds out what is due. */
static void smb_session_await_end(struct smb_session *s)
{
	int64_t due_ms = smb_session_due_ms(s), after_ms;

	net_timer_stop(s->timer);
	s->timer = NULL;
	if (due_ms == SMB_LOG_ON_HAS_NO_END || s->closing_reason != NULL)
		return;
	after_ms = due_ms - smb_sessions_now_ms(s->of);
	if (after_ms < 1)
		after_ms = 1;
	if (after_ms > MAX_TIMER_MS)
		after_ms = MAX_TIMER_MS;
	s->timer = net_timer_start(s->of->all->loop, (uint32_t)after_ms, smb_session_on_timer, s);
}

/* [MS-SMB2] 3.3.6.3 lets an expired session stay. Here its client has as long to authenticate again
 * as a new client has, so that nothing of an old ticket lives on. */
static void smb_session_end_due(struct smb_session *s)
{
	int64_t now_ms = smb_sessions_now_ms(s->of);

	if (s->closing_reason != NULL || smb_session_due_ms(s) > now_ms)
		return;
	if (s->expired_ms == 0) {
		s->expired_ms = now_ms;
		smb2_server_expire_session(s->of->server, s->session);
		counters_add(COUNTER_SESSIONS_EXPIRED, 1);
		smb_session_audit(s, "session-expired", "the Kerberos ticket has ended");
	} else {
		smb_session_audit(s, "session-closed",
		                  "no reauthentication within log_on_timeout_s");
		smb_session_close(s, "no reauthentication within log_on_timeout_s after the "
		                     "Kerberos ticket has ended");
	}
}

static void smb_session_on_timer(void *context)
{
	struct smb_session *s = context;

	smb_session_end_due(s);
	smb_session_await_end(s);
}

void smb_sessions_expire_due(struct smb_sessions *sessions)
{
	struct smb2_server_session *each = smb2_server_sessions(sessions->server);

	for (; each != NULL; each = smb2_server_session_next(each))
		if (smb2_server_session_identity(each) != NULL)
			smb_session_end_due(smb2_server_session_tag(each));
}

void smb_sessions_judge(struct smb_sessions *sessions, const struct auth_acceptor_settings *former)
{
	struct smb2_server_session *each = smb2_server_sessions(sessions->server);

	for (; each != NULL; each = smb2_server_session_next(each)) {
		const struct identity *who = smb2_server_session_identity(each);
		struct smb_session *s = smb2_server_session_tag(each);

		if (who == NULL || s->closing_reason != NULL)
			continue;
		if (!smb_log_on_is_kept(sessions->all, &s->log_on, former, who)) {
			counters_add(COUNTER_SESSIONS_REVOKED, 1);
			smb_session_audit(s, "session-closed",
			                  "the new configuration does not accept the log-on");
			smb_session_close(s, "the new configuration does not accept its log-on");
		}
		smb_session_await_end(s);
	}
}

/* Begins the time of a log-on, which is the first one or a reauthentication. */
static void smb_session_begin_log_on(struct smb_session *s)
{
	s->log_on = smb_log_on_of(s->of->all, s->acceptor);
	s->expired_ms = 0;
	smb_session_await_end(s);
}

/* ---- log-ons ---- */

void smb_sessions_audit_log_on(struct smb_sessions *sessions, const char *operation,
                               const struct auth_acceptor *acceptor,
                               const struct identity *identity, uint32_t nt)
{
	const char *claim = auth_acceptor_claim(acceptor);
	bool is_refused = nt != STATUS_SUCCESS;
	struct srvsvc_server *service = sessions->all->service;
	const struct srvsvc_event event = {
		.operation = operation,
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
	struct smb2_server_authentication judged = *result;
	bool is_first = smb2_server_session_identity(s->session) == NULL;

	judged.nt = smb_log_on_judge_step(sessions->all, acceptor, result);
	s->authentication = NULL;
	s->acceptor = acceptor;
	judged.nt = smb2_server_authenticated(sessions->server, s->session, &judged);
	if (judged.nt == STATUS_SUCCESS)
		smb_session_begin_log_on(s);
	if (judged.nt != STATUS_MORE_PROCESSING_REQUIRED) {
		smb_sessions_audit_log_on(sessions, is_first ? "log-on" : "reauthentication",
		                          acceptor, result->identity, judged.nt);
		auth_acceptor_free(acceptor);
		s->acceptor = NULL;
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
		s->counter = COUNTER_COUNT;
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

/* From now on the account pays for what the connection does. */
static void smb_sessions_set_usage(struct smb_sessions *sessions, struct identity *identity)
{
	sessions->usage = account_usage_hold(identity);
	if (sessions->usage != NULL)
		net_connection_set_turn_group(sessions->net, &sessions->usage->turns);
}

void smb_session_established(struct smb_session *s)
{
	struct smb_sessions *sessions = s->of;
	struct session_facts facts;

	s->created_ms = s->used_ms = smb_sessions_now_ms(sessions);
	facts = smb_session_facts(s);
	s->id = session_table_add(smb_sessions_table(sessions), &facts, &owner,
	                          (uint64_t)(uintptr_t)s);
	smb_session_set_counter(s, smb_session_find_counter(s));
	sessions->all->unlisted_sessions += s->id == 0;
	s->is_unlisted = s->id == 0;
	/* A null session claims no user: the time for a log-on goes on. */
	s->is_authenticated = identity_is_authenticated(smb2_server_session_identity(s->session));
	if (s->is_authenticated && sessions->usage == NULL)
		smb_sessions_set_usage(sessions, smb2_server_session_identity(s->session));
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
	smb_session_set_counter(s, smb_session_find_counter(s));
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
	smb_session_set_counter(s, COUNTER_COUNT);
	net_timer_stop(s->timer);
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
