/* SPDX-License-Identifier: MIT */
/* One NEGOTIATE with a server, and no log-on: what it offers. Waited for. */
#ifndef CLIENT_PROBE_H
#define CLIENT_PROBE_H

#include "base/err.h"
#include "net/address.h"
#include "smb2/negotiate.h"

/* dialect: the only one to offer; 0: all of them. Gives *response. Returns 0, or what stands in
 * err. */
NET_API_STATUS probe_server(const struct net_addresses *addresses, const char *host,
                            uint16_t dialect, uint32_t timeout_ms,
                            struct smb2_negotiate_response *response, struct err *err);

/* All addresses of a host; wins as for resolve_start. Waited for. Returns 0, or what stands in err.
 */
NET_API_STATUS probe_addresses(const char *host, uint16_t port, const char *wins,
                               uint32_t timeout_ms, struct net_addresses *addresses,
                               struct err *err);

#endif
