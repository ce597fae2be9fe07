/* SPDX-License-Identifier: MIT */
/* The daemon's endpoints: SMB, local and publish. They are opened, configured, drained and freed
 * together. */
#ifndef DAEMON_ENDPOINTS_H
#define DAEMON_ENDPOINTS_H

#include "base/err.h"
#include "daemon/settings.h"
#include "net/loop.h"
#include "srvsvc/server.h"

struct endpoints;

/* Opens the endpoints that the settings ask for, at sockets that systemd handed over or at those of
 * the configuration. A Unix socket that is there by default only may fail, which is logged. Keeps
 * loop and service. NULL: see err. */
struct endpoints *endpoints_new(struct net_loop *loop, struct srvsvc_server *service,
                                const struct settings *settings, struct err *err);
/* Applies new settings; the sockets stay as they were. */
void endpoints_configure(struct endpoints *d, const struct settings *settings);
/* Accepts no more connections, and closes each one when it has been answered. */
void endpoints_drain(struct endpoints *d);
/* How many connections there are. */
unsigned endpoints_connections(const struct endpoints *d);
/* What waits for publishers before the table is read. */
struct refresh *endpoints_refresh(struct endpoints *d);
/* Closes all at once. NULL is allowed. */
void endpoints_free(struct endpoints *d);

#endif
