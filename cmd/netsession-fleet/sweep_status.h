/* SPDX-License-Identifier: MIT */
/* netsession sweep status: how the sweeps of a store stand. */
#ifndef NETSESSION_SWEEP_STATUS_H
#define NETSESSION_SWEEP_STATUS_H

#include <stdbool.h>
#include "options.h"

/* Whether the operands of sweep ask for the status, and not for a host of this name. */
bool sweep_status_is_meant(const struct options *options);

/* Returns an exit code. */
int sweep_status_show(const struct options *options);

#endif
