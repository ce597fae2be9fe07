/* SPDX-License-Identifier: MIT */
/* Parts of netsession_diagnose that wait for a server: its addresses, and what it offers. */
#ifndef CLIENT_PROBE_H
#define CLIENT_PROBE_H

#include "base/err.h"
#include "client/server_name.h"
#include "net/address.h"
#include "smb2/negotiate.h"

/* Sends NEGOTIATE and waits for the reply, without a log-on. dialect: the only one to offer; 0: all
 * of them. Gives *response. Returns 0, or what stands in err. */
NET_API_STATUS probe_server(const struct net_addresses *addresses, const struct server_name *server,
                            uint16_t dialect, uint32_t timeout_ms,
                            struct smb2_negotiate_response *response, struct err *err);

/* Asks in SMB1 whether the server knows SMB2. Returns ERROR_SMB1_NOT_AVAILABLE if it knows SMB1
 * alone, or what else stands in err; never 0. */
NET_API_STATUS probe_smb1(const struct net_addresses *addresses, const struct server_name *server,
                          uint32_t timeout_ms, struct err *err);

/* Looks up all addresses of a host; wins is as for resolve_start. Returns 0, or what stands in err.
 */
NET_API_STATUS probe_addresses(const char *host, uint16_t port, const char *wins,
                               uint32_t timeout_ms, struct net_addresses *addresses,
                               struct err *err);

#endif
