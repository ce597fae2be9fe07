/* SPDX-License-Identifier: MIT */
/* The daemon's doors, all of them: what each one wants of the settings, and how they are opened,
 * changed and shut together. */
#ifndef SERVER_DOORS_H
#define SERVER_DOORS_H

#include "net/loop.h"
#include "server/settings.h"
#include "server/handed_sockets.h"
#include "service/service.h"

struct doors;

/* Opens those that settings ask for. One that nobody asked for in so many words may fail: that is
 * logged. Takes the sockets; keeps loop and service. NULL: see fault. */
struct doors *doors_new(struct net_loop *loop, struct service *service,
                        const struct settings *settings, const struct handed_sockets *sockets,
                        struct config_fault *fault);
/* New settings; where they listen stays as it was. */
void doors_configure(struct doors *d, const struct settings *settings);
/* Nobody comes in any more. */
void doors_drain(struct doors *d);
/* Those who are still there. */
unsigned doors_connections(const struct doors *d);
/* At once. NULL is allowed. */
void doors_free(struct doors *d);

#endif
