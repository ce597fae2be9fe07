/* SPDX-License-Identifier: MIT */
/* The progress of a sweep, as a line on a terminal that is written anew all the time. */
#ifndef NETSESSION_PROGRESS_H
#define NETSESSION_PROGRESS_H

#include "fleet/sweep.h"

struct progress {
	bool is_shown; /* standard error is a terminal */
	size_t width;  /* of the line that is on it */
	int64_t began_ms;
};

void progress_begin(struct progress *p, bool is_wanted);
void progress_show(struct progress *p, const struct sweep_counts *counts);
/* Takes the line away, so that something else can be written. */
void progress_clear(struct progress *p);
double progress_seconds(const struct progress *p);

#endif
