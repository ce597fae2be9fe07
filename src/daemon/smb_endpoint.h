/* SPDX-License-Identifier: MIT */
/* The SMB endpoint. Remote clients log on and open the pipe srvsvc of IPC$. Their own sessions are
 * in the session table, too. */
#ifndef DAEMON_SMB_ENDPOINT_H
#define DAEMON_SMB_ENDPOINT_H

#include "auth/acceptor.h"
#include "base/err.h"
#include "net/address.h"
#include "net/loop.h"
#include "daemon/refresh.h"
#include "srvsvc/server.h"
#include "smb2_server/smb2_server.h"

#define SMB_ENDPOINT_MAX_LISTENERS 16

struct smb_endpoint_settings {
	/* Where the endpoint listens: at the sockets, which are taken, or else at the addresses. */
	union net_address addresses[SMB_ENDPOINT_MAX_LISTENERS];
	unsigned address_count;
	int sockets[SMB_ENDPOINT_MAX_LISTENERS];
	unsigned socket_count;

	/* Bounds of the endpoint, see net/endpoint.h. An address is an IPv4 address or an IPv6
	 * network of 64 bits. */
	unsigned max_connections, max_of_address;
	unsigned max_unauthenticated, max_unauthenticated_of_address;
	/* After how long a connection without a log-on is closed, [MS-SMB2] 3.3.6.3, and one with a
	 * log-on from which nothing was received. */
	uint32_t log_on_timeout_s, idle_timeout_s;
	enum smb2_server_encryption encryption;
	uint16_t least_dialect;               /* 0x0202 and later ones: of SMB2_DIALECT_* */
	const char *hosts_allow, *hosts_deny; /* as config_networks reads them; borrowed */
	struct auth_acceptor_settings *acceptor_settings; /* held */
	/* Whether sessions expire with their Kerberos tickets, and are closed by
	 * smb_endpoint_configure where their log-on would not succeed any more. */
	bool sessions_end_with_ticket, sessions_end_with_account;
};

struct smb_endpoint;

/* Begins to listen. Keeps loop, service and refresh. NULL: see err. */
struct smb_endpoint *smb_endpoint_new(struct net_loop *loop, struct srvsvc_server *service,
                                      struct refresh *refresh,
                                      const struct smb_endpoint_settings *settings,
                                      struct err *err);
/* Applies new settings to later connections and log-ons, and judges the sessions that exist by
 * them. Addresses and sockets stay as they are. */
void smb_endpoint_configure(struct smb_endpoint *e, const struct smb_endpoint_settings *settings);
/* Stops listening, and closes each connection when it has got all answers. */
void smb_endpoint_drain(struct smb_endpoint *e);
/* How many connections there are. */
unsigned smb_endpoint_connections(const struct smb_endpoint *e);
/* Closes every connection at once. NULL is allowed. */
void smb_endpoint_free(struct smb_endpoint *e);

#endif
