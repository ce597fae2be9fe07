/* SPDX-License-Identifier: MIT */
/* netsessiond: settings, endpoints, signals. */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include "daemon/options.h"

/* Serves until a signal ends it, or checks the configuration. Returns the exit status: 0; 1 if the
 * configuration is wrong or the daemon could not start, after a message on stderr. */
int daemon_run(const struct daemon_options *options);

#endif
