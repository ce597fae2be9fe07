/* SPDX-License-Identifier: MIT */
/* The command "run": the relay and the feed, until it is told to end. */
#ifndef SAMBA_DAEMON_H
#define SAMBA_DAEMON_H

#include "samba/options.h"

/* Returns the exit status. */
int samba_run(const struct samba_options *options);

#endif
