/* SPDX-License-Identifier: MIT */
/* What all commands that sweep have in common. */
#ifndef NETSESSION_SWEEP_SETUP_H
#define NETSESSION_SWEEP_SETUP_H

#include "fleet/sweep.h"
#include "options.h"

/* Makes settings of the options, which they borrow from, and raises the limit of open files.
 * Returns false after a message: the limit has no room for so many hosts. */
bool sweep_setup_settings(const struct options *options, struct netsession_credentials *credentials,
                          struct sweep_settings *settings);

/* Catches the first SIGINT or SIGTERM only: a second one ends the program at once. */
void sweep_setup_catch_signals(void);
bool sweep_setup_is_interrupted(void);

/* Writes to stderr why the sweep has ended, unless it has finished or was stopped. */
void sweep_setup_print_end(enum sweep_end end, const struct sweep_counts *counts);

/* Writes to stderr how many hosts have each outcome. */
void sweep_setup_print_outcomes(const struct sweep_counts *counts);

#endif
