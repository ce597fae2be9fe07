/* SPDX-License-Identifier: MIT */
/* The only includer of libsystemd; without that, nobody is told anything and no sockets come. */
#ifndef SYSTEM_SYSTEMD_H
#define SYSTEM_SYSTEMD_H

#include <stdbool.h>
#include "base/err.h"

/* In the form of sd_notify(3). */
void systemd_notify(const char *state);
/* The state of a reload that begins, which carries its time. */
void systemd_notify_reloading(void);

/* Calls take for each listening socket that this process was started with, and its
 * FileDescriptorName=. take returns false for a socket without a use, or with a second one of its
 * name. False: see err; sockets behind the one that cannot be used were not looked at. */
bool systemd_take_sockets(bool (*take)(void *context, const char *name, int socket), void *context,
                          struct err *err);

#endif
