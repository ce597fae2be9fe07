/* SPDX-License-Identifier: MIT */
/* Inside the SMB endpoint: what its connections have in common. */
#ifndef DAEMON_SMB_CONNECTIONS_H
#define DAEMON_SMB_CONNECTIONS_H

#include "auth/acceptor.h"
#include "daemon/config_keys.h"
#include "daemon/refresh.h"
#include "net/endpoint.h"
#include "smb2_server/smb2_server.h"
#include "srvsvc/server.h"
#include "system/log.h"

/* What all connections of an endpoint share. */
struct smb_connections {
	struct net_loop *loop;
	struct net_endpoint *endpoint;
	struct srvsvc_server *service;
	struct refresh *refresh;
	struct log_on_queue *log_ons;
	struct ip_network allowed[CONFIG_MAX_NETWORKS], denied[CONFIG_MAX_NETWORKS];
	unsigned allowed_count, denied_count; /* 0 and 0: everybody may connect */
	struct smb2_server_settings smb;
	struct auth_acceptor_settings *acceptor_settings; /* held */
	uint32_t log_on_timeout_s, idle_timeout_s;
	bool sessions_end_with_ticket, sessions_end_with_account;
	struct log_limit log;       /* for lines about closed connections */
	unsigned unlisted_sessions; /* for which the session table had no room */
	struct session_source warnings;
};

#endif
