/* SPDX-License-Identifier: MIT */
/* The daemon's doors, all of them: what each one wants of the settings, and how they are opened,
 * changed and shut together. */
#ifndef DAEMON_ENDPOINTS_H
#define DAEMON_ENDPOINTS_H

#include "net/loop.h"
#include "daemon/settings.h"
#include "daemon/activation_sockets.h"
#include "srvsvc/server.h"

struct endpoints;

/* Opens those that settings ask for. One that nobody asked for in so many words may fail: that is
 * logged. Takes the sockets; keeps loop and service. NULL: see fault. */
struct endpoints *endpoints_new(struct net_loop *loop, struct srvsvc_server *service,
                                const struct settings *settings,
                                const struct activation_sockets *sockets,
                                struct config_fault *fault);
/* New settings; where they listen stays as it was. */
void endpoints_configure(struct endpoints *d, const struct settings *settings);
/* Nobody comes in any more. */
void endpoints_drain(struct endpoints *d);
/* Those who are still there. */
unsigned endpoints_connections(const struct endpoints *d);
/* At once. NULL is allowed. */
void endpoints_free(struct endpoints *d);

#endif
