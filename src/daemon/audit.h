/* SPDX-License-Identifier: MIT */
/* The audit log: who requested what, and the outcome, as one JSON object a line. */
#ifndef DAEMON_AUDIT_H
#define DAEMON_AUDIT_H

#include <stdbool.h>
#include "base/err.h"
#include "srvsvc/server.h"

struct audit;

/* Opens path for appending, and creates it for its owner and group only; "-" is standard output:
 * where that is the journal, lines are entries with fields. NULL: see err. */
struct audit *audit_new(const char *path, struct err *err);
/* Whether path could be opened, without creating it. False: see err. */
bool audit_check(const char *path, struct err *err);
/* Of refusals that repeat within a minute, the first five have a line each, and one line counts the
 * others, see audit_repeats.h. Never waits for a reader: a line that cannot be written at once is
 * lost, and counted. */
void audit_write(struct audit *a, const struct srvsvc_event *event);
/* NULL is allowed. */
void audit_free(struct audit *a);

#endif
