/* SPDX-License-Identifier: MIT */
/* What a daemon has from its system: systemd's notifications and sockets, and file descriptors.
 * systemd.c alone includes libsystemd. Without that library nothing is notified, and there are no
 * sockets. */
#ifndef SYSTEM_SYSTEMD_H
#define SYSTEM_SYSTEMD_H

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"

/* In the form of sd_notify(3). */
void systemd_notify(const char *state);
/* The state of a reload that begins, with its time. */
void systemd_notify_reloading(void);

/* Calls take for each listening socket that this process was started with, and its
 * FileDescriptorName=. take returns false for a socket without a use, or with a second one of its
 * name. False: see err; sockets behind the one that cannot be used were not looked at. */
bool systemd_take_sockets(bool (*take)(void *context, const char *name, int socket), void *context,
                          struct err *err);

/* Lets this process have as many file descriptors as the system allows, and warns if those are
 * fewer than wanted. what: the reason, such as "--max-pipes needs". Returns how many of the wanted
 * descriptors the system allows. */
uint64_t descriptors_raise(uint64_t wanted, const char *what);

/* Keeps the memory and the open files of this process from other processes of the same user, and
 * from core dumps: they have keys and NT hashes. root still sees them. */
void process_hide_secrets(void);

#endif
