/* SPDX-License-Identifier: MIT */
/* sweep --every */
#ifndef NETSESSION_SWEEP_REPEAT_H
#define NETSESSION_SWEEP_REPEAT_H

#include <stdbool.h>
#include <stdint.h>

/* Calls run at once and every so many seconds, until a signal or until it says that it must not be
 * repeated. A turn that comes while run is still at work is left out. Returns the exit code of the
 * last run. */
int sweep_repeat(int64_t every_s, int (*run)(void *context, bool *must_end), void *context);

#endif
