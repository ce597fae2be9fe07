/* SPDX-License-Identifier: MIT */
/* Inside the SMB endpoint: the sessions of a connection, from the first token of their log-ons to
 * their rows in the session table. */
#ifndef DAEMON_SMB_SESSION_H
#define DAEMON_SMB_SESSION_H

#include "daemon/account_usage.h"
#include "daemon/smb_connections.h"

struct smb_session;

/* All sessions of a connection. Keeps what is named here. */
struct smb_sessions {
	struct smb_connections *all;
	struct net_connection *net;
	struct smb2_server *server;
	/* A step of a log-on has ended: there may be events of the SMB2 server. Called last, since
	 * it may end the connection. */
	void (*changed)(void *context);
	void *context;
	char client[NET_PEER_TEXT_BYTES + 2]; /* \\address */
	int64_t used_ms;                      /* when the last bytes were received */
	unsigned established;                 /* number of sessions of authenticated users */
	const char *closed_reason;            /* why a session was closed; NULL: none was */
	/* Held by the connection: of the first user who has logged on; NULL: nobody has. */
	struct account_usage *usage;
};

/* Begins a step of a log-on: SMB2_SERVER_AUTHENTICATE. */
void smb_sessions_authenticate(struct smb_sessions *sessions, const struct smb2_server_event *e);
/* The other events of a session. After smb_session_closed, s is freed. */
void smb_session_established(struct smb_session *s);
void smb_session_changed(struct smb_session *s);
void smb_session_used(struct smb_session *s);
void smb_session_closed(struct smb_session *s);

/* Expires the sessions whose Kerberos tickets have ended. To be called before a request is put into
 * the server. */
void smb_sessions_expire_due(struct smb_sessions *sessions);
/* Closes the sessions whose log-ons the settings of the acceptor do not accept any more; former are
 * those before a reload. */
void smb_sessions_judge(struct smb_sessions *sessions, const struct auth_acceptor_settings *former);

/* Closes the previous session of a client, which the event names, if the connection has it. */
void smb_sessions_close_previous(struct smb_sessions *sessions, const struct smb2_server_event *e);

/* Counts and audits a log-on that has ended, by SMB or by RPC: operation is "log-on" or
 * "reauthentication". */
void smb_sessions_audit_log_on(struct smb_sessions *sessions, const char *operation,
                               const struct auth_acceptor *acceptor,
                               const struct identity *identity, uint32_t nt);

#endif
