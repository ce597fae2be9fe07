/* SPDX-License-Identifier: MIT */
/* The computers of an Active Directory domain as the targets of a sweep. */
#ifndef NETSESSION_FLEET_DOMAIN_TARGETS_H
#define NETSESSION_FLEET_DOMAIN_TARGETS_H

#include <stdbool.h>
#include "fleet/target_list.h"
#include "options.h"

/* Whether the options that choose among computers have a --domain to choose from. Returns false
 * after a message. */
bool domain_targets_check(const struct options *options);

/* Adds the computers of --domain, if it is given. Blocks. A name that is no server is reported on
 * stderr and skipped, as a line of --hosts is. Returns false after a message. */
bool domain_targets_add(const struct options *options, struct target_list *targets);

#endif
