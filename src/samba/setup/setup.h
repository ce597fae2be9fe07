/* SPDX-License-Identifier: MIT */
/* The commands of netsession-samba, beside "run". */
#ifndef SAMBA_SETUP_SETUP_H
#define SAMBA_SETUP_SETUP_H

#include "samba/daemon.h"

/* Exit statuses; 2 is wrong usage. */
enum { SETUP_DONE = 0, SETUP_FAILED = 1, SETUP_NOT_RUNNING = 3 };

/* Each writes to stdout what it found or did, and to stderr why it failed. Returns one of them. */
int setup_check(const struct samba_options *options);
int setup_enable(const struct samba_options *options);
int setup_disable(const struct samba_options *options);
int setup_status(const struct samba_options *options);
int setup_release(const struct samba_options *options);

#endif
