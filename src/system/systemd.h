/* SPDX-License-Identifier: MIT */
/* The only includer of libsystemd; without that, nobody is told anything and no sockets come. */
#ifndef SYSTEM_SYSTEMD_H
#define SYSTEM_SYSTEMD_H

#include <stdbool.h>

/* In the form of sd_notify(3). */
void systemd_notify(const char *state);
/* The state of a reload that begins, which carries its time. */
void systemd_notify_reloading(void);

/* Gives those sockets that this process was started with, which listen already, each with its
 * FileDescriptorName=. take returns whether there is a use for it. False, and *why (static text):
 * one of them cannot be used; those behind it were not looked at. */
bool systemd_take_sockets(bool (*take)(void *context, const char *name, int socket), void *context,
                          const char **why);

#endif
